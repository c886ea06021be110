package rediscloud

import (
	_ "embed"

	"github.com/understudy-dev/understudy/internal/fault"
)

//go:embed data/faults.yaml
var faultsFile []byte

// Presets returns what goes wrong with Redis Cloud, by name.
func Presets() *fault.Presets { return presets() }

var presets = fault.ReadPresets(faultsFile)
