package campaign

import (
	_ "embed"
	"html/template"
	"io"
	"sync"
)

//go:embed report.html
var page string

var pageTemplate = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("report").Funcs(template.FuncMap{
		"means": Verdict.means,
		"kinds": kinds,
	}).Parse(page))
})

// tally is how many runs have a verdict as their worst.
type tally struct {
	Verdict Verdict
	Count   int
	Percent float64 // of all
}

// WriteHTML writes the report as one page that needs nothing else.
func (r *Report) WriteHTML(w io.Writer) error {
	tallies := []tally{}
	for _, v := range verdicts {
		if n := r.Count(v); n > 0 {
			tallies = append(tallies, tally{v, n, 100 * float64(n) / float64(len(r.Faulty()))})
		}
	}
	return pageTemplate().Execute(w, struct {
		*Report
		Tallies []tally
	}{r, tallies})
}
