package understudy_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy"
)

func TestJournal(t *testing.T) {
	t.Parallel()
	one, other := understudy.StartT(t, understudy.Options{}), understudy.StartT(t, understudy.Options{})
	task := send(one, http.MethodPost, "/subscriptions", subscription)
	send(one, http.MethodGet, "/subscription", "")
	send(other, http.MethodGet, "/subscriptions", "")
	got, err := one.Journal(t.Context(), understudy.JournalQuery{Bodies: true})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Task != task["taskId"] || got[0].Operation != "createProSubscription" ||
		len(got[0].Request.Body) == 0 || got[1].Nearest != "GET /v1/subscriptions" {
		t.Errorf("got %+v, want the two requests of this sandbox", got)
	}
	got, err = one.Journal(t.Context(), understudy.JournalQuery{Status: "404"})
	if err != nil || len(got) != 1 {
		t.Errorf("got %+v, %v, want one", got, err)
	}
}
