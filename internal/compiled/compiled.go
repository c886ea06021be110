// Package compiled has the contracts that the program was built with in a form that is read in a twentieth of the time
// that the documents themselves take: reading them was most of what a start cost. `go generate` renews it.
package compiled

import (
	_ "embed"
	"errors"

	"github.com/understudy-dev/understudy/internal/openapi"
)

//go:generate go run ./gen ../../openapi.yaml ../../sandbox.yaml ../rds/rds.yaml

//go:embed openapi.gen.json
var redisCloud []byte

//go:embed sandbox.gen.json
var control []byte

//go:embed rds.gen.json
var rds []byte

// Load is openapi.Load. A document that the program was not built with, or that has changed since then, is read itself.
func Load(document []byte) (*openapi.Document, error) {
	for _, form := range [][]byte{redisCloud, control, rds} {
		if doc, err := openapi.Open(document, form); !errors.Is(err, openapi.ErrOtherDocument) {
			return doc, err
		}
	}
	return openapi.Load(document)
}
