package crash

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// A server dies while it lets time pass. The next one goes on from there, and in the end all has happened at its own
// time, as if nothing had been.
func TestKilledWhileTimePasses(t *testing.T) {
	t.Parallel()
	for _, point := range []string{
		"clock.before_commit:3", "clock.before_commit:6", "clock.after_commit:2", "clock.after_commit:6",
		"task.claimed:2", "task.before_commit:4", "task.after_commit:5",
	} {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			s := servetest.Start(t, servetest.Options{
				Tags: []string{"crashpoint"},
				Args: []string{"--speed", "1", "--database-url", url},
				Env:  []string{"UNDERSTUDY_CRASHPOINT=" + point},
			})
			noon := time.Date(2030, 2, 28, 12, 0, 0, 0, time.UTC)
			demo := control.AccountPath{Account: "Demo"}
			_, err := control.SetClock.Call(t.Context(), controls(t, s), control.ClockSetting{
				AccountPath: demo, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &noon},
			})
			if err != nil {
				t.Fatal(err)
			}
			for n := range 6 {
				body := servetest.SubscriptionBody(fmt.Sprint("sub ", n))
				answer, err := s.Send(t.Context(), http.MethodPost, "/subscriptions", body)
				if err != nil || answer.Status != http.StatusAccepted {
					t.Fatalf("got %d %s, %v; want a task", answer.Status, answer.Body, err)
				}
			}
			idle := control.ClockAdvance{AccountPath: demo, Advance: sandbox.Advance{Idle: true}}
			if _, err := control.AdvanceClock.Call(t.Context(), controls(t, s), idle); err == nil {
				t.Fatal("the server did not die")
			}
			_ = s.Wait() // it was killed
			s.Restart()
			passed, err := control.AdvanceClock.Call(t.Context(), controls(t, s), idle)
			if err != nil {
				t.Fatal(err)
			}
			got := strings.Join(append(times(t, url, `SELECT updated_at FROM tasks WHERE status = 'done' ORDER BY seq`),
				times(t, url, `SELECT activated_at FROM resources WHERE kind = 'subscription' ORDER BY id`)...), " ")
			want := "12:00:05 12:00:10 12:00:15 12:00:20 12:00:25 12:00:30 " +
				"12:04:05 12:04:10 12:04:15 12:08:05 12:08:10 12:08:15" // three are provisioned at once
			if got != want {
				t.Errorf("it happened at\n%s, want\n%s", got, want)
			}
			if now := passed.Clock.Now.Format(time.TimeOnly); now != "12:08:15" || passed.Clock.Mode != sandbox.ClockFrozen {
				t.Errorf("the clock is %s at %s", passed.Clock.Mode, now)
			}
		})
	}
}

// controls is a client of a server's control.
func controls(tb testing.TB, s *servetest.Server) *control.Client {
	tb.Helper()
	document, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		tb.Fatal(err)
	}
	return &control.Client{Document: document, URL: strings.TrimSuffix(s.URL, "/v1")}
}

// times reads a column of times.
func times(t *testing.T, url, sql string) (all []string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }() // nothing was written
	rows, err := conn.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		t.Fatal(err)
	}
	for _, at := range list {
		all = append(all, at.UTC().Format(time.TimeOnly))
	}
	return all
}
