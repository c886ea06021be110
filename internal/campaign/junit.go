package campaign

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
)

// suites is JUnit's XML, as CI systems read it.
type suites struct {
	XMLName xml.Name `xml:"testsuites"`
	Suites  []suite  `xml:"testsuite"`
}

type suite struct {
	Name     string     `xml:"name,attr"`
	Tests    int        `xml:"tests,attr"`
	Failures int        `xml:"failures,attr"`
	Skipped  int        `xml:"skipped,attr"`
	Time     string     `xml:"time,attr"`
	Began    string     `xml:"timestamp,attr"`
	Cases    []testCase `xml:"testcase"`
}

type testCase struct {
	Name    string   `xml:"name,attr"`
	Class   string   `xml:"classname,attr"`
	Time    string   `xml:"time,attr"`
	Failure *outcome `xml:"failure,omitempty"`
	Skipped *outcome `xml:"skipped,omitempty"`
	Out     string   `xml:"system-out,omitempty"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// WriteJUnit writes the report as JUnit's XML, a case for each run. Where there is a baseline, what differs from it has
// failed; else what leaks, misreports, hangs or crashes: to fail, say so and leave nothing is right under a fault.
func (r *Report) WriteJUnit(w io.Writer) error {
	s := suite{
		Name: "understudy campaign " + r.Module, Tests: len(r.Results), Time: fmt.Sprintf("%.1f", r.Seconds),
		Began: r.Began.UTC().Format("2006-01-02T15:04:05"),
	}
	for _, result := range r.Results {
		c := testCase{
			Name: result.Name(), Class: r.Module, Time: fmt.Sprintf("%.1f", result.Seconds),
			Out: strings.Join(result.Findings, "\n"),
		}
		switch wrong := r.wrong(result); {
		case wrong != "":
			s.Failures++
			c.Failure = &outcome{Message: wrong, Text: c.Out}
			c.Out = ""
		case result.Worst() == Untouched:
			s.Skipped++
			c.Skipped = &outcome{Message: Untouched.means()}
		}
		s.Cases = append(s.Cases, c)
	}
	for _, d := range r.Differences {
		if d.Is == nil { // it has no result
			s.Tests++
			s.Failures++
			s.Cases = append(s.Cases, testCase{
				Name: d.Fault, Class: r.Module, Time: "0.0", Failure: &outcome{Message: d.String()},
			})
		}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	encoder := xml.NewEncoder(w)
	encoder.Indent("", "  ")
	if err := encoder.Encode(suites{Suites: []suite{s}}); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// wrong says what is wrong with a result; empty: nothing.
func (r *Report) wrong(result Result) string {
	if r.Differences != nil {
		for _, d := range r.Differences {
			if d.Fault == result.Fault {
				return d.String()
			}
		}
		return ""
	}
	switch result.Worst() {
	case Leaks, Misreports, Hung, Crashed:
		return result.Verdict()
	default:
		return ""
	}
}
