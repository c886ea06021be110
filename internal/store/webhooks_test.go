package store_test

import (
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Who starts alone delivers at once what a dead predecessor had begun to deliver.
func TestWebhookOfADeadServer(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	if _, err := db.NewWebhook(t.Context(), caller.Account, "http://localhost", "secret", nil); err != nil {
		t.Fatal(err)
	}
	err := db.Write(t.Context(), caller, func(tx *store.Tx) error { // which is an event
		store.Insert(tx, cloud.Resource[jar]{ID: 1, Status: cloud.StatusActive})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	claim := func() bool {
		t.Helper()
		_, ok, _, err := db.ClaimWebhook(t.Context(), time.Hour)
		if err != nil {
			t.Fatal(err)
		}
		return ok
	}
	if !claim() || claim() {
		t.Fatal("the webhook is not claimed once")
	}
	if err := db.ExpireWebhookLeases(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !claim() {
		t.Error("the webhook is still held by the dead")
	}
}
