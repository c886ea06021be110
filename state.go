package understudy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Reset takes the sandbox back to when it was started, all at once: resources, tasks and idempotency keys are gone, and
// ids begin anew. Its keys, its clock and its fault rules stay.
func (s *Sandbox) Reset(ctx context.Context) error {
	if _, err := s.control().Reset(ctx, s.ref(), sandbox.Reset{}); err != nil {
		return wrapped(err)
	}
	return nil
}

// Fork starts another sandbox with the state of this one, which goes on in both, each by itself: the same resources and
// tasks under the same ids, the same clock and rules. It has keys of its own. The caller closes it.
func (s *Sandbox) Fork(ctx context.Context) (*Sandbox, error) {
	a, keys, err := s.control().Fork(ctx, s.ref(), "")
	if err != nil {
		return nil, wrapped(err)
	}
	shared.share(s.host)
	return newSandbox(s.host, a.ID, Keys{APIKey: keys.APIKey, SecretKey: keys.APISecretKey}), nil
}

// Snapshot is the state of a sandbox at one moment, as a file: it may be kept and loaded by a later version, into any
// sandbox, and is what `understudy snapshot import` takes.
type Snapshot []byte

// Snapshot returns the state of the sandbox.
func (s *Sandbox) Snapshot(ctx context.Context) (Snapshot, error) {
	control, name := s.control(), rand.Text()
	if _, err := control.SaveSnapshot(ctx, s.ref(), name, false); err != nil {
		return nil, wrapped(err)
	}
	file, err := control.ExportSnapshot(ctx, name)
	if err = errors.Join(err, control.DeleteSnapshot(ctx, name)); err != nil {
		return nil, wrapped(err)
	}
	return file, nil
}

// Load gives the sandbox the state of a snapshot, of whichever sandbox, in place of its own, all at once. Its keys
// stay.
func (s *Sandbox) Load(ctx context.Context, from Snapshot) error {
	control, name := s.control(), rand.Text()
	if _, err := control.ImportSnapshot(ctx, name, from, false); err != nil {
		return wrapped(err)
	}
	_, err := control.LoadSnapshot(ctx, s.ref(), name)
	if err = errors.Join(err, control.DeleteSnapshot(ctx, name)); err != nil {
		return wrapped(err)
	}
	return nil
}

// Seed gives the sandbox what a file of YAML says; docs/sandbox.md describes it. The same file again changes nothing.
// It returns the ids of the resources that have a name in the file. The error names the line.
func (s *Sandbox) Seed(ctx context.Context, file []byte) (map[string]int64, error) {
	seeded, err := s.control().Seed(ctx, s.ref(), file)
	if err != nil {
		return nil, wrapped(err)
	}
	for _, a := range seeded {
		if a.Account.ID == s.account {
			return a.Resources, nil
		}
	}
	return nil, nil
}

// newSandbox is an account of a server as a sandbox.
func newSandbox(h *host, account int64, keys Keys) *Sandbox {
	return &Sandbox{
		URL:      h.server.URL,
		Endpoint: "http://" + h.server.Address(),
		Keys:     keys,
		host:     h,
		account:  account,
		leave:    sync.OnceValue(func() error { return shared.end(h, account) }),
	}
}

// control is what controls the server of the sandbox.
func (s *Sandbox) control() *sandbox.Service { return s.host.server.Sandbox }

// ref names the sandbox's account.
func (s *Sandbox) ref() string { return fmt.Sprint(s.account) }
