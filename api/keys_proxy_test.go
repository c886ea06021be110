package api_test

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"sync"
	"testing"
)

// wire stands between a server and its database and cuts one connection at a
// chosen moment.
type wire struct {
	url      string // of the database, through the wire
	upstream string // path of the database's socket

	mu  sync.Mutex
	cut *cut
}

// cut says when a connection ends: the client sends these texts one after the
// other on one connection, and what holds the last one is the end.
type cut struct {
	when      [][]byte
	delivered bool          // it reaches the database, which answers to nobody
	hangUp    chan struct{} // closed to end the client's side; nil: when the database has answered
	done      chan struct{} // closed when it is over
}

// newWire opens a wire to a database.
func newWire(tb testing.TB, database string) *wire {
	tb.Helper()
	u, err := url.Parse(database)
	if err != nil {
		tb.Fatal(err)
	}
	w := &wire{upstream: fmt.Sprintf("%s/.s.PGSQL.%s", u.Query().Get("host"), u.Query().Get("port"))}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	u.Host, u.RawQuery = listener.Addr().String(), "sslmode=disable"
	w.url = u.String()
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { w.serve(client) })
		}
	})
	tb.Cleanup(func() {
		_ = listener.Close()
		all.Wait()
	})
	return w
}

// cutAt arms the wire.
func (w *wire) cutAt(delivered bool, when ...[]byte) *cut {
	return w.arm(&cut{when: when, delivered: delivered})
}

// cutBefore is cutAt for what reaches the database, but does not wait for it.
func (w *wire) cutBefore(when ...[]byte) *cut {
	return w.arm(&cut{when: when, delivered: true, hangUp: make(chan struct{})})
}

// silence is cutAt for what gets lost, as does all that follows it.
func (w *wire) silence(when ...[]byte) *cut {
	return w.arm(&cut{when: when, hangUp: make(chan struct{})})
}

func (w *wire) arm(c *cut) *cut {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.done = make(chan struct{})
	w.cut = c
	return c
}

// strikes reports whether a message is the one to cut at; seen counts the texts of
// the connection so far.
func (w *wire) strikes(message []byte, armed **cut, seen *int) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if *armed != w.cut {
		*armed, *seen = w.cut, 0
	}
	if w.cut == nil || !bytes.Contains(message, w.cut.when[*seen]) {
		return false
	}
	if *seen++; *seen < len(w.cut.when) {
		return false
	}
	w.cut = nil
	return true
}

// serve passes one connection on until either side ends it, or it is cut.
func (w *wire) serve(client net.Conn) {
	defer client.Close()
	database, err := net.Dial("unix", w.upstream)
	if err != nil {
		return
	}
	defer database.Close()
	var mute struct {
		sync.Mutex
		on bool
	}
	answered := make(chan struct{}) // the database is ready for more, or gone
	go func() {
		defer client.Close()
		defer close(answered)
		pass(database, func(message []byte) bool {
			mute.Lock()
			defer mute.Unlock()
			if mute.on {
				return !bytes.HasSuffix(message, []byte("Z\x00\x00\x00\x05I"))
			}
			_, err := client.Write(message)
			return err == nil
		})
	}()
	var armed *cut
	seen := 0
	pass(client, func(message []byte) bool {
		if bytes.HasPrefix(message, cancelRequest()) {
			return false // a network that fails does not bring the driver's afterthought either
		}
		if !w.strikes(message, &armed, &seen) {
			_, err := database.Write(message)
			return err == nil
		}
		defer close(armed.done)
		var err error
		if armed.delivered {
			mute.Lock()
			mute.on = true
			mute.Unlock()
			_, err = database.Write(message)
		}
		if armed.hangUp != nil {
			<-armed.hangUp
			_ = client.Close()
		}
		if armed.delivered && err == nil {
			<-answered
		}
		return false
	})
}

// cancelRequest is how a connection begins whose only message is to cancel what
// another one is doing.
func cancelRequest() []byte { return []byte{0, 0, 0, 16, 4, 210, 22, 46} }

// pass reads until the end or until do has enough.
func pass(from net.Conn, do func(message []byte) bool) {
	buffer := make([]byte, 1<<20)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !do(buffer[:n]) || err != nil {
			return
		}
	}
}
