package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func example() Report {
	return Report{
		Machine: Machine{CPU: "Abacus", Cores: 2, Memory: "1 GB", Kernel: "6.1", Postgres: "15.1", Go: "go1.26"},
		Run: Run{
			Date: "2026-02-03", Commit: "abcdef0", Before: "1234567", Rounds: 3, Duration: "4s",
			LoadBefore: "0.10", LoadAfter: "1.50",
		},
		Measurements: []Measurement{
			{"state", []Row{{What: "fork", Unit: Millis, Figures: []float64{9}, AtMost: 10}}},
			{"backlog", []Row{
				{
					What: "backlog", Unit: PerSecond, Figures: []float64{20, 4}, Baselines: []float64{10, 1},
					CPU: &CPU{5, 7}, AtLeast: 4,
				},
				{What: "backlog itself", Unit: PerSecond, Figures: []float64{20, 4}},
			}},
		},
		Charts: []Chart{
			{Name: "bars", Title: "Tea & beer", Description: "More <b>beer</b>.", Bars: []Bar{
				{Group: "hot", Label: "tea", Value: 7, Unit: PerSecond, Ours: true},
				{Group: "cold", Label: `"beer"`, Value: 14, Unit: PerSecond, CPU: &CPU{1, 2}},
			}},
			{Name: "curves", Title: "Growth", Description: "None.", Curves: []Curve{
				{"flat", Millis, []Point{{1000, 2}, {1_000_000, 2}}},
				{"nothing", Millis, []Point{{1000, 0}}},
			}},
		},
	}
}

// What is kept is read back, and rendered twice alike: into a README, a page and its plots.
func TestRender(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	readme, bench := filepath.Join(dir, "README.md"), filepath.Join(dir, "bench")
	put(t, filepath.Join(bench, "stale.svg"), "<svg/>")
	put(t, readme, "# Title\n\n"+readmeBegin+"9/s\n"+readmeEnd+"\nThe end.\n")
	if err := example().Save(filepath.Join(bench, File)); err != nil {
		t.Fatal(err)
	}
	var first map[string]string
	for range 2 {
		if err := errors.Join(Render(bench), RenderReadme(readme, bench)); err != nil {
			t.Fatal(err)
		}
		files := contents(t, dir)
		if diff := cmp.Diff(first, files); first != nil && diff != "" {
			t.Errorf("rendered again: want (-), got (+):\n%s", diff)
		}
		first = files
	}
	if _, ok := first["bench/stale.svg"]; ok {
		t.Error("a plot that is no longer measured is left")
	}
	want := "# Title\n\n" + readmeBegin + `![Tea & beer](bench/bars.svg)

![Growth](bench/curves.svg)

| what | figure | baseline | ratio | goal | CPU µs: server + Postgres |
|---|---|---|---|---|---|
| backlog | 12/s | 6/s | 3.00 × | ≥ 4.00 ×, missed | 5 + 7 |

Measured on 2026-02-03 on Abacus, 2 cores, 1 GB; Linux 6.1, Postgres 15.1 with fsync, go1.26; ` +
		"commit abcdef0, as “before” 1234567; medians of 3 rounds of 4s, load average 0.10 before and 1.50 after. " +
		"Clients, servers and Postgres share the processors. [All figures](bench/README.md).\n" + readmeEnd + "\nThe end.\n"
	if diff := cmp.Diff(want, first["README.md"]); diff != "" {
		t.Errorf("README: want (-), got (+):\n%s", diff)
	}
	for _, line := range []string{
		"## state\n", "| fork | 9.00 ms | - | - | ≤ 10.00 ms, met | - |\n", "| backlog itself | 12/s | - | - | - | - |\n",
		"](bars.svg)\n\nMore <b>beer</b>.\n",
	} {
		if !strings.Contains(first["bench/README.md"], line) {
			t.Errorf("the page lacks %q:\n%s", line, first["bench/README.md"])
		}
	}
}

// A plot is well-formed, says in words what it shows, and can be read on a dark page.
func TestChart(t *testing.T) {
	t.Parallel()
	for _, c := range example().Charts {
		svg := c.svg()
		var said struct {
			Role  string   `xml:"role,attr"`
			Title string   `xml:"title"`
			Desc  string   `xml:"desc"`
			Style string   `xml:"style"`
			Texts []string `xml:"text"`
		}
		if err := xml.Unmarshal(svg, &said); err != nil {
			t.Fatalf("%s: %v\n%s", c.Name, err, svg)
		}
		if said.Role != "img" || said.Title != c.Title || said.Desc != c.Description ||
			!strings.Contains(said.Style, "prefers-color-scheme: dark") {
			t.Errorf("%s: got %+v", c.Name, said)
		}
		for _, bar := range c.Bars {
			if !strings.Contains(strings.Join(said.Texts, "\n"), bar.Label+"\n"+bar.Unit.Write(bar.Value)) {
				t.Errorf("%s: the figure of %s is not there: %q", c.Name, bar.Label, said.Texts)
			}
		}
		if bytes.Contains(svg, []byte("NaN")) || bytes.Contains(svg, []byte("Inf")) {
			t.Errorf("%s: has what is no number:\n%s", c.Name, svg)
		}
	}
}

func TestReadmeWithoutMarks(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", readmeBegin, readmeEnd + readmeBegin} {
		if got, err := between([]byte(text), nil); err == nil {
			t.Errorf("%q: got %q, want an error", text, got)
		}
	}
}

// A report that this version does not understand is not half rendered.
func TestLoadRefusesUnknown(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), File)
	put(t, file, `{"machine":{"abacus":true}}`)
	if r, err := Load(file); err == nil {
		t.Errorf("got %+v, want an error", r)
	}
}

// Of an even number of rounds none is in the middle: the better one of two must not count as both.
func TestMedian(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []float64
		want   float64
	}{{nil, 0}, {[]float64{3}, 3}, {[]float64{4, 1}, 2.5}, {[]float64{9, 1, 2}, 2}, {[]float64{9, 1, 2, 4}, 3}} {
		if got := Median(tt.values); got != tt.want {
			t.Errorf("median of %v: got %v, want %v", tt.values, got, tt.want)
		}
	}
}

func put(t *testing.T, file, text string) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o600)); err != nil {
		t.Fatal(err)
	}
}

func contents(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, pattern := range []string{"*.md", "bench/*"} {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			short, _ := filepath.Rel(dir, name) // it is below
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files[short] = string(text)
		}
	}
	return files
}
