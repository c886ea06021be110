package understudy_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy"
)

// The faults of a sandbox are its own, and end with what they were armed for.
func TestFaultsOfASandbox(t *testing.T) {
	t.Parallel()
	broken := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
	whole := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
	if _, err := broken.Faults().ArmRule(t.Context(), `
match: {operation: listProSubscriptions}
when: {first: 2}
effect: {do: status, status: 502}
`); err != nil {
		t.Fatal(err)
	}
	armed, err := broken.Faults().Arm(t.Context(), "garbage", `when: {every: 4}`)
	if err != nil || len(armed) != 1 || armed[0].Name != "garbage" {
		t.Fatalf("armed %+v, %v", armed, err)
	}
	if _, err := broken.Faults().Arm(t.Context(), "garbge", ""); err == nil {
		t.Error("a preset that there is not is armed")
	}
	want := []int{http.StatusBadGateway, http.StatusBadGateway, http.StatusOK, http.StatusOK}
	for i := range want {
		if status := list(t, broken); status != want[i] {
			t.Errorf("request %d: got %d, want %d", i, status, want[i])
		}
		if status := list(t, whole); status != http.StatusOK {
			t.Errorf("request %d of the other: got %d", i, status)
		}
	}
	rules, err := broken.Faults().List(t.Context())
	if err != nil || len(rules) != 2 || rules[0].Hits != 2 || rules[0].LastHit.IsZero() || rules[1].Hits != 0 {
		t.Errorf("the rules are %+v, %v", rules, err)
	}
	if err := broken.Faults().Disarm(t.Context(), rules[0].ID); err != nil {
		t.Error(err)
	}
	if err := broken.Faults().Clear(t.Context()); err != nil {
		t.Error(err)
	}
	if rules, err := broken.Faults().List(t.Context()); err != nil || len(rules) != 0 {
		t.Errorf("left: %+v, %v", rules, err)
	}
}

// list lists subscriptions and returns the status of the answer.
func list(t *testing.T, s *understudy.Sandbox) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/subscriptions", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", s.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.Keys.SecretKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	return res.StatusCode
}
