package main

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/bench/report"
)

// The largest database is compared with the smallest, round by round, and the plot has all of them.
func TestGrowth(t *testing.T) {
	t.Parallel()
	var sizes []*grown
	for i, tasks := range []int{1000, 10_000, 100_000} {
		g := &grown{tasks: tasks, figures: map[string][]float64{}, cpu: map[string][]usage{}}
		for _, q := range questions() {
			g.figures[q.what] = []float64{float64(i + 1), float64(i + 3)}
		}
		sizes = append(sizes, g)
	}
	rows := growthRows(sizes)
	if len(rows) != len(questions()) {
		t.Fatalf("%d rows, want one for each of %d questions", len(rows), len(questions()))
	}
	want := report.Row{
		What: "accept, p50, among 100000 tasks / 1000", Unit: report.Millis,
		Figures: []float64{3, 5}, Baselines: []float64{1, 3}, AtMost: 1.25,
	}
	if diff := cmp.Diff(want, rows[0].report()); diff != "" {
		t.Errorf("row: want (-), got (+):\n%s", diff)
	}
	if r := growthRows(sizes[:1])[0]; len(r.baselines) > 0 || r.goal != (goal{}) {
		t.Errorf("one size alone: got %+v, want neither baseline nor goal", r)
	}
	chart := growthChart(sizes)
	points := []report.Point{{At: 1000, Value: 2}, {At: 10_000, Value: 3}, {At: 100_000, Value: 4}}
	if len(chart.Curves) != len(questions()) || !slices.Equal(chart.Curves[0].Points, points) {
		t.Errorf("chart: got %+v, want the points %v", chart.Curves, points)
	}
}

// Clients take turns through the accounts, and read in each what is there.
func TestGrowthRequests(t *testing.T) {
	t.Parallel()
	g := &grown{readers: []account{{id: 1, headers: "A: 1\r\n"}, {id: 2, headers: "A: 2\r\n"}}}
	for _, tt := range []struct {
		ids  map[int64][]string
		want [][]byte
	}{
		{nil, [][]byte{get("host", "/x/", "A: 1\r\n"), get("host", "/x/", "A: 2\r\n")}},
		{
			map[int64][]string{1: {"p", "q"}, 2: {"r"}},
			[][]byte{get("host", "/x/p", "A: 1\r\n"), get("host", "/x/r", "A: 2\r\n"), get("host", "/x/q", "A: 1\r\n")},
		},
	} {
		if diff := cmp.Diff(tt.want, g.requests("host", "/x/", tt.ids)); diff != "" {
			t.Errorf("%v: want (-), got (+):\n%s", tt.ids, diff)
		}
	}
}
