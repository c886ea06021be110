package journal

import (
	"net/http"
	"net/url"
	"strings"
	"time"
)

// HAR is an HTTP archive 1.2, which browsers and many tools open.
// doc: http://www.softwareishard.com/blog/har-12-spec/
type HAR struct {
	Log harLog `json:"log"`
}

type harLog struct {
	Version string     `json:"version"`
	Creator harCreator `json:"creator"`
	Entries []harEntry `json:"entries"`
}

type harCreator struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

type harEntry struct {
	Started  time.Time   `json:"startedDateTime"`
	Time     float64     `json:"time"` // ms
	Request  harRequest  `json:"request"`
	Response harResponse `json:"response"`
	Cache    struct{}    `json:"cache"`
	Timings  harTimings  `json:"timings"`
	Comment  string      `json:"comment,omitempty"`
}

type harRequest struct {
	Method      string    `json:"method"`
	URL         string    `json:"url"`
	HTTPVersion string    `json:"httpVersion"`
	Cookies     []Header  `json:"cookies"`
	Headers     []Header  `json:"headers"`
	Query       []Header  `json:"queryString"`
	PostData    *harPosts `json:"postData,omitempty"`
	HeadersSize int       `json:"headersSize"`
	BodySize    int       `json:"bodySize"`
}

type harPosts struct {
	MimeType string   `json:"mimeType"`
	Params   []Header `json:"params"`
	Text     string   `json:"text"`
	Comment  string   `json:"comment,omitempty"`
}

type harResponse struct {
	Status      int        `json:"status"`
	StatusText  string     `json:"statusText"`
	HTTPVersion string     `json:"httpVersion"`
	Cookies     []Header   `json:"cookies"`
	Headers     []Header   `json:"headers"`
	Content     harContent `json:"content"`
	RedirectURL string     `json:"redirectURL"`
	HeadersSize int        `json:"headersSize"`
	BodySize    int        `json:"bodySize"`
}

type harContent struct {
	Size     int    `json:"size"`
	MimeType string `json:"mimeType"`
	Text     string `json:"text,omitempty"`
	Comment  string `json:"comment,omitempty"`
}

type harTimings struct {
	Send    float64 `json:"send"`
	Wait    float64 `json:"wait"`
	Receive float64 `json:"receive"`
}

// Archive returns the entries that a query chooses as a HAR of a program in a version.
func (j *Journal) Archive(q Query, program, version string) HAR {
	archive := HAR{Log: harLog{
		Version: "1.2", Creator: harCreator{Name: program, Version: version}, Entries: []harEntry{},
	}}
	for _, k := range j.find(q) {
		archive.Log.Entries = append(archive.Log.Entries, k.archived())
	}
	return archive
}

func (k *kept) archived() harEntry {
	e := k.entry()
	const unknown = -1
	h := harEntry{
		Started: e.Time, Time: e.DurationMS, Timings: harTimings{Wait: e.DurationMS}, Comment: comment(e),
		Request: harRequest{
			Method: e.Method, URL: "http://" + k.Host + e.Path, HTTPVersion: k.Proto, Cookies: []Header{},
			Headers: e.Request.Headers, Query: queryOf(e.Path), HeadersSize: unknown, BodySize: e.Request.Size,
		},
		Response: harResponse{
			Status: e.Status, StatusText: http.StatusText(e.Status), HTTPVersion: k.Proto, Cookies: []Header{},
			Headers: e.Answer.Headers, HeadersSize: unknown, BodySize: e.Answer.Size,
			Content: harContent{
				Size: e.Answer.Size, MimeType: valueOf(e.Answer.Headers, "Content-Type"), Text: string(e.Answer.Body),
				Comment: e.Answer.Note,
			},
		},
	}
	if e.Request.Size > 0 || e.Request.Note != "" {
		h.Request.PostData = &harPosts{
			MimeType: valueOf(e.Request.Headers, "Content-Type"), Params: []Header{}, Text: string(e.Request.Body),
			Comment: e.Request.Note,
		}
	}
	return h
}

// comment says in words what an archive has no place for.
func comment(e Entry) string {
	var said []string
	for _, pair := range [][2]string{
		{"operation ", e.Operation},
		{"no operation matched, the nearest is ", e.Nearest},
		{"task ", e.Task},
		{"injected ", e.Fault},
		{"idempotency key ", e.Idempotency},
		{"", e.Code},
		{"API key ", e.Key},
	} {
		if pair[1] != "" {
			said = append(said, pair[0]+pair[1])
		}
	}
	return strings.Join(append(said, e.Normalised...), "; ")
}

func queryOf(path string) []Header {
	list := []Header{}
	_, query, _ := strings.Cut(path, "?")
	for pair := range strings.SplitSeq(query, "&") {
		name, value, _ := strings.Cut(pair, "=")
		if name == "" {
			continue
		}
		for _, text := range []*string{&name, &value} {
			if plain, err := url.QueryUnescape(*text); err == nil {
				*text = plain
			}
		}
		list = append(list, Header{Name: name, Value: value})
	}
	return list
}

func valueOf(headers []Header, name string) string {
	for _, h := range headers {
		if h.Name == name {
			return h.Value
		}
	}
	return ""
}
