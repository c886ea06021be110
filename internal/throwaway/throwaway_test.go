package throwaway_test

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/throwaway"
)

// Who gives up on a database that is being made leaves Postgres to the others.
func TestCreateAfterOneThatWasGivenUp(t *testing.T) {
	t.Parallel()
	p, err := throwaway.Start(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	_, url, err := p.Create(t.Context(), throwaway.Migrated)
	if err != nil {
		t.Fatal(err)
	}
	user, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	// A template that somebody uses is waited for, for seconds.
	if name, _, err := p.Create(ctx, user.Config().Database); err == nil {
		t.Fatalf("%s was made of a database in use", name)
	}
	if err := user.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, _, err := p.Create(t.Context(), throwaway.Migrated); err != nil {
		t.Error(err)
	}
}
