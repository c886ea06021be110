package idempotency_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/idempotency"
)

// D-7: what makes two requests the same, and what does not.
func TestD7Fingerprint(t *testing.T) {
	t.Parallel()
	fingerprint := func(method, target, body string) []byte {
		u, err := url.Parse(target)
		if err != nil {
			t.Fatal(err)
		}
		return idempotency.Fingerprint([]byte("secret"), method, u, []byte(body))
	}
	const target, body = "/v1/things?b=2&a=1&a=0", `{"name":"x","size":1.50,"list":[1,2],"in":{"a":null,"b":true}}`
	first := fingerprint("POST", target, body)
	for name, same := range map[string][]byte{
		"members": fingerprint("POST", target,
			` {"in":{"b":true,"a":null}, "list":[1, 2],`+"\n"+`"size":1.50,"name":"x"}`),
		"query order": fingerprint("POST", "/v1/things?a=1&b=2&a=0", body),
		"escapes":     fingerprint("POST", target, strings.Replace(body, "x", `\u0078`, 1)),
	} {
		if !bytes.Equal(same, first) {
			t.Errorf("%s make a difference", name)
		}
	}
	for name, other := range map[string][]byte{
		"method":        fingerprint("PUT", target, body),
		"path":          fingerprint("POST", strings.Replace(target, "things", "thing", 1), body),
		"escaped path":  fingerprint("POST", strings.Replace(target, "things", "thi%2Fngs", 1), body),
		"query":         fingerprint("POST", target+"&c=", body),
		"repeated":      fingerprint("POST", "/v1/things?b=2&a=0&a=1", body),
		"number":        fingerprint("POST", target, strings.Replace(body, "1.50", "1.5", 1)),
		"order of list": fingerprint("POST", target, strings.Replace(body, "1,2", "2,1", 1)),
		"case":          fingerprint("POST", target, strings.Replace(body, "name", "Name", 1)),
		"null":          fingerprint("POST", target, strings.Replace(body, `"a":null,`, "", 1)),
		"more behind":   fingerprint("POST", target, body+"}"),
		"nothing":       fingerprint("POST", target, ""),
		"not JSON":      fingerprint("POST", target, body[1:]),
	} {
		if bytes.Equal(other, first) {
			t.Errorf("%s makes no difference", name)
		}
	}
	u := &url.URL{Path: "/v1/things"}
	if bytes.Equal(idempotency.Fingerprint([]byte("one"), "POST", u, nil),
		idempotency.Fingerprint([]byte("two"), "POST", u, nil)) {
		t.Error("the secret makes no difference")
	}
}

// C-3, R-2: a header counts when it is there, empty or not; it is valid when it is
// there once.
func TestC3R2Of(t *testing.T) {
	t.Parallel()
	const uuid = "46436810-d999-454c-bd85-e515fd258600"
	key, token := idempotency.Key(), idempotency.ClientToken()
	for _, test := range []struct {
		scheme       *idempotency.Scheme
		lines        []string
		given, valid bool
	}{
		{key, nil, false, false},
		{key, []string{""}, true, false},
		{key, []string{"12345678"}, true, true},
		{key, []string{"1234567\n"}, true, false},
		{key, []string{"12345678\n"}, true, false},
		{key, []string{"12345678", "12345678"}, true, false},
		{token, nil, false, false},
		{token, []string{uuid}, true, true},
		{token, []string{uuid + "\n"}, true, false},
		{token, []string{strings.ToUpper(uuid)}, true, false},
		{token, []string{uuid, uuid}, true, false},
	} {
		header := http.Header{}
		if test.lines != nil {
			header[test.scheme.Header] = test.lines
		}
		value, given, valid := test.scheme.Of(header)
		if given != test.given || valid != test.valid || given && value != test.lines[0] {
			t.Errorf("%s %q: got %q, %v, %v", test.scheme.Header, test.lines, value, given, valid)
		}
	}
}
