package campaign

import (
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/rediscloud"
)

// What strikes none of the operations of a module is not run; what may is.
func TestCanStrike(t *testing.T) {
	t.Parallel()
	operations := map[string]bool{"createProSubscription": true, "getProSubscription": true, "getTask": true}
	presets := rediscloud.Presets()
	want := map[string]bool{
		"flaky-5xx": true, "task-stuck": true, "garbage": true, "cmk-pending": true, "canary-fields": true,
		"acl-flapping": false, "dropped-field": false, "tgw-vanished": false, "sticky-field": false,
	}
	for _, preset := range presets.All {
		strikes, asked := want[preset.Name]
		if got := (plan{rules: preset.Rules}).canStrike(operations); asked && got != strikes {
			t.Errorf("%s: got %v, want %v", preset.Name, got, strikes)
		}
		delete(want, preset.Name)
	}
	if len(want) > 0 {
		t.Errorf("there are no presets %v", want)
	}
}

// Time passes under those faults alone that are about it.
func TestNeedsTime(t *testing.T) {
	t.Parallel()
	presets := rediscloud.Presets()
	var timed []string
	for _, preset := range presets.All {
		if slices.ContainsFunc(preset.Rules, needsTime) {
			timed = append(timed, preset.Name)
		}
	}
	const want = "sub-flips-pending subresource-404-while-pending acl-flapping three-pending-cap single-lane"
	if got := strings.Join(timed, " "); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
