package campaign

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/lazy"
)

// said is what a command of Terraform says with -json, a message a line.
type said struct {
	errors  []string
	changes []string // what it plans: an address and what becomes of it
	crashed bool
}

// message is a line of it.
type message struct {
	Type       string `json:"type"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
		Address  string `json:"address"`
	} `json:"diagnostic"`
	Change struct {
		Resource struct {
			Address string `json:"addr"`
		} `json:"resource"`
		Action string `json:"action"`
	} `json:"change"`
}

// crash is what Terraform says when a provider is gone.
var crash = lazy.Regexp(`(?i)plugin (crashed|did not respond)|^panic: |Stack trace from the .* plugin`)

// readSaid reads what a command wrote. What is no message is left out: a provider may write what it likes.
func readSaid(stdout, stderr []byte) (s said) {
	const longest = 16 << 20 // a plan of a large module
	lines := bufio.NewScanner(bytes.NewReader(stdout))
	lines.Buffer(nil, longest)
	for lines.Scan() {
		var m message
		if json.Unmarshal(lines.Bytes(), &m) != nil {
			continue
		}
		switch {
		case m.Type == "planned_change":
			s.changes = append(s.changes, m.Change.Resource.Address+": "+m.Change.Action)
		case m.Type == "diagnostic" && m.Diagnostic.Severity == "error":
			s.errors = append(s.errors, m.text())
		}
	}
	if said := strings.TrimSpace(string(stderr)); said != "" && len(s.errors) == 0 {
		s.errors = append(s.errors, oneLine(said))
	}
	s.crashed = slices.ContainsFunc(s.errors, crash().MatchString) || crash().Match(stderr)
	return s
}

// text is an error in one line.
func (m message) text() string {
	text := m.Diagnostic.Summary
	if detail := m.Diagnostic.Detail; detail != "" && detail != text {
		text += ": " + detail
	}
	if m.Diagnostic.Address != "" {
		text = m.Diagnostic.Address + ": " + text
	}
	return oneLine(text)
}

// mostSaid is how much of an error is shown.
const mostSaid = 300

func oneLine(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > mostSaid {
		return string(runes[:mostSaid]) + "…"
	}
	return text
}

// stateModule is a module in what `terraform show -json` says of a state.
type stateModule struct {
	Resources []struct {
		Address string `json:"address"`
		Mode    string `json:"mode"`
		Values  struct {
			ID any `json:"id"`
		} `json:"values"`
	} `json:"resources"`
	Children []stateModule `json:"child_modules"`
}

var number = lazy.Regexp(`[0-9]+`)

// idsOfState returns the numbers in the ids of what a state has. An id there may be made of several: that of a
// subscription and that of its database. No two resources of an account have the same number.
func idsOfState(text []byte) (map[string]bool, error) {
	var state struct {
		Values struct {
			Root stateModule `json:"root_module"`
		} `json:"values"`
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, fmt.Errorf("read the state: %w", err)
	}
	ids := map[string]bool{}
	for modules := []stateModule{state.Values.Root}; len(modules) > 0; modules = modules[1:] {
		for _, r := range modules[0].Resources {
			if r.Mode != "managed" {
				continue
			}
			for _, id := range number().FindAllString(fmt.Sprint(r.Values.ID), -1) {
				ids[id] = true
			}
		}
		modules = append(modules, modules[0].Children...)
	}
	return ids, nil
}
