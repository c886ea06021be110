package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
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
	if p50s, err = e.roundsOf(ctx, p, e.await); err != nil {
		return nil, err
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
		if _, err := control(ctx, addr, http.MethodGet, "/wait?task="+id, ""); err != nil {
			return 0, err
		}
		answered := time.Now()
		var ended time.Time
		if err := e.fixture.conn.QueryRow(ctx, `SELECT at FROM ends WHERE task = $1`, id).Scan(&ended); err != nil {
			return 0, fmt.Errorf("look for the end of task %s: %w", id, err)
		}
		took = append(took, answered.Sub(ended))
	}
	return median(took), nil
}
