package mcp

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// generated is the API client inside the MCP server, made by its makers from the official description of the API.
const generated = npm + "/node_modules/mcp-redis-cloud/dist/clients/generated/"

// indispensable are members that this edition of the official description does not list as required, and without which
// there is nothing to do: in which region.
var indispensable = []string{"region", "regions", "sourceRegion"}

// Every request body that the official description has is taken: with all of its members, those that it calls
// read-only too, and with those only that it calls required.
func TestEveryMemberIsTaken(t *testing.T) {
	t.Parallel()
	installed(t)
	server := servetest.Start(t, servetest.Options{})
	models := readModels(t)
	var calls []call
	for _, m := range readMethods(t) {
		if m.body == "" {
			continue
		}
		for _, only := range []func(member) bool{
			func(member) bool { return true },
			func(m member) bool { return !m.readOnly && !m.optional || slices.Contains(indispensable, m.name) },
		} {
			for _, body := range models.bodies(t, m.body, only) {
				calls = append(calls, call{m.class, m.name, append(slices.Clone(m.args), body)})
			}
		}
	}
	if len(calls) < 80 {
		t.Errorf("found %d bodies to send, want at least 80", len(calls))
	}
	flags := []string{
		"--base-url=" + server.RecordedURL(), "--api-key=" + server.APIKey, "--secret-key=" + server.SecretKey,
	}
	for i, got := range callServices(t, flags, calls...) {
		if got.Status == http.StatusNotFound && strings.Contains(calls[i].method, "Tag") { // tags are looked up at once
			continue
		}
		if got.Error != nil {
			t.Errorf("%s.%s%v: %d %s", calls[i].class, calls[i].method, calls[i].args, got.Status, got.Error)
		}
	}
}

// Every method of the client sends what is an operation here, as those that send no body show without resources: they
// succeed, or do not find one.
func TestEveryMethodIsKnown(t *testing.T) {
	t.Parallel()
	installed(t)
	server := servetest.Start(t, servetest.Options{})
	var calls []call
	for _, m := range readMethods(t) {
		if m.body == "" {
			calls = append(calls, call{m.class, m.name, m.args})
		}
	}
	if len(calls) < 80 {
		t.Errorf("found %d methods without a body, want at least 80", len(calls))
	}
	flags := []string{
		"--base-url=" + server.RecordedURL(), "--api-key=" + server.APIKey, "--secret-key=" + server.SecretKey,
	}
	for i, got := range callServices(t, flags, calls...) {
		if got.Error != nil && got.Status != http.StatusNotFound {
			t.Errorf("%s.%s%v: %d %s", calls[i].class, calls[i].method, calls[i].args, got.Status, got.Error)
		}
	}
	requests := 0
	for line := range strings.Lines(server.Log()) {
		if !strings.Contains(line, "msg=request") {
			continue
		}
		if requests++; !strings.Contains(line, "operation=") {
			t.Errorf("this is no operation: %s", line)
		}
	}
	if requests == 0 { // reads that succeed are not logged, and others are
		t.Errorf("the server has logged no request:\n%s", server.Log())
	}
}

// method is a method of the client. Its arguments are ids of resources that do not exist, before the body if it has
// one.
type method struct {
	class, name string
	args        []any
	body        string // the name of its model
}

// readMethods reads the client's methods.
func readMethods(t *testing.T) (all []method) {
	t.Helper()
	static := regexp.MustCompile(`static (\w+)\((.*)\): CancelablePromise`)
	for class, text := range readAll(t, "services/*.d.ts") {
		for _, found := range static.FindAllStringSubmatch(text, -1) {
			m := method{class: class, name: found[1]}
			for arg := range strings.SplitSeq(found[2], ", ") {
				name, is, _ := strings.Cut(arg, ": ")
				switch {
				case arg == "":
				case strings.TrimSuffix(name, "?") == "requestBody":
					m.body = is
				case is == "number":
					m.args = append(m.args, 1)
				case is == "boolean":
					m.args = append(m.args, true)
				case is == "string":
					m.args = append(m.args, "key")
				case strings.HasPrefix(is, `"AWS"`):
					m.args = append(m.args, "AWS")
				default:
					t.Fatalf("%s.%s: nothing is known that an argument %q could be", class, m.name, arg)
				}
			}
			all = append(all, m)
		}
	}
	return all
}

// models are the client's types of bodies, by name: an object's members, or an enum's values.
type models map[string]model

type model struct {
	members []member
	oneOf   []string          // instead of members: the names of the models that it is one of
	enums   map[string]string // first value of each
}

type member struct {
	name, is           string
	optional, readOnly bool
}

// readModels reads the client's types.
func readModels(t *testing.T) models {
	t.Helper()
	line := regexp.MustCompile(`(?m)^    (readonly )?(\w+)(\??): (.+);$`)
	enum := regexp.MustCompile(`(?s)enum (\w+) \{.*?= "([^"]*)"`)
	union := regexp.MustCompile(`(?m)^export type \w+ = \((\w+(?: \| \w+)+) \| \{$`)
	all := models{}
	for name, text := range readAll(t, "models/*.d.ts") {
		m := model{enums: map[string]string{}}
		for _, found := range line.FindAllStringSubmatch(text, -1) {
			m.members = append(m.members, member{
				name: found[2], is: found[4], optional: found[3] != "", readOnly: found[1] != "",
			})
		}
		for _, found := range enum.FindAllStringSubmatch(text, -1) {
			m.enums[name+"."+found[1]] = found[2]
		}
		if found := union.FindStringSubmatch(text); found != nil {
			m.oneOf = strings.Split(found[1], " | ")
		}
		all[name] = m
	}
	return all
}

// readAll reads files, by their names without endings.
func readAll(t *testing.T, pattern string) map[string]string {
	t.Helper()
	files, err := filepath.Glob(generated + pattern)
	if err != nil || len(files) == 0 {
		t.Fatalf("%s: got %v, want files (%v)", pattern, files, err)
	}
	all := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".d.ts")] = string(text)
	}
	return all
}

// bodies makes a body of a model, with some of its members; several where the model is one of several.
func (all models) bodies(t *testing.T, name string, only func(member) bool) (bodies []map[string]any) {
	t.Helper()
	m, known := all[name]
	if !known || len(m.members) == 0 {
		t.Fatalf("the model %s has no members", name)
	}
	for _, one := range m.oneOf {
		bodies = append(bodies, all.bodies(t, one, only)...)
	}
	if m.oneOf != nil {
		return bodies
	}
	body := map[string]any{}
	for _, member := range m.members {
		if only(member) {
			body[member.name] = all.value(t, m, member.is, only)
		}
	}
	return []map[string]any{body}
}

// value makes a value of a type.
func (all models) value(t *testing.T, in model, is string, only func(member) bool) any {
	t.Helper()
	switch {
	case is == "string":
		return "a-name"
	case is == "number":
		return 1
	case is == "boolean":
		return true
	case strings.HasPrefix(is, "Record<"):
		return map[string]any{}
	case strings.HasPrefix(is, "Array<"):
		return []any{all.value(t, in, strings.TrimSuffix(strings.TrimPrefix(is, "Array<"), ">"), only)}
	case in.enums[is] != "":
		return in.enums[is]
	}
	return all.bodies(t, is, only)[0]
}
