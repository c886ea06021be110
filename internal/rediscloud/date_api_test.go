package rediscloud_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// The clock stands at a fraction of a second, which tasks tell and resources do not.
func TestDatesToTheSecond(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	whole := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$`)
	want := func(answer apitest.Answer, member ...any) {
		t.Helper()
		if date, _ := answer.Get(member...).(string); !whole.MatchString(date) {
			t.Errorf("%v is %q, want a date to the second", member, date)
		}
	}
	for _, path := range []string{pro, fixed} {
		db := a.Do(http.MethodGet, path, nil)
		want(db, "activatedOn")
		want(db, "lastModified")
		tag := a.Do(http.MethodPost, path+"/tags", map[string]any{"key": "team", "value": "web"})
		want(tag, "createdAt")
		want(tag, "updatedAt")
		for job, body := range map[string]map[string]any{
			"/backup": {"adhocBackupPath": "s3://bucket/path"},
			"/import": {"sourceType": "http", "importFromUri": []any{"http://host/dump.rdb"}},
		} {
			wantDone(t, a.Run(http.MethodPost, path+job, body))
			a.Settle(path, "active")
			var status apitest.Answer
			apitest.Eventually(t, job+" is made", func() bool {
				status = a.Run(http.MethodGet, path+job, nil)
				return status.Get("response", "resource", "status") == "success"
			})
			want(status, "response", "resource", map[string]string{
				"/backup": "lastBackupTime", "/import": "lastImportTime",
			}[job])
		}
	}
	want(a.Do(http.MethodGet, essentials(a, smallPlan), nil), "creationDate")
	want(a.Do(http.MethodGet, "/v1/users", nil), "users", 0, "signUp")
	account := a.Do(http.MethodGet, "/v1/", nil)
	want(account, "account", "createdTimestamp")
	want(account, "account", "updatedTimestamp")
	want(account, "account", "key", "createdTimestamp")
}
