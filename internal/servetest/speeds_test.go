package servetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A subscription comes and goes at every speed, and where time takes steps it is seen on the way.
func TestSpeeds(t *testing.T) {
	t.Parallel()
	for _, speed := range Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			s := speed.Start(t, Options{})
			task := s.Accept(http.MethodPost, "/subscriptions", SubscriptionBody("speeds"))
			path := fmt.Sprintf("/subscriptions/%d", task.Response.ResourceID)
			seen := map[string]bool{}
			s.Until(path, func(_ int, text []byte) bool {
				var subscription struct{ Status string }
				if err := json.Unmarshal(text, &subscription); err != nil {
					t.Fatal(err)
				}
				seen[subscription.Status] = true
				return seen["active"]
			})
			if speed.Stepped && !seen["pending"] {
				t.Errorf("seen were %v, want pending before active", seen)
			}
		})
	}
}
