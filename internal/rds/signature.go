package rds

import (
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/lazy"
)

// The only algorithm whose signatures are checked, and what it reads of a request. doc: ak-sk-authentication
const (
	algorithm       = "SDK-HMAC-SHA256"
	headerDate      = "X-Sdk-Date"
	formatDate      = "20060102T150405Z"
	headerHash      = "X-Sdk-Content-Sha256"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// signature is what a client says of the one it has made.
type signature struct {
	access  string   // the key whose secret it is made with
	headers []string // that are signed, in lower case
	sum     []byte
}

var signatureSyntax = lazy.Regexp(
	`^` + algorithm + ` +Access=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})$`)

// readSignature reads the header Authorization. Its error is a Problem.
func readSignature(authorization string) (s signature, err error) {
	found := signatureSyntax().FindStringSubmatch(authorization)
	if found == nil {
		return s, refused("The header Authorization must be %s Access=…, SignedHeaders=…, Signature=….", algorithm)
	}
	s.access, s.headers = found[1], strings.Split(found[2], ";")
	if s.sum, err = hex.DecodeString(found[3]); err != nil {
		return s, refused("The signature is not hexadecimal.")
	}
	if !slices.Contains(s.headers, strings.ToLower(headerDate)) {
		return s, refused("The header %s must be signed.", headerDate)
	}
	return s, nil
}

// message is what was signed of a request. Its error is a Problem.
func (s signature) message(r *http.Request, body []byte) ([]byte, error) {
	date := r.Header.Get(headerDate)
	if _, err := time.Parse(formatDate, date); err != nil {
		return nil, refused("The header %s must be a time like %s.", headerDate, formatDate)
	}
	sum := sha256.Sum256(body)
	hash := hex.EncodeToString(sum[:])
	if said := r.Header.Get(headerHash); said != "" && !strings.EqualFold(said, hash) && said != unsignedPayload {
		return nil, refused("The header %s is not the hash of the body.", headerHash)
	} else if said != "" {
		hash = said
	}
	canonical := sha256.Sum256([]byte(strings.Join([]string{
		r.Method, canonicalPath(r), canonicalQuery(r), s.canonicalHeaders(r), strings.Join(s.headers, ";"), hash,
	}, "\n")))
	return []byte(algorithm + "\n" + date + "\n" + hex.EncodeToString(canonical[:])), nil
}

// canonicalPath is the path as it was sent, each segment escaped anew, with a slash at its end.
func canonicalPath(r *http.Request) string {
	segments := strings.Split(strings.TrimSuffix(api.SentPath(r), "/"), "/")
	for i, segment := range segments {
		if plain, err := url.PathUnescape(segment); err == nil {
			segments[i] = escape(plain)
		}
	}
	return strings.Join(segments, "/") + "/"
}

// canonicalQuery has the parameters by name and value.
func canonicalQuery(r *http.Request) string {
	query := r.URL.Query()
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		for _, value := range slices.Sorted(slices.Values(query[name])) {
			pairs = append(pairs, escape(name)+"="+escape(value))
		}
	}
	return strings.Join(pairs, "&")
}

// canonicalHeaders has a line for each value of what is signed.
func (s signature) canonicalHeaders(r *http.Request) string {
	var lines strings.Builder
	for _, name := range s.headers {
		values := r.Header.Values(name)
		if name == "host" { // Go keeps it apart
			values = []string{r.Host}
		}
		for _, value := range slices.Sorted(slices.Values(values)) {
			lines.WriteString(name + ":" + strings.TrimSpace(value) + "\n")
		}
	}
	return lines.String()
}

// escape writes everything but letters, digits and -_.~ as %XX.
func escape(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }
