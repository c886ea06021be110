package rds

import (
	"encoding/json"
	"maps"
	"net/http"
	"strings"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// plainly sends a request with a token of the project instead of a signature, as gophertelekomcloud does.
func (p *project) plainly(method, path string, body any, header ...string) (status int, decoded map[string]any) {
	p.Helper()
	headers := http.Header{"X-Auth-Token": {p.secret}}
	for i := 0; i < len(header); i += 2 {
		headers.Set(header[i], header[i+1])
	}
	status, answered, text := send(p.T, servetest.Wire(p.T), method, p.server.root+"/v3/"+p.id+path, body, headers)
	if answered.Get("X-Request-Id") == "" {
		p.Errorf("%s %s: no X-Request-Id in %v", method, path, answered)
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		p.Fatalf("%s %s: got %d %s: %v", method, path, status, text, err)
	}
	return status, decoded
}

// plainOrder is an order with what is changed of it: a value, or nil for none.
func plainOrder(p *project, changes map[string]any) map[string]any {
	p.Helper()
	body := plain(p, order("orders")).(map[string]any)
	maps.Copy(body, changes)
	maps.DeleteFunc(body, func(_ string, v any) bool { return v == nil })
	return body
}

// in is what is at a path in a decoded answer.
func in(v any, path ...any) any {
	for _, step := range path {
		switch step := step.(type) {
		case string:
			object, _ := v.(map[string]any)
			v = object[step]
		case int:
			list, _ := v.([]any)
			if step >= len(list) {
				return nil
			}
			v = list[step]
		}
	}
	return v
}

// gophertelekomcloud is what that client needs of a server, by what it was seen to do: the statuses 202, 200, 202 and
// no others, a list that is never empty once the creation was answered, and the types of members.
func gophertelekomcloud(p *project) {
	for _, port := range []any{3307, "3307"} {
		status, made := p.plainly(http.MethodPost, "/instances", plainOrder(p, map[string]any{"port": port}))
		id, ok := in(made, "instance", "id").(string)
		if status != http.StatusAccepted || !ok || in(made, "instance", "port") != "3307" {
			p.Fatalf("create with port %v: got %d %v", port, status, made)
		}
		status, listed := p.plainly(http.MethodGet, "/instances?id="+id, nil)
		if status != http.StatusOK || in(listed, "instances", 0, "status") != "BUILD" ||
			in(listed, "instances", 0, "port") != 3307.0 {
			p.Errorf("right after it was created: got %d %v", status, listed)
		}
		for _, member := range []string{"created", "updated"} {
			if got := in(listed, "instances", 0, member); got != "" {
				p.Errorf("%s is %v while it is built, want an empty text", member, got)
			}
		}
		for _, member := range []string{"cpu", "mem"} {
			if got, ok := in(listed, "instances", 0, member).(string); !ok || got == "" {
				p.Errorf("%s is %v, want a text", member, in(listed, "instances", 0, member))
			}
		}
		p.done(in(made, "job_id").(string))
		status, shown := p.plainly(http.MethodGet, "/jobs?id="+in(made, "job_id").(string), nil)
		if status != http.StatusOK || in(shown, "job", "status") != "Completed" || in(shown, "job", "process") != "" {
			p.Errorf("got %d %v", status, shown)
		}
		status, deleted := p.plainly(http.MethodDelete, "/instances/"+id, nil)
		if status != http.StatusAccepted {
			p.Errorf("got %d %v", status, deleted)
		}
		p.done(in(deleted, "job_id").(string))
		_, shown = p.plainly(http.MethodGet, "/jobs?id="+in(deleted, "job_id").(string), nil)
		if in(shown, "job", "entities") == nil {
			p.Errorf("got %v, want entities, of which there are none", shown)
		}
		if _, listed = p.plainly(http.MethodGet, "/instances?id="+id, nil); len(in(listed, "instances").([]any)) != 0 {
			p.Errorf("got %v, want none", listed)
		}
	}
}

// tokenWithEveryRequest: MoreHeaders of gophertelekomcloud are sent with every request, also with those that know no
// token.
func tokenWithEveryRequest(p *project) {
	for _, token := range []string{uuid.NewString(), "token"} {
		all := []string{"X-Client-Token", token}
		create := all
		if token == "token" {
			create = nil // which is refused, as it is no UUID
		}
		_, made := p.plainly(http.MethodPost, "/instances", plainOrder(p, nil), create...)
		id, job := in(made, "instance", "id").(string), in(made, "job_id").(string)
		p.done(job)
		for path, want := range map[string]int{
			"/jobs?id=" + job: 200, "/instances?id=" + id: 200, "/instances": 200, "/tasklist": 200,
			"/jobs?id=" + uuid.NewString(): 400,
		} {
			if status, got := p.plainly(http.MethodGet, path, nil, all...); status != want {
				p.Errorf("%s: got %d %v, want %d", path, status, got, want)
			}
		}
		restart := "/instances/" + id + "/action"
		status, restarted := p.plainly(http.MethodPost, restart, `{"restart": {}}`, all...)
		if status != http.StatusAccepted || in(restarted, "job_id") == job {
			p.Fatalf("restart: got %d %v", status, restarted)
		}
		p.done(in(restarted, "job_id").(string))
		if status, got := p.plainly(http.MethodPut, "/instances/"+id+"/name", `{"name": "other"}`, all...); status != 200 {
			p.Errorf("rename: got %d %v", status, got)
		}
		for _, want := range []int{http.StatusAccepted, http.StatusNotFound} {
			status, deleted := p.plainly(http.MethodDelete, "/instances/"+id, nil, all...)
			if status != want {
				p.Errorf("delete: got %d %v, want %d", status, deleted, want)
			}
			if want == http.StatusAccepted {
				p.done(in(deleted, "job_id").(string))
			}
		}
	}
}

// badGateway: after 502 and 504 gophertelekomcloud sends the same request once more, whether the first one was carried
// out or not.
func badGateway(first *project) {
	for _, status := range []int{http.StatusBadGateway, http.StatusGatewayTimeout} {
		for name, done := range map[string]bool{"not carried out": false, "carried out": true} {
			p := first.another()
			p.arm("createInstance", map[string]any{"do": "status", "status": status, "done": done})
			token, body := uuid.NewString(), plainOrder(p, nil)
			if got, answer := p.plainly(http.MethodPost, "/instances", body, "X-Client-Token", token); got != status {
				p.Fatalf("%s: got %d %v, want %d", name, got, answer, status)
			}
			got, made := p.plainly(http.MethodPost, "/instances", body, "X-Client-Token", token)
			if got != http.StatusAccepted {
				p.Fatalf("%s: got %d %v", name, got, made)
			}
			p.done(in(made, "job_id").(string))
			p.wantOnly(created{in(made, "instance", "id").(string), in(made, "job_id").(string)})
		}
	}
}

// authTokens: who comes with a wrong token, with none, or to a project that is not there, is refused.
func authTokens(p *project) {
	for name, test := range map[string]struct {
		project string
		header  http.Header
	}{
		"wrong token":       {p.id, http.Header{"X-Auth-Token": {"wrong"}}},
		"no token":          {p.id, http.Header{}},
		"empty token":       {p.id, http.Header{"X-Auth-Token": {""}}},
		"project of nobody": {strings.Repeat("0", 32), http.Header{"X-Auth-Token": {p.secret}}},
		"signature that is none": {p.id, http.Header{
			"Authorization": {"SDK-HMAC-SHA256 Access=" + p.id}, "X-Sdk-Date": {"20261129T155000Z"},
		}},
	} {
		url := p.server.root + "/v3/" + test.project + "/instances"
		status, _, text := send(p.T, servetest.Wire(p.T), http.MethodGet, url, nil, test.header)
		if code := p.failure(text); status != http.StatusForbidden || code != "DBS.280056" {
			p.Errorf("%s: got %d %s", name, status, text)
		}
	}
	if status, got := p.plainly(http.MethodGet, "/instances", nil); status != http.StatusOK {
		p.Errorf("got %d %v", status, got)
	}
}

func badBodies(p *project) {
	token := uuid.NewString()
	rejected := func(code string, body any, header ...string) {
		p.Helper()
		status, got := p.plainly(http.MethodPost, "/instances", body, header...)
		if status != http.StatusBadRequest || in(got, "error_code") != code {
			p.Errorf("%v: got %d %v, want %s", body, status, got, code)
		}
	}
	rejected("DBS.200006", "")
	for _, body := range []string{"{", `{"name": 7}`, `{"nome": "x"}`, `[]`, `{"port": true}`} {
		rejected("DBS.200001", body)
	}
	rejected("DBS.200001", plainOrder(p, map[string]any{"flavor_ref": nil}))
	rejected("DBS.200001", "{", "X-Client-Token", token)
	// Which has not used up the token.
	status, got := p.plainly(http.MethodPost, "/instances", plainOrder(p, nil), "X-Client-Token", token)
	if status != http.StatusAccepted {
		p.Errorf("got %d %v", status, got)
	}
}
