package dashboard_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/server"
)

// A request that was refused says which rule it broke and where the real service has it, in either API, whether or not
// the answer says a code.
func TestWhyARequestWasRefused(t *testing.T) {
	t.Parallel()
	f := slow(t)
	f.api(http.MethodGet, "/subscriptions/9", "")
	f.do(http.MethodGet, "/v3/"+f.APIKey+"/jobs?id=none", "", "X-Auth-Token", f.APISecretKey)
	f.api(http.MethodPost, "/subscriptions", `{"colour": "red"}`)
	f.api(http.MethodGet, "/subscriptions", "")
	f.has(f.get("/ui/requests/1"), "SUBSCRIPTION_NOT_FOUND", "404 Not Found", "must be there, in the account",
		`href="https://redis.io/docs/latest/operate/rc/api/api-reference"`, "/ui/reference/getProSubscription")
	f.has(f.get("/ui/requests/2"), "DBS.200543", "400 Bad Request", "The job that a request names must be there.",
		`href="https://docs.otc.t-systems.com/`, "/ui/reference/getJob")
	f.has(f.get("/ui/requests/3"), `id="failure"`, "400 Bad Request", "/ui/reference/createProSubscription", "colour")
	f.has(f.get("/ui/requests"), "<code>SUBSCRIPTION_NOT_FOUND</code>")
	if p := f.get("/ui/requests/4"); strings.Contains(p.text, `id="failure"`) {
		t.Error("a request that went well has broken a rule")
	}
}

// What a form asks for in vain has the status that the document has for it.
func TestErrorsHaveTheirStatus(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *server.Config) { c.Journal = 0 })
	for _, one := range []struct {
		path   string
		form   url.Values
		status int
		code   string
	}{
		{"/snapshots", url.Values{"do": {"snapshot.save"}, "name": {"base"}}, http.StatusSeeOther, ""},
		{"/snapshots", url.Values{"do": {"snapshot.save"}, "name": {"base"}}, http.StatusConflict, "SNAPSHOT_NAME_TAKEN"},
		{"/snapshots", url.Values{"do": {"snapshot.load"}, "name": {"none"}}, http.StatusNotFound, "SNAPSHOT_NOT_FOUND"},
		{"/clock", url.Values{"do": {"clock.advance"}, "events": {"1"}}, http.StatusConflict, "NOTHING_COMES"},
		{"/clock", url.Values{"do": {"clock.advance"}, "by": {"soon"}}, http.StatusBadRequest, "INVALID_LENGTH"},
		{"/faults", url.Values{"do": {"fault.disarm"}, "fault": {"9"}}, http.StatusNotFound, "FAULT_NOT_FOUND"},
		{"/requests", url.Values{"do": {"journal.clear"}}, http.StatusConflict, "JOURNAL_OFF"},
		{"/accounts", url.Values{"do": {"account.create"}, "name": {"Demo"}}, http.StatusConflict, "ACCOUNT_NAME_TAKEN"},
		{"/reference/getTask", url.Values{"do": {"try"}, "operation": {"none"}}, http.StatusNotFound, "NOT_FOUND"},
	} {
		one.form.Set("account", "1000")
		p := f.post("/ui"+one.path+"?account=1000", one.form)
		if p.status != one.status || !strings.Contains(p.text, one.code) {
			_, main, _ := strings.Cut(p.text, "<main")
			t.Errorf("%s of %v: got %d, want %d %s: %.500s", one.path, one.form, p.status, one.status, one.code, main)
		}
	}
	if p := f.get("/ui/reference/none"); p.status != http.StatusNotFound {
		t.Errorf("an operation that there is not: got %d", p.status)
	}
}
