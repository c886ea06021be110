package api_test

// The database falls silent: a connection stays open, and nothing comes back.

import (
	"context"
	"crypto/sha256"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// A task under whose worker the connection falls silent goes back to its queue and
// is taken again, long before its lease runs out.
func TestSilenceUnderATask(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	line := newWire(t, database)
	a := apitest.On(t, line.url, func(c *engine.Config) { c.Limit, c.Lease = time.Second, time.Hour }).Account()
	task := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one")).Get("taskId").(string)
	await := func(status string) {
		t.Helper()
		apitest.Eventually(t, "the task is "+status, func() bool {
			return ask[string](t, database, `SELECT status FROM tasks`) == status
		})
	}
	await("running")
	silent := line.silence([]byte(task))
	defer close(silent.hangUp)
	a.Advance(apitest.TaskTime)
	await("done")
	if attempts := ask[int](t, database, `SELECT attempts FROM tasks`); attempts != 2 {
		t.Errorf("%d attempts, want one that ran out of time, and another", attempts)
	}
}

// A request under which the connection falls silent is told so, with a key or
// without one, also where the silence begins at its API keys.
func TestSilenceUnderARequest(t *testing.T) {
	t.Parallel()
	line := newWire(t, pgtest.New(t))
	w := apitest.On(t, line.url, func(c *engine.Config) { c.Hold = 0 })
	a := w.Account()
	tags := tagsPath(a, a.Subscription("one"))
	secret, err := w.DB.ServerSecret(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	handler, err := api.New(api.Config{
		Dialects: apitest.Dialects(t), Engine: w.Engine, DB: w.DB, Secret: secret,
		PerformTime: time.Second, Logger: slog.New(slog.NewTextHandler(t.Output(), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	hash := sha256.Sum256([]byte(a.Secrets.Key))
	for _, tt := range []struct {
		name, method, path, body, at string
		headers                      http.Header
	}{
		{"keys", http.MethodGet, "/v1/tasks", "", string(hash[:]), nil},
		{"read", http.MethodGet, subscriptions + "/4711/databases", "", "\x12\x67", nil},
		{"write", http.MethodPost, tags, `{"key":"colour","value":"purple"}`, "purple", nil},
		{
			"keyed write", http.MethodPost, tags, `{"key":"colour","value":"purple"}`, "purple",
			http.Header{"Idempotency-Key": {"silence-0001"}},
		},
	} {
		silent := line.silence([]byte(tt.at))
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		r := httptest.NewRequestWithContext(ctx, tt.method, tt.path, strings.NewReader(tt.body))
		maps.Copy(r.Header, tt.headers)
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("X-Api-Key", a.Secrets.Key)
		r.Header.Set("X-Api-Secret-Key", a.Secrets.Secret)
		got := httptest.NewRecorder()
		handler.ServeHTTP(got, r)
		if err := ctx.Err(); err != nil || got.Code != http.StatusServiceUnavailable ||
			got.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: got %d %v %s (%v), want 503 with Retry-After", tt.name, got.Code, got.Header(), got.Body, err)
		}
		cancel()
		close(silent.hangUp)
	}
}
