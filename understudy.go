// Package understudy holds the contract of the sandbox, the OpenAPI document from which its routes are built and
// against which its requests are checked. It sits at the root because a file can only be embedded from its own
// directory or below; package api/openapi reads it.
package understudy

import _ "embed"

// Document is openapi.yaml as it was when the program was built. Callers must not change it.
//
//go:embed openapi.yaml
var Document []byte
