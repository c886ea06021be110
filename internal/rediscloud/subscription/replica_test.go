package subscription

import (
	"testing"
)

// a replicates b, and b replicates c; d replicates itself.
func TestReplicationLeads(t *testing.T) {
	t.Parallel()
	const a, b, c, d = 1, 2, 3, 4
	from := func(endpoints ...string) (sources []SyncSource) {
		for _, endpoint := range endpoints {
			sources = append(sources, SyncSource{Endpoint: "redis://:secret@" + endpoint})
		}
		return sources
	}
	r := replication{
		owners:  map[string]int64{"a:1": a, "b:1": b, "b.internal:1": b, "c:1": c, "d:1": d},
		sources: map[int64][]SyncSource{a: from("b.internal:1"), b: from("c:1"), d: from("d:1")},
	}
	for _, tt := range []struct {
		id      int64
		sources []SyncSource
		want    bool
	}{
		{a, nil, false},
		{a, from("a:1"), true},
		{a, from("a:2"), false}, // of somebody else
		{a, from("b:1", "c:1"), false},
		{b, from("a:1"), true},
		{c, from("a:1"), true},
		{c, from("x:1", "b:1"), true},
		{c, from("d:1"), false},
	} {
		if got := r.leads(tt.sources, tt.id, map[int64]bool{}); got != tt.want {
			t.Errorf("%d from %v: got %v, want %v", tt.id, tt.sources, got, tt.want)
		}
	}
}
