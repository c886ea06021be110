package rediscloud

import (
	_ "embed"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// durationsFile says how long each kind of work takes, in business time at speed 1, with the source of each figure: by
// name, which is the id of an operation, for processing its tasks, or what the packages of the families call it. Where
// a resource goes through several states, each length counts from the beginning.
//
//go:embed durations.json
var durationsFile []byte

// durations reads them.
func durations() (cloud.Lengths, error) {
	lengths, err := cloud.ReadLengths(durationsFile)
	if err != nil {
		return nil, fmt.Errorf("durations.json: %w", err)
	}
	return lengths, nil
}
