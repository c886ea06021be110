package apitest

import (
	"context"
	"testing"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/server"
)

// Serve starts a whole server, with control and all, on a database of its own; configure may change its configuration.
// It ends with the test.
func Serve(t *testing.T, configure ...func(*server.Config)) *server.Server {
	t.Helper()
	cfg := server.Config{
		Document: understudy.Document, Control: understudy.ControlDocument, Version: "v0.0.0-test",
		Listen: "127.0.0.1:0", DatabaseURL: pgtest.New(t), DataDir: t.TempDir(), CapPolicy: engine.PolicyQueue,
	}
	for _, change := range configure {
		change(&cfg)
	}
	s, err := server.Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	stopped := make(chan error, 1)
	go func() { stopped <- s.Serve(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-stopped; err != nil {
			t.Errorf("the server stopped: %v", err)
		}
	})
	return s
}
