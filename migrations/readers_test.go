package migrations_test

import (
	"errors"
	"slices"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/migrations"
)

// Version 28 locks two tables, which servers at work read in any order: they are let through.
func TestReadersAreLetThrough(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	db := openAt(t, url, 27)
	var readers errgroup.Group
	reading, stop := make(chan bool), make(chan bool)
	for i := range 4 {
		tables := []string{"steps", "resources"}
		if i%2 == 0 {
			slices.Reverse(tables)
		}
		readers.Go(func() error {
			for n := 0; ; n++ {
				tx, err := db.BeginTx(t.Context(), nil)
				for _, table := range tables {
					if err == nil {
						_, err = tx.ExecContext(t.Context(), `SELECT FROM `+table)
					}
				}
				if err == nil {
					err = tx.Commit()
				}
				if n == 0 {
					reading <- err == nil
				}
				select {
				case <-stop:
					return err
				default:
				}
				if err != nil {
					return err
				}
			}
		})
	}
	for range 4 {
		<-reading
	}
	err := migrations.Up(t.Context(), url)
	close(stop)
	if err := errors.Join(err, readers.Wait()); err != nil {
		t.Error(err)
	}
}
