package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/fault"
)

// transform rewrites a JSON body: change is given each member of an object with its path, without the indexes of lists,
// and returns its new value and whether it stays. ok is false where the body is no JSON.
func transform(body []byte, change func(path []string, value any) (any, bool)) (changed []byte, ok bool) {
	v, ok := decoded(body)
	if !ok {
		return nil, false
	}
	return encoded(walk(v, nil, func(object map[string]any, path []string) {
		for _, name := range slices.Collect(maps.Keys(object)) {
			value, stays := change(append(slices.Clone(path), name), object[name])
			if object[name] = value; !stays {
				delete(object, name)
			}
		}
	}))
}

// decoded reads JSON, with its numbers as they are written.
func decoded(body []byte) (v any, ok bool) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	return v, dec.Decode(&v) == nil
}

func encoded(v any) ([]byte, bool) {
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	if enc.Encode(v) != nil {
		return nil, false
	}
	return bytes.TrimSuffix(buf.Bytes(), []byte("\n")), true
}

// walk calls visit for every object that there is, the outer ones first.
func walk(v any, path []string, visit func(object map[string]any, path []string)) any {
	switch v := v.(type) {
	case map[string]any:
		below := maps.Clone(v) // not what visit puts there
		visit(v, path)
		for name, value := range below {
			walk(value, append(slices.Clone(path), name), visit)
		}
	case []any:
		for _, value := range v {
			walk(value, path, visit)
		}
	}
	return v
}

// named reports whether a path ends in one of some names, which may be paths themselves.
func named(path, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool { return endsIn(path, name) })
}

func endsIn(path []string, name string) bool {
	parts := strings.Split(name, ".")
	return len(parts) <= len(path) && slices.Equal(path[len(path)-len(parts):], parts)
}

// isEmpty reports whether a value is what clears a member.
func isEmpty(v any) bool {
	switch v := v.(type) {
	case nil:
		return true
	case bool:
		return !v
	case string:
		return v == ""
	case json.Number:
		return v == "0"
	case []any:
		return len(v) == 0
	case map[string]any:
		return len(v) == 0
	}
	return false
}

// valuesOf returns the values of members by their whole paths.
func valuesOf(body []byte, members []string) map[string]any {
	found := map[string]any{}
	transform(body, func(path []string, value any) (any, bool) {
		if named(path, members) {
			found[strings.Join(path, ".")] = value
		}
		return value, true
	})
	return found
}

// reshape makes of a body what an effect on its members leaves of it; ok is false where it leaves all as it is.
func reshape(body []byte, s fault.Strike) (changed []byte, ok bool) {
	e := s.Effect
	switch e.Do {
	case "drop":
		return transform(body, func(path []string, value any) (any, bool) { return value, !named(path, e.Members) })
	case "set":
		return transform(body, func(path []string, value any) (any, bool) {
			for name, to := range e.Values {
				if endsIn(path, name) && (!e.Empty || isEmpty(value)) {
					return to, true
				}
			}
			return value, true
		})
	case "rename", "unknown", "reorder", "extend":
		v, ok := decoded(body)
		if !ok {
			return nil, false
		}
		random := rand.New(rand.NewPCG(uint64(e.Seed), uint64(s.N)))
		n := 0
		walk(v, nil, func(object map[string]any, path []string) {
			switch e.Do {
			case "rename":
				for from, to := range e.Names {
					last := from[strings.LastIndex(from, ".")+1:]
					if value, has := object[last]; has && endsIn(append(slices.Clone(path), last), from) {
						delete(object, last)
						object[to] = value
					}
				}
			case "reorder":
				for _, name := range slices.Sorted(maps.Keys(object)) {
					list, is := object[name].([]any)
					if is && (len(e.Members) == 0 || named(append(slices.Clone(path), name), e.Members)) {
						shuffle(random, list)
					}
				}
			case "extend":
				for name, value := range object {
					list, is := value.([]any)
					if is && named(append(slices.Clone(path), name), e.Members) {
						object[name] = extended(list, e.Values)
					}
				}
			case "unknown":
				if len(e.Values) == 0 {
					object[fmt.Sprintf("xNew%d", n)] = map[string]any{"kind": "NEW_IN_THE_NEXT_VERSION", "values": []any{1, nil}}
					n++
				}
				for name, value := range e.Values {
					object[name] = value
				}
			}
		})
		return encoded(v)
	}
	return nil, false
}

// extended is a list with one more element: a copy of its last, with other values. An empty list stays empty.
func extended(list []any, values map[string]json.RawMessage) []any {
	if len(list) == 0 {
		return list
	}
	last, is := list[len(list)-1].(map[string]any)
	if !is {
		return list
	}
	more := maps.Clone(last)
	for name, value := range values {
		more[name] = value
	}
	return append(list, more)
}

// shuffle brings a list of more than one into another order.
func shuffle(random *rand.Rand, list []any) {
	if len(list) < 2 {
		return
	}
	by := 1 + random.IntN(len(list)-1)
	copy(list, slices.Concat(list[by:], list[:by]))
}
