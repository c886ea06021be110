package main

import (
	"time"

	"github.com/understudy-dev/understudy/bench/report"
)

// unit is what a figure counts.
type unit = report.Unit

const (
	perSecond = report.PerSecond
	micros    = report.Micros
	millis    = report.Millis
	seconds   = report.Seconds
	megabytes = report.Megabytes
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

// report is the row as it is shown and kept.
func (r row) report() report.Row {
	return report.Row{
		What: r.what, Unit: r.unit, Figures: r.figures, Baselines: r.baselines, CPU: medianCPU(r.cpu),
		AtLeast: r.goal.atLeast, AtMost: r.goal.atMost,
	}
}

// median of values; 0 of none.
func median[T float64 | time.Duration](values []T) T { return report.Median(values) }
