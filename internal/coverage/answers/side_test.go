package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatDiffers(t *testing.T) {
	t.Parallel()
	run := func(answers ...string) map[string]bool {
		set := map[string]bool{}
		for _, answer := range answers {
			set[answer] = true
		}
		return set
	}
	for name, tt := range map[string]struct {
		before, after side
		want          []string
		compared      [len(blurs)]int
	}{
		"nothing":         {side{run("a", "b")}, side{run("b", "a")}, nil, [...]int{2, 0, 0}},
		"a word":          {side{run("a"), run("a")}, side{run("b"), run("b")}, []string{"-a", "+b"}, [...]int{0, 0, 1}},
		"a number":        {side{run("a 1"), run("a 1")}, side{run("a 2")}, []string{"-a 1", "+a 2"}, [...]int{0, 1, 0}},
		"a time":          {side{run("2026-05-20"), run("2026-05-20")}, side{run("2026-05-21")}, []string{"-2026-05-20", "+2026-05-21"}, [...]int{1, 0, 0}},
		"by chance":       {side{run("a 1"), run("a 2")}, side{run("a 3")}, nil, [...]int{0, 0, 2}},
		"a port":          {side{run("127.0.0.1:1")}, side{run("127.0.0.1:2")}, nil, [...]int{1, 0, 0}},
		"a word polled":   {side{run("a"), run("a", "b")}, side{run("a"), run("a", "c")}, nil, [...]int{1, 0, 0}},
		"a clock running": {side{run("2026-05-20 x 1"), run("2026-05-21 x 1")}, side{run("2026-05-22 x 2")}, []string{"-<TIME> x 1", "+<TIME> x 2"}, [...]int{0, 2, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c counts
			if diff := cmp.Diff(tt.want, c.compare(tt.before, tt.after)); diff != "" {
				t.Errorf("differences: want (-), got (+):\n%s", diff)
			}
			if diff := cmp.Diff(tt.compared, c.compared); diff != "" {
				t.Errorf("compared: want (-), got (+):\n%s", diff)
			}
		})
	}
}
