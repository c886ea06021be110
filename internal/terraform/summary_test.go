package terraform

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// What only is pending because of something else is not changed, and what came and went is not told.
func TestNet(t *testing.T) {
	t.Parallel()
	events := []sandbox.Transition{
		{Task: "1", Type: sandbox.EventTask, Status: "done", Name: "createProSubscription"},
		{Task: "1", Type: sandbox.EventResource, Kind: "subscription", ID: 10, Name: "shop", Status: "pending"},
		{Task: "1", Type: sandbox.EventResource, Kind: "database", ID: 20, Name: "planned", Status: "pending"},
		{Task: "2", Type: sandbox.EventResource, Kind: "database", ID: 20, Name: "planned", Status: "deleting"},
		{Task: "2", Type: sandbox.EventResource, Kind: "database", ID: 20, Status: "gone"},
		{Task: "3", Type: sandbox.EventResource, Kind: "subscription", ID: 11, Name: "old", Status: "pending"},
		{Task: "3", Type: sandbox.EventResource, Kind: "database", ID: 21, Name: "orders", Status: "pending"},
		{Task: "4", Type: sandbox.EventResource, Kind: "database", ID: 21, Name: "orders", Status: "active-change-pending"},
		{Task: "5", Type: sandbox.EventResource, Kind: "database", ID: 22, Name: "older", Status: "active-change-pending"},
		{Task: "6", Type: sandbox.EventResource, Kind: "database", ID: 23, Name: "oldest", Status: "deleting"},
		{Task: "7", Type: sandbox.EventResource, Kind: "database", ID: 24, Name: "another's", Status: "deleting"},
	}
	operations := map[string]string{
		"1": "createProSubscription", "2": "deleteProDatabase", "3": "createProDatabase", "4": "updateProDatabase",
		"5": "updateProDatabase", "6": "deleteProDatabase",
	}
	subjects := map[string]int64{"1": 10, "2": 20, "3": 21, "4": 21, "5": 22, "6": 23}
	want := []Resource{
		{"changed", "database", 22, "older"},
		{"created", "subscription", 10, "shop"},
		{"created", "database", 21, "orders"},
		{"deleted", "database", 23, "oldest"},
	}
	if diff := cmp.Diff(want, net(events, operations, subjects)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestIdle(t *testing.T) {
	t.Parallel()
	at := func(seconds int) time.Time { return time.Unix(1000+int64(seconds), 0) }
	run := span{at(0), at(100)}
	for name, tt := range map[string]struct {
		busy []span
		want time.Duration
	}{
		"nothing":      {nil, 100 * time.Second},
		"all of it":    {[]span{{at(-5), at(200)}}, 0},
		"before":       {[]span{{at(-5), at(-1)}}, 100 * time.Second},
		"after":        {[]span{{at(150), at(160)}}, 100 * time.Second},
		"both ends":    {[]span{{at(90), at(110)}, {at(-10), at(10)}}, 80 * time.Second},
		"over another": {[]span{{at(10), at(40)}, {at(20), at(30)}, {at(35), at(50)}}, 60 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := idle(tt.busy, run); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestSummaryLines(t *testing.T) {
	t.Parallel()
	requests := 36
	got := Summary{
		Account: "1001", Requests: &requests, Tasks: 1, Failed: 1, Took: 3040 * time.Millisecond, Idle: 2 * time.Second,
		Resources: []Resource{{"created", "subscription", 10, "shop"}, {"deleted", "peering", 7, ""}},
	}.Lines()
	want := []string{
		"created subscription 10 shop",
		"deleted peering 7",
		"account 1001: 36 requests, 1 task, 1 of them failed",
		"3.0 s, in 2.0 s of which the server had nothing to do: the client's own waits",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
