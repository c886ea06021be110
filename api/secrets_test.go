package api_test

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// dump is every row of every table as text.
func dump(t *testing.T, url string) map[string]string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'`)
	if err != nil {
		t.Fatal(err)
	}
	tables, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, table := range tables {
		var text string
		err := conn.QueryRow(t.Context(), fmt.Sprintf(`SELECT COALESCE(string_agg(t::text, E'\n'), '') FROM %s t`,
			pgx.Identifier{table}.Sanitize())).Scan(&text)
		if err != nil {
			t.Fatal(err)
		}
		texts[table] = text
	}
	return texts
}

// What a client sends in confidence is in no line of the log, whatever becomes of
// the request, and is gone from its task when that is processed. API keys are
// nowhere in the database, only their hashes.
func TestSecretsStaySecret(t *testing.T) {
	t.Parallel()
	const sentinel = "Sentinel-4711"
	w, log := logging(t, nil)
	a := w.Account()
	sub := a.Subscription("one")
	body := func(name string, more ...any) map[string]any {
		body := databaseBody(name)
		body["password"] = sentinel
		for i := 0; i < len(more); i += 2 {
			body[more[i].(string)] = more[i+1]
		}
		return body
	}
	db := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", body("second")))
	a.Settle(sub, "active")
	task := a.Start(http.MethodPut, db, map[string]any{"password": sentinel + "2"})
	if got := dump(t, a.DBURL)["tasks"]; !strings.Contains(got, sentinel) {
		t.Errorf("the sentinel is not in the waiting task, so nothing is tested:\n%s", got)
	}
	a.Finish(task)
	a.Settle(sub, "active")
	if got := a.Do(http.MethodGet, db, nil); got.Get("security", "password") != sentinel+"2" {
		t.Errorf("the password is %v", got.Get("security", "password"))
	}
	// Requests that fail: in processing, at the edge, by their keys, on the wrong path.
	if got := a.Run(http.MethodPost, sub+"/databases", body("second")); got.Get("status") != "processing-error" {
		t.Errorf("a second database of that name: %s", got.Body)
	}
	wrongKeys := func(r *http.Request) { r.Header.Set("X-Api-Secret-Key", sentinel) }
	for _, got := range []apitest.Answer{
		a.Do(http.MethodPost, sub+"/databases", body("third", "nope", 1)),
		a.Do(http.MethodPost, sub+"/databases", body("third", "password", []any{sentinel})),
		a.Do(http.MethodPost, sub+"/databases", `{"password": "`+sentinel),
		a.Do(http.MethodPost, sub+"/databases", body("third"), wrongKeys),
		a.Do(http.MethodPost, sub, body("third")),
	} {
		if got.Status < 400 || strings.Contains(string(got.Body), sentinel) {
			t.Errorf("got %d %s, want a refusal without the password", got.Status, got.Body)
		}
	}
	for line := range strings.Lines(log.String()) {
		for _, secret := range []string{sentinel, a.Secrets.Key, a.Secrets.Secret} {
			if strings.Contains(line, secret) {
				t.Errorf("%s is in the log: %s", secret, line)
			}
		}
	}
	tables := dump(t, a.DBURL)
	if strings.Contains(tables["tasks"], sentinel) {
		t.Errorf("the password is in a processed task:\n%s", tables["tasks"])
	}
	for table, text := range tables {
		for _, secret := range []string{a.Secrets.Key, a.Secrets.Secret} {
			if strings.Contains(text, secret) || strings.Contains(text, hex.EncodeToString([]byte(secret))) {
				t.Errorf("API key %s is in table %s", secret, table)
			}
		}
	}
	if tables["api_keys"] == "" {
		t.Error("table api_keys is empty, so nothing was tested")
	}
}
