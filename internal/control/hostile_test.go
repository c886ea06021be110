package control_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"
)

// What somebody may send who means no good, as JSON, and in a path or query.
func hostileValues() (values, texts map[string]string) {
	deep := strings.Repeat(`[`, 5_000) + strings.Repeat(`]`, 5_000)
	objects := strings.Repeat(`{"a":`, 5_000) + `1` + strings.Repeat(`}`, 5_000)
	values = map[string]string{
		"null": `null`, "a list": `[]`, "an object": `{}`, "a number": `7`, "a negative": `-1`, "true": `true`,
		"empty": `""`, "huge": `1e400`, "a long number": strings.Repeat("9", 300), "a fraction": `0.1`,
		"not in 64 bits": `9223372036854775808`, "max": `9223372036854775807`, "min": `-9223372036854775808`,
		"tiny": `1e-300`, "NUL": `"a\u0000b"`, "half a pair": `"\ud800"`, "no UTF-8": "\"\xff\xfe\"",
		"long": `"` + strings.Repeat("x", 10_000) + `"`, "deep": deep, "deep objects": objects,
		"a length": `"-5m"`, "a long length": `"2562047h"`, "a longer one": `"99999999999999h"`,
		"a date": `"9999-12-31T23:59:59Z"`, "year 0": `"0000-01-01T00:00:00Z"`, "NaN": `"NaN"`,
		"SQL": `"'; DROP TABLE accounts; --"`, "lines": `"a\r\nX-Evil: b"`, "a path": `"../../etc/passwd"`,
		"nothing in it": `"   "`, "a list of them": `[null, -1, "\u0000", {}]`,
		"an object of them": `{"\u0000": -1e308, "": null}`, "a range": `"1s..-1s"`, "a draw": `"lognormal 1s NaN"`,
		"an url": `"http://[::1"`, "another url": `"file:///etc/passwd"`,
	}
	texts = map[string]string{
		"NUL": "%00", "no UTF-8": "%ff%fe", "long": strings.Repeat("x", 10_000), "a path": "..%2f..%2fetc",
		"negative": "-1", "huge": "99999999999999999999999", "float": "1e400", "SQL": "%27%3b--", "lines": "a%0d%0ab",
		"empty": "%20",
	}
	return values, texts
}

// Nothing that is sent to control makes it fail: whatever is wrong is refused as such.
func TestHostileRequestsAreRefused(t *testing.T) {
	t.Parallel()
	f := start(t)
	made := f.account(t)
	ref := fmt.Sprint(made.Account.ID)
	values, texts := hostileValues()
	send := func(what, method, path, media, body string) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		req, err := http.NewRequestWithContext(ctx, method, "http://"+f.Address()+path, strings.NewReader(body))
		if err != nil {
			return // what no client can send
		}
		req.Header.Set("Content-Type", media)
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Errorf("%s: %s %.100s: %v", what, method, path, err)
			return
		}
		answer, _ := io.ReadAll(res.Body) // what there is of it
		_ = res.Body.Close()
		if res.StatusCode >= http.StatusInternalServerError {
			t.Errorf("%s: %s %.100s %.200s: got %d %.300s", what, method, path, body, res.StatusCode, answer)
		}
	}
	for _, op := range f.client.Document.Operations() {
		if op.ID == "streamEvents" || op.ID == "deleteAccount" {
			continue
		}
		path := strings.NewReplacer("{account}", ref, "{key}", "no-key", "{snapshot}", "none", "{entry}", "1", "{fault}", "1",
			"{task}", "7", "{webhook}", "1", "{event}", "accept-peering").Replace(op.Path)
		for what, text := range texts {
			for _, name := range op.PathParams() {
				other := strings.ReplaceAll(op.Path, "{"+name+"}", text)
				for _, rest := range op.PathParams() {
					other = strings.ReplaceAll(other, "{"+rest+"}", ref)
				}
				send(what, op.Method, other, "application/json", "{}")
			}
			for _, name := range op.QueryParams() {
				send(what, op.Method, path+"?"+name+"="+text, "application/json", "{}")
			}
		}
		members, has := op.BodyProperties()
		if op.TakesFile() {
			for what, value := range values {
				send(what, op.Method, path, "application/octet-stream", value)
			}
		}
		if !has {
			continue
		}
		for what, value := range values {
			send(what, op.Method, path, "application/json", value)
			for _, member := range members {
				send(what, op.Method, path, "application/json", fmt.Sprintf(`{%q: %s}`, member, value))
			}
		}
	}
	for what, body := range map[string]string{
		"anchors":          bomb(),
		"a bomb":           bomb() + "resources: [{operation: createProSubscription, body: {name: *j}}]",
		"a body in itself": "resources: [{operation: createProSubscription, body: &a {name: *a}}]",
		"a rule in itself": "faults: [{rule: &a {match: *a}}]",
		"assets":           "assets: &a {users: [*a]}",
		"deep":             strings.Repeat("[", 100_000),
		"deeper":           strings.Repeat("- ", 100_000) + "x",
		"NUL":              "accounts: [{name: \"a\\0b\"}]",
		"no UTF-8":         "accounts: [{name: \xff\xfe}]",
		"a circle":         "accounts: &a [*a]",
		"merged":           "accounts: [{name: ci, <<: {name: other}}]",
		"long":             "accounts: [{name: " + strings.Repeat("x", 100_000) + "}]",
		"numbers":          "accounts: [{name: ci, idSeed: 1e400}]",
		"clock":            "accounts: [{name: ci, clock: {mode: frozen, at: 99999-01-01}}]",
	} {
		send("seed: "+what, http.MethodPost, "/_sandbox/v1/seed", "application/octet-stream", body)
	}
	if status := f.get(t, made.Keys); status != http.StatusOK {
		t.Errorf("afterwards the account is answered with %d", status)
	}
	f.create(t, made.Keys)
}

// bomb is YAML that is nine times as large with every line.
func bomb() string {
	text := strings.Builder{}
	text.WriteString("name: &a x\n")
	last := "a"
	for name := range strings.SplitSeq("bcdefghij", "") {
		fmt.Fprintf(&text, "%s: &%s [*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s,*%s]\n", name, name, last, last, last, last, last, last,
			last, last, last)
		last = name
	}
	return text.String()
}
