package report

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
)

// ratio is the median of the rounds' own ratios: when others load the machine,
// they hit both sides of a round alike, but not two rounds.
func (r Row) ratio() float64 {
	ratios := make([]float64, len(r.Figures))
	for i, figure := range r.Figures {
		ratios[i] = figure / r.Baselines[i]
	}
	return Median(ratios)
}

// met says whether a value is within the goal.
func (r Row) met(v float64) bool {
	return v >= r.AtLeast && (r.AtMost == 0 || v <= r.AtMost)
}

// The columns of a row.
const (
	columnWhat = iota
	columnFigure
	columnBaseline
	columnRatio
	columnGoal
	columnMet
	columnCPU
	columns
)

func (r Row) cells() (cells [columns]string) {
	value, format := Median(r.Figures), r.Unit.Write
	cells = [columns]string{r.What, format(value), "-", "-", "-"}
	if r.CPU != nil {
		cells[columnCPU] = r.CPU.String()
	}
	if len(r.Baselines) > 0 {
		cells[columnBaseline] = format(Median(r.Baselines))
		value, format = r.ratio(), func(v float64) string { return strconv.FormatFloat(v, 'f', 2, 64) + " x" }
		cells[columnRatio] = format(value)
	}
	switch {
	case r.AtLeast > 0:
		cells[columnGoal] = ">= " + format(r.AtLeast)
	case r.AtMost > 0:
		cells[columnGoal] = "<= " + format(r.AtMost)
	default:
		return cells
	}
	cells[columnMet] = "missed"
	if r.met(value) {
		cells[columnMet] = "met"
	}
	return cells
}

// Write writes a figure with the digits that mean something.
func (u Unit) Write(v float64) string {
	digits := 0
	switch u {
	case Millis, Seconds:
		digits = 2
	case Micros, Megabytes:
		digits = 1
	case PerSecond:
	}
	return strconv.FormatFloat(v, 'f', digits, 64) + string(u)
}

// Print writes rows as a table for a terminal.
func Print(w io.Writer, rows []Row) {
	table := tabwriter.NewWriter(w, 0, 0, 3, ' ', 0)
	fmt.Fprintln(table, "what\tfigure\tbaseline\tratio\tgoal\t\tCPU µs: product + Postgres")
	for _, r := range rows {
		cells := r.cells()
		fmt.Fprintln(table, strings.Join(cells[:], "\t"))
	}
	_ = table.Flush() // nothing to be done about a closed output
}

// markdown writes rows as a table for a page.
func markdown(w io.Writer, rows []Row) {
	fmt.Fprintln(w, "| what | figure | baseline | ratio | goal | CPU µs: server + Postgres |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|")
	for _, r := range rows {
		cells := r.cells()
		goal := strings.NewReplacer(">=", "≥", "<=", "≤", " x", " ×").Replace(cells[columnGoal])
		if cells[columnMet] != "" {
			goal += ", " + cells[columnMet]
		}
		cpu := cells[columnCPU]
		if cpu == "" {
			cpu = "-"
		}
		fmt.Fprintf(w, "| %s | %s | %s | %s | %s | %s |\n", cells[columnWhat], cells[columnFigure], cells[columnBaseline],
			strings.ReplaceAll(cells[columnRatio], " x", " ×"), goal, cpu)
	}
}
