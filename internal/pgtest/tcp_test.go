package pgtest_test

import (
	"io"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// A Postgres that answers over TCP is found: here somebody passes on to its socket.
func TestTCPFindsAPostgresThatAnswers(t *testing.T) {
	t.Parallel()
	of := pgtest.New(t)
	u, err := url.Parse(of)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			postgres, err := net.Dial("unix", filepath.Join(u.Query().Get("host"), ".s.PGSQL.5432"))
			if err != nil {
				t.Error(err)
				return
			}
			go func() { _, _ = io.Copy(postgres, conn); _ = postgres.Close() }()
			go func() { _, _ = io.Copy(conn, postgres); _ = conn.Close() }()
		}
	}()
	at := netip.MustParseAddrPort(listener.Addr().String())
	if found, err := pgtest.Answering(t.Context(), of, at.Port()); err != nil || !slices.Contains(found, at) {
		t.Errorf("found %v, %v, want %v", found, err, at)
	}
	if found := pgtest.TCP(t, of); len(found) > 0 {
		t.Errorf("the Postgres of tests itself is found at %v", found)
	}
}
