package main

import (
	"fmt"
	"io"
	"slices"
	"strconv"
	"text/tabwriter"
	"time"
)

// unit is what a figure counts.
type unit string

const (
	perSecond unit = "/s"
	micros    unit = " µs"
	millis    unit = " ms"
	seconds   unit = " s"
	megabytes unit = " MB"
)

// row of the table: what each round measured, and for the baseline in turn.
// Without a baseline the goal is for the figure itself.
type row struct {
	what      string
	unit      unit
	figures   []float64
	baselines []float64 // none, or as many as figures
	cpu       []usage   // for one operation; may be none
	goal      goal
}

// goal is a bound: for the ratio where the row has a baseline, else for the
// figure. The zero goal is none.
type goal struct {
	atLeast, atMost float64
}

func (g goal) met(v float64) bool {
	return v >= g.atLeast && (g.atMost == 0 || v <= g.atMost)
}

// ratio is the median of the rounds' own ratios: when others load the machine,
// they hit both sides of a round alike, but not two rounds.
func (r row) ratio() float64 {
	ratios := make([]float64, len(r.figures))
	for i, figure := range r.figures {
		ratios[i] = figure / r.baselines[i]
	}
	return median(ratios)
}

func (r row) cells() []string {
	value, format := median(r.figures), func(v float64) string { return write(v, r.unit) }
	cells := []string{r.what, format(value), "-", "-", "-", "", cpuCell(r.cpu)}
	if len(r.baselines) > 0 {
		cells[2] = format(median(r.baselines))
		value, format = r.ratio(), func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " x" }
		cells[3] = format(value)
	}
	switch {
	case r.goal.atLeast > 0:
		cells[4] = ">= " + format(r.goal.atLeast)
	case r.goal.atMost > 0:
		cells[4] = "<= " + format(r.goal.atMost)
	default:
		return cells
	}
	cells[5] = "missed"
	if r.goal.met(value) {
		cells[5] = "met"
	}
	return cells
}

// write writes a figure with the digits that mean something.
func write(v float64, u unit) string {
	digits := 0
	switch u {
	case millis, seconds:
		digits = 2
	case micros, megabytes:
		digits = 1
	case perSecond:
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + string(u)
}

func printTable(w io.Writer, rows []row) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "what\tfigure\tbaseline\tratio\tgoal\t\tCPU µs: product + Postgres")
	for _, r := range rows {
		for i, cell := range r.cells() {
			if i > 0 {
				fmt.Fprint(table, "\t")
			}
			fmt.Fprint(table, cell)
		}
		fmt.Fprintln(table)
	}
	_ = table.Flush() // nothing to be done about a closed output
}

// median of values; 0 of none.
func median[T float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
