package campaign

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
)

// WriteTable writes the report for people: a line for each run, and what was found.
func (r *Report) WriteTable(w io.Writer) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	line := func(cells ...string) { // a Writer of this kind keeps its error for Flush
		_, _ = fmt.Fprintln(table, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	line("FAULT", "VERDICT", "APPLY", "PLAN", "DESTROY", "AGAIN", "HITS", "TIME", "LEFT")
	for _, run := range r.Results {
		line(run.Name(), joined(run.Verdicts), string(run.Apply.Outcome), string(run.Plan.Outcome),
			string(run.Destroy.Outcome), string(run.AgainOutcome()), fmt.Sprint(run.Hits), fmt.Sprintf("%.1fs", run.Seconds),
			kinds(run.Left))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	var found strings.Builder
	for _, run := range r.Results {
		for _, finding := range run.Findings {
			fmt.Fprintf(&found, "  %s: %s\n", run.Name(), finding)
		}
	}
	if len(r.Differences) > 0 {
		found.WriteString("\nDifferent from the baseline:\n")
		for _, d := range r.Differences {
			fmt.Fprintf(&found, "  %v\n", d)
		}
	}
	if found.Len() > 0 {
		found.WriteString("\n")
	}
	_, err := fmt.Fprintf(w, "\n%s%s in %.0f s, %d at once\nwith %s and %s\n",
		&found, r.Summary(), r.Seconds, r.Parallel, r.Terraform, r.Provider)
	return err
}

// AgainOutcome is how the second destroy came out.
func (r *Result) AgainOutcome() Outcome {
	if r.Again == nil {
		return Skipped
	}
	return r.Again.Outcome
}
