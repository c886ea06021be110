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
	millis    unit = " ms"
	seconds   unit = " s"
	megabytes unit = " MB"
)

// row of the table. Without a baseline the goal is for the figure itself.
type row struct {
	what     string
	figure   float64
	baseline float64 // 0: none
	unit     unit
	goal     goal
}

// goal is a bound: for the ratio where the row has a baseline, else for the
// figure. The zero goal is none.
type goal struct {
	atLeast, atMost float64
}

func (g goal) met(v float64) bool {
	return v >= g.atLeast && (g.atMost == 0 || v <= g.atMost)
}

func (r row) cells() []string {
	cells := []string{r.what, write(r.figure, r.unit), "-", "-", "-", ""}
	value, format := r.figure, func(v float64) string { return write(v, r.unit) }
	if r.baseline > 0 {
		value = r.figure / r.baseline
		format = func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " x" }
		cells[2], cells[3] = write(r.baseline, r.unit), format(value)
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
	case megabytes:
		digits = 1
	case perSecond:
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + string(u)
}

func printTable(w io.Writer, rows []row) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "what\tfigure\tbaseline\tratio\tgoal\t")
	for _, r := range rows {
		for _, cell := range r.cells() {
			fmt.Fprint(table, cell, "\t")
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
	return sorted[len(sorted)/2]
}

// inMillis is a duration as a figure.
func inMillis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
