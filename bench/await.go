package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"time"
)

const (
	awaits     = 100   // how often the end of a task is waited for
	awaitSpeed = "100" // so that a task takes 50 ms, in which to begin to wait for it
)

// noteEnds has the database note when a task ends: just before its commit is written to the disk, so that what is
// measured from there includes that.
const (
	noteEnds = `
		CREATE TABLE ends (task uuid PRIMARY KEY, at timestamptz NOT NULL);
		CREATE FUNCTION note_end() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO ends (task, at) VALUES (NEW.id, clock_timestamp());
			RETURN NULL;
		END $$;
		CREATE CONSTRAINT TRIGGER note_end AFTER UPDATE ON tasks DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW WHEN (OLD.response IS NULL AND NEW.response IS NOT NULL) EXECUTE FUNCTION note_end()`
	noteNoEnds = `
		DROP TRIGGER note_end ON tasks;
		DROP FUNCTION note_end();
		DROP TABLE ends`
)

// measureWaits waits for the end of tasks of one account, one after the other, and takes the time from that until who
// waits is answered. It returns the median of each round, in milliseconds.
func (e *env) measureWaits(ctx context.Context) (p50s []float64, err error) {
	if _, err := e.fixture.conn.Exec(ctx, noteEnds); err != nil {
		return nil, fmt.Errorf("note ends: %w", err)
	}
	defer func() {
		_, dropped := e.fixture.conn.Exec(context.WithoutCancel(ctx), noteNoEnds)
		err = errors.Join(err, dropped)
	}()
	p, err := e.serveFixture(ctx, "--speed", awaitSpeed)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	for range e.rounds {
		accounts, err := e.fixture.newAccounts(ctx, 1)
		if err != nil {
			return nil, err
		}
		p50, err := e.await(ctx, p.addr, accounts[0])
		if err != nil {
			return nil, err
		}
		p50s = append(p50s, float64(p50)/float64(time.Millisecond))
	}
	e.say("wait: %.2f ms", median(p50s))
	return p50s, nil
}

func (e *env) await(ctx context.Context, addr string, a account) (time.Duration, error) {
	c, err := newClient(ctx, addr, a.headers)
	if err != nil {
		return 0, err
	}
	defer c.close()
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", e.fixture.subscription)
	took := make([]time.Duration, 0, awaits)
	for n := range awaits {
		id, err := c.start(path, named(n+1))
		if err != nil {
			return 0, err
		}
		answered, err := waitFor(ctx, addr, id)
		if err != nil {
			return 0, err
		}
		var ended time.Time
		if err := e.fixture.conn.QueryRow(ctx, `SELECT at FROM ends WHERE task = $1`, id).Scan(&ended); err != nil {
			return 0, fmt.Errorf("look for the end of task %s: %w", id, err)
		}
		took = append(took, answered.Sub(ended))
	}
	slices.Sort(took)
	return took[len(took)/2], nil
}

// waitFor waits for the end of a task, and returns when it is answered.
func waitFor(ctx context.Context, addr, task string) (at time.Time, err error) {
	url := fmt.Sprintf("http://%s/_sandbox/v1/wait?task=%s", addr, task)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil) //nolint:gosec // of the server that it started
	if err != nil {
		return at, err
	}
	res, err := http.DefaultClient.Do(req) //nolint:gosec // as above
	if err != nil {
		return at, err
	}
	defer func() { err = errors.Join(err, res.Body.Close()) }()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode != http.StatusOK {
		err = fmt.Errorf("wait for task %s: %s %s", task, res.Status, body)
	}
	return time.Now(), err
}
