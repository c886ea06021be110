package dashboard

import (
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// functions are those of the templates.
func (h *Handler) functions() template.FuncMap {
	return template.FuncMap{
		"asset":     h.assetURL,
		"part":      h.part,
		"body":      h.body,
		"chooser":   h.chooser,
		"url":       h.url,
		"here":      withQuery,
		"menu":      func() []entry { return menu },
		"chapter":   chapterOf,
		"operation": h.operation,
		"text":      text,
		"span":      span,
		"ms":        func(d time.Duration) int64 { return d.Milliseconds() },
		"unix":      func(t time.Time) int64 { return t.UnixMilli() },
		"ref":       func(t time.Time) *time.Time { return &t },
		"between":   between,
		"length":    length,
		"export":    sandbox.Export,
		"last":      func(all []sandbox.StatusTime) string { return all[len(all)-1].Status },
		"clock":     func(t time.Time) string { return t.UTC().Format("15:04:05") },
		"when":      when,
		"prose":     prose,
		"day":       func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"iso":       func(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) },
		"rfc":       func(t time.Time) string { return t.UTC().Format(time.RFC3339) },
		"short":     short,
		"json":      pretty,
		"plus":      func(a, b int) int { return a + b },
		"minus":     func(a, b int) int { return a - b },
		"list":      func(all ...string) []string { return all },
		"dict":      dict,
		"left":      left,
		"swap":      func() template.HTMLAttr { return swapping },
	}
}

func chapterOf(page string) string {
	if of, ok := chapter[page]; ok {
		return of
	}
	return page
}

// chooser is the page on which another account is looked at: that of many, from the page of one thing.
func (h *Handler) chooser(v *view) string {
	for _, e := range menu {
		if e.Page == chapterOf(v.Name) {
			return h.Prefix + e.Path
		}
	}
	return h.Prefix + "/"
}

// url makes the URL of a page, of its path and pairs of a parameter's name and value; what is empty is left out.
func (h *Handler) url(path string, pairs ...any) (string, error) {
	values := url.Values{}
	if err := set(values, pairs); err != nil {
		return "", err
	}
	if len(values) == 0 {
		return h.Prefix + path, nil
	}
	return h.Prefix + path + "?" + values.Encode(), nil
}

// withQuery is the URL of the page itself, with other parameters.
func withQuery(v *view, pairs ...any) (string, error) {
	values := url.Values{}
	maps.Copy(values, v.Query)
	if err := set(values, pairs); err != nil {
		return "", err
	}
	if len(values) == 0 {
		return v.Path, nil
	}
	return v.Path + "?" + values.Encode(), nil
}

func set(values url.Values, pairs []any) error {
	if len(pairs)%2 != 0 {
		return fmt.Errorf("parameters %v are no pairs", pairs)
	}
	for i := 0; i < len(pairs); i += 2 {
		name, value := fmt.Sprint(pairs[i]), text(pairs[i+1])
		if value == "" || value == "0" {
			values.Del(name)
			continue
		}
		values.Set(name, value)
	}
	return nil
}

// dict is a map, for a template that takes several values.
func dict(pairs ...any) (map[string]any, error) {
	if len(pairs)%2 != 0 {
		return nil, fmt.Errorf("%v are no pairs", pairs)
	}
	d := map[string]any{}
	for i := 0; i < len(pairs); i += 2 {
		d[fmt.Sprint(pairs[i])] = pairs[i+1]
	}
	return d, nil
}

// operation finds an operation in the documents; nil: there is none.
func (h *Handler) operation(id string) *openapi.Operation {
	for _, d := range h.Dialects {
		if op, ok := d.Document.Operation(id); ok {
			return op
		}
	}
	return nil
}

func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	}
	return fmt.Sprint(v)
}

// short is the beginning of an id that is long.
func short(id string) string {
	const enough = 8
	if len(id) <= enough {
		return id
	}
	return id[:enough]
}

// when writes a time for those whose clock shows another: the day, too, where that is another one.
func when(t, now time.Time) string {
	t, now = t.UTC(), now.UTC()
	if t.Truncate(24 * time.Hour).Equal(now.Truncate(24 * time.Hour)) {
		return t.Format("15:04:05")
	}
	return t.Format("2006-01-02 15:04:05")
}

var quoted = regexp.MustCompile("`([^`]+)`")

// prose is a text of a document, with what stands in `quotes` there as code.
func prose(text string) template.HTML {
	text = quoted.ReplaceAllString(template.HTMLEscapeString(text), "<code>$1</code>")
	return template.HTML(text) //nolint:gosec // it is escaped
}

// length is span of a length that is a text.
func length(text string) string {
	d, err := time.ParseDuration(text)
	if err != nil {
		return text
	}
	return span(d)
}

// span writes a length of time with as much of it as people compare: 850 ms, 4.2 s, 3 m 05 s, 2 h 10 m, 3 d 4 h.
func span(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < 0:
		return "0 s"
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%d s", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%d m %02d s", int(d.Minutes()), int(d.Seconds())%60)
	case d < day:
		return fmt.Sprintf("%d h %02d m", int(d.Hours()), int(d.Minutes())%60)
	}
	return fmt.Sprintf("%d d %d h", int(d/day), int(d.Hours())%24)
}

// remaining is how much of a stretch of business time is left.
type remaining struct {
	Left, Total time.Duration
	Rate        float64
}

// Past is how much of it is over.
func (r remaining) Past() time.Duration { return r.Total - r.Left }

// between is the time from one moment to another; empty: one of them is not known.
func between(from, to *time.Time) string {
	if from == nil || to == nil {
		return ""
	}
	return span(to.Sub(*from))
}

// left works that out, of when it began and ends, and what the clock shows.
func left(since, until *time.Time, now time.Time, rate float64) *remaining {
	if until == nil {
		return nil
	}
	r := &remaining{Left: max(until.Sub(now), 0), Rate: rate}
	if r.Total = r.Left; since != nil {
		r.Total = max(until.Sub(*since), r.Left)
	}
	return r
}

// pretty is JSON for people.
func pretty(v any) (string, error) {
	raw, ok := v.(json.RawMessage)
	if !ok {
		var err error
		if raw, err = json.Marshal(v); err != nil {
			return "", err
		}
	}
	var value any
	decoder := json.NewDecoder(strings.NewReader(string(raw)))
	decoder.UseNumber()
	if decoder.Decode(&value) != nil {
		return string(raw), nil
	}
	var out strings.Builder
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(value)
	return strings.TrimSpace(out.String()), err
}

// swapping lets a form take the place of the page without loading it anew, where there are scripts.
const swapping = `hx-boost="true" hx-target="#main" hx-select="#main" hx-swap="outerHTML show:none"`
