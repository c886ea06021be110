package cloud

import (
	"encoding/json"
	"fmt"
	"time"
)

// ReadLengths reads the lengths of a dialect: a JSON object with, for each name, how long it takes, as in 4m30s, and
// the source of that.
func ReadLengths(file []byte) (Lengths, error) {
	var read map[Length]struct{ Takes, Source string }
	if err := json.Unmarshal(file, &read); err != nil {
		return nil, fmt.Errorf("read lengths: %w", err)
	}
	lengths := Lengths{}
	for name, one := range read {
		takes, err := time.ParseDuration(one.Takes)
		if err != nil {
			return nil, fmt.Errorf("read lengths: %s: %w", name, err)
		}
		lengths[name] = Usual{Takes: takes, Source: one.Source}
	}
	return lengths, nil
}
