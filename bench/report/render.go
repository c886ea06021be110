package report

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// File is where a run is kept, in the directory of its pages.
const File = "results.json"

const (
	readmeBegin = "<!-- bench:begin, of docs/bench/results.json: make generate -->\n"
	readmeEnd   = "<!-- bench:end -->\n"
)

// inReadme are the measurements that the README shows, those of their rows that have a goal.
func inReadme() []string {
	return []string{"ready", "memory", "accept", "get", "kept", "life", "backlog", "river"}
}

// Render makes the plots and the page of a report, beside it, anew; nothing that an earlier one had is left.
func Render(dir string) error {
	r, err := Load(filepath.Join(dir, File))
	if err != nil {
		return err
	}
	old, err := filepath.Glob(filepath.Join(dir, "*.svg"))
	if err != nil {
		return err
	}
	for _, file := range old {
		if err := os.Remove(file); err != nil {
			return err
		}
	}
	for _, c := range r.Charts {
		if err := write(filepath.Join(dir, c.Name+".svg"), c.svg()); err != nil {
			return err
		}
	}
	return write(filepath.Join(dir, "README.md"), r.page())
}

// RenderReadme puts what counts of the report in a directory between the marks of a README.
func RenderReadme(readme, dir string) error {
	r, err := Load(filepath.Join(dir, File))
	if err != nil {
		return err
	}
	text, err := os.ReadFile(readme)
	if err != nil {
		return err
	}
	where, err := filepath.Rel(filepath.Dir(readme), dir)
	if err != nil {
		return err
	}
	text, err = between(text, r.summary(filepath.ToSlash(where)))
	if err != nil {
		return fmt.Errorf("%s: %w", readme, err)
	}
	return write(readme, text)
}

// between replaces what stands between the marks.
func between(text, section []byte) ([]byte, error) {
	head, rest, begins := bytes.Cut(text, []byte(readmeBegin))
	_, tail, ends := bytes.Cut(rest, []byte(readmeEnd))
	if !begins || !ends {
		return nil, errors.New("it has no " + strings.TrimSpace(readmeBegin) + " before a " + strings.TrimSpace(readmeEnd))
	}
	return slices.Concat(head, []byte(readmeBegin), section, []byte(readmeEnd), tail), nil
}

func write(file string, data []byte) error {
	return os.WriteFile(file, data, 0o644) //nolint:gosec // it is for everybody
}

// machine is the sentence without which no figure means anything.
func (r Report) machine() string {
	text := fmt.Sprintf("Measured on %s on %s, %d cores, %s; Linux %s, Postgres %s with fsync, %s; commit %s",
		r.Run.Date, r.Machine.CPU, r.Machine.Cores, r.Machine.Memory, r.Machine.Kernel, r.Machine.Postgres, r.Machine.Go,
		r.Run.Commit)
	if r.Run.Before != "" {
		text += ", as “before” " + r.Run.Before
	}
	text += fmt.Sprintf("; medians of %d rounds of %s, load average %s before and %s after",
		r.Run.Rounds, r.Run.Duration, r.Run.LoadBefore, r.Run.LoadAfter)
	return text + ". Clients, servers and Postgres share the processors."
}

// page is the whole table, with the plots.
func (r Report) page() []byte {
	var out bytes.Buffer
	fmt.Fprint(&out, "# Measurements\n\n<!-- Made of "+File+" by `make generate`. -->\n\n"+
		"What `make bench` found. "+r.machine()+"\n\n"+
		"A figure without a baseline has its goal itself, any other for the ratio: the median of the rounds' own.\n\n")
	for _, c := range r.Charts {
		fmt.Fprintf(&out, "![%s](%s.svg)\n\n%s\n\n", c.Title, c.Name, c.Description)
	}
	for _, m := range r.Measurements {
		fmt.Fprintf(&out, "## %s\n\n", m.Name)
		markdown(&out, m.Rows)
		fmt.Fprintln(&out)
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

// summary is the part of the table that the README shows.
func (r Report) summary(dir string) []byte {
	var rows []Row
	for _, name := range inReadme() {
		for _, m := range r.Measurements {
			for _, row := range m.Rows {
				if m.Name == name && (row.AtLeast > 0 || row.AtMost > 0) {
					rows = append(rows, row)
				}
			}
		}
	}
	var out bytes.Buffer
	for _, c := range r.Charts {
		fmt.Fprintf(&out, "![%s](%s/%s.svg)\n\n", c.Title, dir, c.Name)
	}
	markdown(&out, rows)
	fmt.Fprintf(&out, "\n%s [All figures](%s/README.md).\n", r.machine(), dir)
	return out.Bytes()
}
