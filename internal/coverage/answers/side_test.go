package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatDiffers(t *testing.T) {
	t.Parallel()
	known := newForms()
	run := func(answers ...string) map[*answer]bool {
		set := map[*answer]bool{}
		for _, text := range answers {
			set[known.of("T\nGET /\n"+text)] = true
		}
		return set
	}
	for name, tt := range map[string]struct {
		before, after side
		want          []string
		compared      [len(blurs)]int
	}{
		"nothing": {
			side{run("a", "b")},
			side{run("b", "a")},
			nil,
			[...]int{2, 0, 0},
		},
		"a port": {
			side{run("127.0.0.1:1")},
			side{run("127.0.0.1:2")},
			nil,
			[...]int{1, 0, 0},
		},
		"a time": {
			side{run("2026-05-20"), run("2026-05-20")},
			side{run("2026-05-21")},
			[]string{"-2026-05-20", "+2026-05-21"},
			[...]int{1, 0, 0},
		},
		"a number while a clock runs": {
			side{run("2026-05-20 x 1"), run("2026-05-21 x 1")},
			side{run("2026-05-22 x 2")},
			[]string{"-<TIME> x 1", "+<TIME> x 2"},
			[...]int{0, 2, 0},
		},
		"a number by chance": {
			side{run("a 1"), run("a 2")},
			side{run("a 3")},
			nil,
			[...]int{0, 0, 2},
		},
		"a word": {
			side{run("a", "x"), run("a", "x")},
			side{run("b", "x")},
			[]string{"-a", "+b"},
			[...]int{1, 0, 1},
		},
		"a word where others vary": {
			side{run("a\nc"), run("a\nd")},
			side{run("b\nc"), run("b\ne")},
			[]string{"-a", "+b"},
			[...]int{0, 0, 0},
		},
		"words that vary": {
			side{run("a"), run("a", "b")},
			side{run("a"), run("a", "c")},
			nil,
			[...]int{1, 0, 0},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var c counts
			var got []string
			for _, difference := range c.compare(tt.before, tt.after) {
				got = append(got, strings.Replace(difference, "T\nGET /\n", "", 1))
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("differences: want (-), got (+):\n%s", diff)
			}
			if diff := cmp.Diff(tt.compared, c.compared); diff != "" {
				t.Errorf("compared: want (-), got (+):\n%s", diff)
			}
		})
	}
}
