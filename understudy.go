// Package understudy runs a stand-in for the control plane of Redis Cloud inside a Go program: a sandbox for the tests
// of whatever speaks that API, a provider, a module, a client.
//
//	func TestMyClient(t *testing.T) {
//		t.Parallel()
//		sandbox := understudy.StartT(t, understudy.Options{})
//		client := New(sandbox.URL, sandbox.Keys.APIKey, sandbox.Keys.SecretKey)
//		...
//	}
//
// Each sandbox is an empty account of its own, so tests may run in parallel. What is behind it is what `understudy
// serve` runs: the same operations, tasks and provisioning, on a Postgres that the sandboxes of a process share and
// that goes with the process, however it ends. That Postgres (14 or newer) must be installed.
//
// Begin with Start, and with the example below it.
package understudy

import _ "embed"

// Document is the contract, openapi.yaml, as it was when the program was built. Callers must not change it.
//
//go:embed openapi.yaml
var Document []byte

// ControlDocument is the contract of the sandbox's own control, sandbox.yaml. Callers must not change it.
//
//go:embed sandbox.yaml
var ControlDocument []byte
