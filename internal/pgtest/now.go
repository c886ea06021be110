package pgtest

import (
	"context"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// nowVariable moves the instant at which all tests begin: to just before midnight, to
// the end of a month or a year, to a leap day.
const nowVariable = "UNDERSTUDY_TEST_NOW"

// ordinary is an hour of a day with nothing special about it.
const ordinary = "2026-05-20T10:30:00Z"

// Now returns the business time at which every account in a database of New begins,
// whatever the day on which the test runs: a frozen clock stands there, a running one
// starts there. It is $UNDERSTUDY_TEST_NOW (RFC 3339), or the same ordinary day always.
func Now() time.Time {
	now, err := now()
	if err != nil {
		panic(err) // New has failed before
	}
	return now
}

var now = sync.OnceValues(func() (time.Time, error) {
	text := os.Getenv(nowVariable)
	if text == "" {
		text = ordinary
	}
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return now, fmt.Errorf("%s: %w", nowVariable, err)
	}
	return now.UTC(), nil
})

// beginNow makes new accounts of a database begin at Now. It is in the database, so
// that it holds for whoever creates them: a test or a server under test. The schema's
// own default, the database's clock, is what the product's users get.
func beginNow(ctx context.Context, url string) error {
	now, err := now()
	if err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	// Seconds, and not the days and hours of a difference: a day is not always 24 hours.
	_, err = conn.Exec(ctx, fmt.Sprintf(`
		ALTER TABLE accounts
			ALTER clock_offset SET DEFAULT make_interval(secs => extract(epoch FROM %[1]s - clock_timestamp())::float8),
			ALTER created_at SET DEFAULT %[1]s;
		ALTER TABLE api_keys ALTER created_at SET DEFAULT %[1]s`, now.Format("timestamptz '2006-01-02 15:04:05.999999Z'")))
	if err != nil {
		return fmt.Errorf("set the time at which accounts begin: %w", err)
	}
	return nil
}
