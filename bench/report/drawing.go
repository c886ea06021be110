package report

import (
	"bytes"
	"fmt"
	"html"
)

// drawing is the inside of an SVG.
type drawing struct{ bytes.Buffer }

// style is light, and dark where the reader's system is.
const style = `
text { font: 13px system-ui, sans-serif; fill: #1f2328; }
.title { font-size: 16px; font-weight: 600; }
.group { font-weight: 600; }
.figure { font-size: 12px; text-anchor: middle; }
.back { fill: #ffffff; }
.ours { fill: #0969da; }
.other { fill: #a0a8b1; }
.axis { stroke: #a0a8b1; }
.curve { fill: none; stroke: #0969da; stroke-width: 2; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3; }
  .back { fill: #0d1117; }
  .ours { fill: #4493f8; }
  .other { fill: #6e7681; }
  .axis { stroke: #6e7681; }
  .curve { stroke: #4493f8; }
}
`

func (d *drawing) text(x, y float64, class, text string) {
	fmt.Fprintf(d, "<text class=%q x=\"%.1f\" y=\"%.1f\">%s</text>\n", class, x, y, html.EscapeString(text))
}

// centred writes a figure around a place.
func (d *drawing) centred(x, y float64, text string) { d.text(x, y, "figure", text) }

func (d *drawing) rect(x, y, width, height float64, class string) {
	fmt.Fprintf(d, "<rect class=%q x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" rx=\"2\"/>\n",
		class, x, y, width, height)
}

func (d *drawing) line(x1, y1, x2, y2 float64) {
	fmt.Fprintf(d, "<line class=\"axis\" x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\"/>\n", x1, y1, x2, y2)
}

func (d *drawing) circle(x, y float64) {
	fmt.Fprintf(d, "<circle class=\"ours\" cx=\"%.1f\" cy=\"%.1f\" r=\"3.5\"/>\n", x, y)
}

func (d *drawing) polyline(points [][2]float64) {
	fmt.Fprint(d, `<polyline class="curve" points="`)
	for i, p := range points {
		if i > 0 {
			fmt.Fprint(d, " ")
		}
		fmt.Fprintf(d, "%.1f,%.1f", p[0], p[1])
	}
	fmt.Fprintln(d, `"/>`)
}

// svg wraps the drawing, with what is read out instead of it.
func (d *drawing) svg(title, description string, width, height float64) []byte {
	var out bytes.Buffer
	fmt.Fprintf(&out, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %.0f %.0f" width="%.0f" height="%.0f" `+
		`role="img" aria-labelledby="title desc">`+"\n", width, height, width, height)
	fmt.Fprintf(&out, "<title id=\"title\">%s</title>\n", html.EscapeString(title))
	fmt.Fprintf(&out, "<desc id=\"desc\">%s</desc>\n", html.EscapeString(description))
	fmt.Fprintf(&out, "<style>%s</style>\n", style)
	fmt.Fprintf(&out, "<rect class=\"back\" width=\"%.0f\" height=\"%.0f\"/>\n", width, height)
	out.Write(d.Bytes())
	fmt.Fprintln(&out, "</svg>")
	return out.Bytes()
}
