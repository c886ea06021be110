package api

import (
	"maps"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// maxWait is how long an answer may wait at a client's wish: less than the server's time-outs.
const maxWait = 25 * time.Second

// wished returns how long a client wants an answer to wait, as the preference wait of RFC 7240 says it in seconds, and
// no longer than maxWait; nil: it says nothing that could be read. Of several the first one counts.
func wished(r *http.Request) *time.Duration {
	for _, line := range r.Header.Values("Prefer") {
		for preference := range strings.SplitSeq(line, ",") {
			token, _, _ := strings.Cut(preference, ";") // wait has no parameters
			name, value, _ := strings.Cut(token, "=")
			if !strings.EqualFold(strings.TrimSpace(name), "wait") {
				continue
			}
			seconds, err := strconv.ParseUint(strings.Trim(strings.TrimSpace(value), `"`), 10, 31)
			if err != nil {
				return nil
			}
			return new(min(time.Duration(seconds)*time.Second, maxWait))
		}
	}
	return nil
}

// applied says in an answer how long it was ready to wait.
func applied(rep reply, wait time.Duration) reply {
	header := map[string]string{"Preference-Applied": "wait=" + strconv.Itoa(int(wait/time.Second)), "Vary": "Prefer"}
	maps.Copy(header, rep.header)
	rep.header = header
	return rep
}
