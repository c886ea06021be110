package rds

import (
	_ "embed"

	"github.com/understudy-dev/understudy/internal/fault"
)

//go:embed faults.yaml
var faultsFile []byte

// Presets returns what goes wrong with RDS for MySQL, by name.
func Presets() *fault.Presets { return presets() }

var presets = fault.ReadPresets(faultsFile)
