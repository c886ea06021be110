package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	yaml "github.com/oasdiff/yaml3"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// seedFile is what accounts shall have. What stands at the top belongs to the account that the file is given for.
type seedFile struct {
	seedAccount `yaml:",inline"`

	Accounts []seedAccount `yaml:"accounts"`
}

type seedAccount struct {
	Name       string         `yaml:"name"`
	OwnerName  string         `yaml:"ownerName"`
	OwnerEmail string         `yaml:"ownerEmail"`
	CapPolicy  string         `yaml:"capPolicy"`
	IDSeed     *int64         `yaml:"idSeed"`
	Clock      *seedClock     `yaml:"clock"`
	Assets     yaml.Node      `yaml:"assets"`
	Keys       []seedKey      `yaml:"keys"`
	Faults     []seedFault    `yaml:"faults"`
	Resources  []seedResource `yaml:"resources"`
}

// empty reports whether an account is to have nothing.
func (a seedAccount) empty() bool {
	return len(a.Keys)+len(a.Faults)+len(a.Resources) == 0 && a.Clock == nil && a.IDSeed == nil && a.Assets.Kind == 0 &&
		a.Name+a.OwnerName+a.OwnerEmail+a.CapPolicy == ""
}

// seedClock is how the clock runs when the account is seeded.
type seedClock struct {
	Mode ClockMode  `yaml:"mode"`
	Rate float64    `yaml:"rate"`
	At   *time.Time `yaml:"at"`

	line int
}

func (c *seedClock) UnmarshalYAML(node *yaml.Node) error {
	type plain seedClock
	c.line = node.Line
	return node.Decode((*plain)(c))
}

func (c seedClock) setting() ClockSetting { return ClockSetting{Mode: c.Mode, Rate: c.Rate, At: c.At} }

// seedFault is a fault rule, or a preset that a rule changes.
type seedFault struct {
	Preset string    `yaml:"preset"`
	Rule   yaml.Node `yaml:"rule"`

	line int
}

func (f *seedFault) UnmarshalYAML(node *yaml.Node) error {
	type plain seedFault
	f.line = node.Line
	return node.Decode((*plain)(f))
}

func (f seedFault) spec() (spec NewFault, err error) {
	spec.Preset = f.Preset
	if f.Rule.Kind != 0 {
		rule, err := bodyOf(&f.Rule, nil)
		if err != nil {
			return spec, err
		}
		spec.Rule, err = json.Marshal(rule)
		return spec, err
	}
	return spec, nil
}

type seedKey struct {
	Name         string   `yaml:"name"`
	APIKey       string   `yaml:"apiKey"`
	APISecretKey string   `yaml:"apiSecretKey"`
	Role         string   `yaml:"role"`
	AllowFrom    []string `yaml:"allowFrom"`

	line int
}

func (k *seedKey) UnmarshalYAML(node *yaml.Node) error {
	type plain seedKey
	k.line = node.Line
	return node.Decode((*plain)(k))
}

// seedResource is a resource by the operation that makes it.
type seedResource struct {
	As        string            `yaml:"as"` // what others call it, as ${name}
	Operation string            `yaml:"operation"`
	Path      map[string]string `yaml:"path"`
	Query     map[string]string `yaml:"query"`
	Body      yaml.Node         `yaml:"body"`
	State     string            `yaml:"state"` // empty: where provisioning ends
	Stays     bool              `yaml:"stays"` // in that state, whatever the time
	Error     *seedError        `yaml:"error"` // why it is in state error

	node *yaml.Node
}

type seedError struct {
	Code        cloud.Code `yaml:"code"`
	Description string     `yaml:"description"`
}

func (r *seedResource) UnmarshalYAML(node *yaml.Node) error {
	type plain seedResource
	r.node = node
	return node.Decode((*plain)(r))
}

// seedProblem is an error of the file.
func seedProblem(line int, format string, args ...any) error {
	return cloud.Errorf("INVALID_SEED", "line %d: %s", line, fmt.Sprintf(format, args...))
}

// CheckSeed reads a seed file without looking at what its operations take. It returns INVALID_SEED.
func CheckSeed(text []byte) error {
	_, err := readSeed(text)
	return err
}

// readSeed reads a seed file. Its error names the line and the member.
func readSeed(text []byte) (file seedFile, err error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return file, cloud.Errorf("INVALID_SEED", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	if len(document.Content) == 0 {
		return file, nil
	}
	left := mostValues
	if err := storable(document.Content[0], deepestValue, &left); err != nil {
		return file, err
	}
	if err := onlyKnown(document.Content[0], reflect.TypeOf(file)); err != nil {
		return file, err
	}
	if err := document.Decode(&file); err != nil {
		if wrong, ok := errors.AsType[*yaml.TypeError](err); ok {
			return file, cloud.Errorf("INVALID_SEED", "%s", strings.Join(wrong.Errors, "; "))
		}
		return file, cloud.Errorf("INVALID_SEED", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return file, nil
}

// How much a seed file may say, where every alias is what it stands for, and how deep.
const (
	mostValues   = 5_000_000
	deepestValue = 1_000
)

// storable refuses what is too much, as that is which is in itself, and texts that Postgres cannot store.
func storable(node *yaml.Node, depth int, left *int) error {
	if *left--; *left < 0 || depth == 0 {
		return seedProblem(node.Line, "this is too much, with all that its aliases stand for")
	}
	if node.Kind == yaml.AliasNode {
		return storable(node.Alias, depth-1, left)
	}
	if strings.ContainsRune(node.Value, 0) {
		return seedProblem(node.Line, "no text has the character NUL")
	}
	for _, content := range node.Content {
		if err := storable(content, depth-1, left); err != nil {
			return err
		}
	}
	return nil
}

// onlyKnown refuses members that a type does not have. A body may have any: its operation knows which.
func onlyKnown(node *yaml.Node, typ reflect.Type) error {
	for node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	for typ.Kind() == reflect.Pointer {
		typ = typ.Elem()
	}
	switch {
	case typ.Kind() == reflect.Slice && node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			if err := onlyKnown(item, typ.Elem()); err != nil {
				return err
			}
		}
	case typ.Kind() == reflect.Struct && node.Kind == yaml.MappingNode &&
		typ != reflect.TypeFor[yaml.Node]() && typ != reflect.TypeFor[time.Time]():
		members := seedMembers(typ)
		for i := 0; i+1 < len(node.Content); i += 2 {
			name := node.Content[i].Value
			member, ok := members[name]
			if !ok {
				return seedProblem(node.Content[i].Line, "there is no member %q", name)
			}
			if err := onlyKnown(node.Content[i+1], member); err != nil {
				return err
			}
		}
	}
	return nil
}

// seedMembers are the members that a type has.
func seedMembers(typ reflect.Type) map[string]reflect.Type {
	members := map[string]reflect.Type{}
	for _, field := range reflect.VisibleFields(typ) {
		if name, _, _ := strings.Cut(field.Tag.Get("yaml"), ","); name != "" {
			members[name] = field.Type
		}
	}
	return members
}

// seedReference is how a resource of the file is called in it.
var seedReference = regexp.MustCompile(`\$\{([^}]*)\}`)

// resolve puts ids in the place of names.
func resolve(text string, ids map[string]int64) (string, error) {
	var unknown error
	text = seedReference.ReplaceAllStringFunc(text, func(ref string) string {
		name := ref[2 : len(ref)-1]
		id, ok := ids[name]
		if !ok {
			unknown = fmt.Errorf("no resource before it is called %q", name)
		}
		return strconv.FormatInt(id, 10)
	})
	return text, unknown
}

// zeroFirst is no number in JSON.
var zeroFirst = regexp.MustCompile(`^0[0-9]+$`)

// bodyOf makes JSON of a part of the file. What is only a name becomes a number.
func bodyOf(node *yaml.Node, ids map[string]int64) (any, error) {
	switch node.Kind { //nolint:exhaustive // the others are scalars
	case yaml.AliasNode:
		return bodyOf(node.Alias, ids)
	case yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			value, err := bodyOf(item, ids)
			if err != nil {
				return nil, err
			}
			list = append(list, value)
		}
		return list, nil
	case yaml.MappingNode:
		object := map[string]any{}
		for i := 0; i+1 < len(node.Content); i += 2 {
			value, err := bodyOf(node.Content[i+1], ids)
			if err != nil {
				return nil, err
			}
			object[node.Content[i].Value] = value
		}
		return object, nil
	}
	switch node.ShortTag() {
	case "!!int", "!!float", "!!bool", "!!null":
		if zeroFirst.MatchString(node.Value) { // a text of digits, which YAML would take for octal ones
			return node.Value, nil
		}
		var value any
		err := node.Decode(&value)
		if err != nil {
			err = seedProblem(node.Line, "%s is no value", node.Value)
		}
		return value, err
	}
	text, err := resolve(node.Value, ids)
	if err != nil {
		return nil, seedProblem(node.Line, "%s", err)
	}
	if found := seedReference.FindString(node.Value); found != "" && found == node.Value {
		return json.Number(text), nil
	}
	return text, nil
}

// lineOf is the line of a member, a way into a body like databases[0].name, or of the nearest thing around it.
func lineOf(node *yaml.Node, field string) int {
	line := node.Line
	for _, step := range strings.FieldsFunc(field, func(r rune) bool { return strings.ContainsRune(".[]", r) }) {
		for node.Kind == yaml.AliasNode {
			node = node.Alias
		}
		switch node.Kind {
		case yaml.MappingNode:
			at := 0
			for at < len(node.Content) && node.Content[at].Value != step {
				at += 2 // a member and its value
			}
			if at >= len(node.Content) {
				return line
			}
			line, node = node.Content[at].Line, node.Content[at+1]
		case yaml.SequenceNode:
			at, err := strconv.Atoi(step)
			if err != nil || at >= len(node.Content) {
				return line
			}
			node = node.Content[at]
			line = node.Line
		default:
			return line
		}
	}
	return line
}
