package api_test

import (
	"cmp"
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// saying is a value in the document's own words, and the same in words that the real service takes, too.
type saying struct {
	what  string
	field string // where they differ
	plain any
	other any
}

// sayings are all the ways in which somewhere in a value the same can be said otherwise.
func sayings(schema *openapi3.Schema) (all []saying) {
	switch {
	case len(schema.OneOf) > 0:
		for _, alternative := range schema.OneOf {
			for _, s := range sayings(alternative.Value) {
				if schema.VisitJSON(copyOf(s.other)) != nil { // else it says something else, in another alternative
					all = append(all, s)
				}
			}
		}
		return all
	case schema.Type.Is(openapi3.TypeObject):
		return objectSayings(schema)
	case schema.Type.Is(openapi3.TypeArray):
		for _, s := range sayings(schema.Items.Value) {
			all = append(all, saying{s.what, below("[0]", s.field), []any{s.plain}, []any{s.other}})
		}
		return all
	}
	return scalarSayings(schema)
}

func objectSayings(schema *openapi3.Schema) (all []saying) {
	with := func(s saying, name string) {
		plain, other := complete(schema).(map[string]any), complete(schema).(map[string]any)
		plain[name], other[name] = s.plain, s.other
		all = append(all, saying{s.what, below(name, s.field), plain, other})
	}
	without := func(what, name string, value any) {
		plain, other := complete(schema).(map[string]any), complete(schema).(map[string]any)
		delete(plain, name)
		other[name] = value
		all = append(all, saying{what, name, plain, other})
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		property := schema.Properties[name].Value
		if property.ReadOnly {
			without("read-only", name, complete(property))
			without("read-only, of another kind", name, []any{map[string]any{"a": nil}})
			without("read-only, null", name, nil)
			continue
		}
		for _, s := range sayings(property) {
			with(s, name)
		}
		if !slices.Contains(schema.Required, name) && !property.Nullable {
			without("null", name, nil)
		}
	}
	if free := schema.AdditionalProperties.Schema; free != nil {
		for _, s := range sayings(free.Value) {
			with(s, "any")
		}
		without("null", "any", nil)
	}
	return all
}

func scalarSayings(schema *openapi3.Schema) (all []saying) {
	switch {
	case schema.Type.Is(openapi3.TypeBoolean):
		all = append(all, saying{"a text for a boolean", "", true, "true"},
			saying{"a text for a boolean", "", false, "false"})
	case schema.Type.Is(openapi3.TypeInteger):
		all = append(all, saying{"a text for an integer", "", 12, "12"})
	case schema.Type.Is(openapi3.TypeNumber):
		all = append(all, saying{"a text for a number", "", json.RawMessage("0.50"), "0.50"})
	case schema.Type.Is(openapi3.TypeString) && len(schema.Enum) == 0 && !limits(schema.Format):
		all = append(all,
			saying{"a number for a text", "", "7.50", json.RawMessage("7.50")},
			saying{"a boolean for a text", "", "true", true})
	}
	return all
}

// Whatever the body of any operation says in other words, the operation is asked for the same: the one is a replay of
// the other under both kinds of keys, and the task keeps it in the document's words.
func TestWalkSayings(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	for _, op := range walk(t) {
		for name, op := range op.requests() {
			if op.body == nil {
				continue
			}
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				a := w.For(t).Account()
				kept := map[string]any{} // by the task's id
				for _, s := range sayings(op.body) {
					op.wantSame(t, a, s, kept)
				}
				wantKept(t, a, kept)
			})
		}
	}
}

// tokenless are members with which a creation may be one that takes no token. R-1
var tokenless = map[string]bool{"datastore.type": true, "replica_of_id": true}

// forgotten are members that a task does not keep, by the operation.
var forgotten = map[string]string{"createInstance": "password"}

// wantSame checks that an operation takes a saying in either way. It notes what the task should keep.
func (op walked) wantSame(t *testing.T, a *apitest.Account, s saying, kept map[string]any) {
	t.Helper()
	path := op.nowhere(a)
	answer := a.Do(op.Method, path, s.other)
	if strings.Contains(string(answer.Body), "JSON parse error") {
		t.Fatalf("%s, %s: refused with %s", s.field, s.what, answer.Body)
	}
	if id, ok := cmp.Or(answer.Get("taskId"), answer.Get("job_id")).(string); ok {
		keeps := copyOf(s.plain)
		if object, ok := keeps.(map[string]any); ok {
			delete(object, forgotten[op.ID])
		}
		kept[id] = keeps
	}
	for _, p := range op.params {
		if p.In != openapi3.ParameterInHeader || p.Schema.Value.Pattern == "" || tokenless[s.field] {
			continue // it is no key
		}
		key := uuid.NewString()
		keyed := func(r *http.Request) { r.Header.Set(p.Name, key) }
		first := a.Do(op.Method, path, s.other, keyed)
		if wantReplay(t, a.Do(op.Method, path, s.plain, keyed), first); t.Failed() {
			t.Fatalf("%s, %s: under the same %s", s.field, s.what, p.Name)
		}
	}
}

// wantKept checks what bodies the tasks of an account keep, those of the ids given. Its clock must stand still: what is
// processed is kept no longer.
func wantKept(t *testing.T, a *apitest.Account, want map[string]any) {
	t.Helper()
	if len(want) == 0 {
		return
	}
	text := ask[string](t, a.DBURL, `SELECT jsonb_object_agg(id, request->'body') FROM tasks WHERE account_id = $1`, a.ID)
	var got map[string]any
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	for id, body := range want {
		if diff := gocmp.Diff(copyOf(body), got[id]); diff != "" {
			t.Errorf("a task keeps (-want +got):\n%s", diff)
		}
	}
}
