package serve

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// wire passes connections on to a database. Once it is muted it goes on to take
// what is sent, and nothing comes back.
func wire(t *testing.T, database string) (through string, mute func()) {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	socket := fmt.Sprintf("%s/.s.PGSQL.%s", u.Query().Get("host"), u.Query().Get("port"))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u.Host, u.RawQuery = listener.Addr().String(), "sslmode=disable"
	var muted atomic.Bool
	pass := func(client net.Conn) {
		defer client.Close()
		upstream, err := net.Dial("unix", socket)
		if err != nil {
			return
		}
		go func() {
			for buf := make([]byte, 1<<16); ; {
				n, err := upstream.Read(buf)
				if err != nil {
					return
				}
				if !muted.Load() {
					_, _ = client.Write(buf[:n]) // its end is seen below
				}
			}
		}()
		_, _ = io.Copy(upstream, client)
		_ = upstream.Close()
	}
	go func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client)
		}
	}()
	t.Cleanup(func() { _ = listener.Close() })
	return u.String(), func() { muted.Store(true) }
}

// A connection that was idle and has died unheard is given up, so that the pool
// gets its place back and a stop is not held up.
func TestConnectionThatFellSilent(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	through, mute := wire(t, database)
	db, err := store.Open(t.Context(), through, 1)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), database)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	apitest.Eventually(t, "it is idle for so long that it is not trusted", func() bool {
		var idle bool
		err := conn.QueryRow(t.Context(), `
			SELECT EXISTS (SELECT FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state = 'idle'
			AND state_change < clock_timestamp() - interval '1.1 s')`).Scan(&idle)
		if err != nil {
			t.Fatal(err)
		}
		return idle
	})
	mute()
	asking, cancel := context.WithCancel(t.Context())
	time.AfterFunc(100*time.Millisecond, cancel)
	if err := db.Ping(asking); err == nil {
		t.Fatal("the database answers, so nothing is tested")
	}
	closed := make(chan struct{})
	go func() {
		defer close(closed)
		db.Close()
	}()
	select {
	case <-closed:
	case <-time.After(limit + 15*time.Second): // 5 s until it is given up, 15 s of the driver's to cancel its query
		t.Error("the connection is still held")
	}
}

// A host that takes connections and says nothing is not waited for.
func TestSilentDatabase(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	url := "postgres://someone@" + silent.Addr().String() + "/theirs"
	data := filepath.Join(pgtest.TempDir(t), "data")
	wantRefusal(t, 1, []string{silent.Addr().String(), "timeout"}, nil,
		"serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--database-url", url)
}

// The rollback of a transaction whose connection has fallen silent is given up.
func TestRollbackThatFellSilent(t *testing.T) {
	t.Parallel()
	through, mute := wire(t, pgtest.New(t))
	db, err := store.Open(t.Context(), through, 1)
	if err != nil {
		t.Fatal(err)
	}
	account, err := db.CreateAccount(t.Context(), cloud.Account{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	ended, refusal := make(chan error, 1), errors.New("as asked")
	go func() {
		ended <- db.Write(context.WithoutCancel(t.Context()), cloud.Caller{Account: account}, func(*store.Tx) error {
			mute()
			return refusal
		})
		db.Close()
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, refusal) {
			t.Errorf("got %v, want %v", err, refusal)
		}
	case <-time.After(limit):
		t.Error("it is still waited for")
	}
}
