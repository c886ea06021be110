package openapi

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
)

// Changes says, a sentence each, in what the normal form of a request body differs from what was sent: what ReadBody
// did. It names members, and no values. There are none where the body is no JSON.
func (o *Operation) Changes(sent []byte) (changes []string) {
	if o.body == nil {
		return nil
	}
	trimmed := bytes.TrimPrefix(sent, []byte("\ufeff"))
	if len(trimmed) < len(sent) {
		changes = append(changes, "a byte order mark is skipped")
	}
	value, wrong := decode(trimmed)
	if wrong != "" {
		return changes
	}
	body := o.ReadBody(sent)
	if value == nil {
		if body.JSON == nil {
			changes = append(changes, "null is no body")
		}
		return changes
	}
	return append(changes, differences(nil, value, body.value)...)
}

// differences compares what was sent with what it was taken for, at some place.
func differences(way []string, sent, taken any) (found []string) {
	switch sent := sent.(type) {
	case map[string]any:
		object, _ := taken.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(sent)) {
			below := append(slices.Clone(way), name)
			value, there := object[name]
			switch {
			case there:
				found = append(found, differences(below, sent[name], value)...)
			case sent[name] == nil:
				found = append(found, fieldPath(below)+" is null, which is taken for left out")
			default:
				found = append(found, fieldPath(below)+" can only be read, and is ignored")
			}
		}
	case []any:
		list, _ := taken.([]any)
		for i := range min(len(sent), len(list)) {
			found = append(found, differences(append(slices.Clone(way), strconv.Itoa(i)), sent[i], list[i])...)
		}
	default:
		if sent != taken {
			found = append(found, fieldPath(way)+" is "+kindOf(sent)+", which is taken for "+kindOf(taken))
		}
	}
	return found
}
