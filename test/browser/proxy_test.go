package browser

import (
	"io"
	"net"
	"sync"
	"testing"
)

// line is a network between a browser and a server, which can be cut.
type line struct {
	base string // of the server, at this end

	mu   sync.Mutex
	open map[net.Conn]bool
}

// lineTo makes a line to a server.
func lineTo(t *testing.T, s *server) *line {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &line{base: "http://" + listener.Addr().String(), open: map[net.Conn]bool{}}
	to := s.base[len("http://"):]
	t.Cleanup(func() { _ = listener.Close(); l.cut() })
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return // the test is over
			}
			far, err := net.Dial("tcp", to)
			if err != nil {
				_ = near.Close()
				continue
			}
			l.mu.Lock()
			l.open[near], l.open[far] = true, true
			l.mu.Unlock()
			go l.carry(near, far)
			go l.carry(far, near)
		}
	}()
	return l
}

// carry copies what one end says to the other one.
func (l *line) carry(from, to net.Conn) {
	_, _ = io.Copy(to, from) // how it ends does not matter
	_, _ = from.Close(), to.Close()
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.open, from)
	delete(l.open, to)
}

// cut closes all connections. New ones may be made.
func (l *line) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Close()
	}
}
