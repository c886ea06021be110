package rds

import (
	"bufio"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"testing"
)

// cutter is a way to a server on which connections are cut when the server has answered: of its first answers only a
// part comes through. All others do as a whole.
type cutter struct {
	url    string
	server string // its address

	mu    sync.Mutex
	parts []float64  // of the answers to come; of others all comes through
	lost  [][]byte   // answers that did not come through, as a whole
	open  []net.Conn // of clients
}

func cutting(t *testing.T, s *server, parts ...float64) *cutter {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cutter{
		url: "http://" + listener.Addr().String(), server: strings.TrimPrefix(s.root, "http://"), parts: parts,
	}
	var all sync.WaitGroup
	all.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			c.mu.Lock()
			c.open = append(c.open, client)
			c.mu.Unlock()
			all.Go(func() { c.lead(t, client) })
		}
	})
	t.Cleanup(func() {
		_ = listener.Close() // nobody comes any more
		c.mu.Lock()
		for _, client := range c.open {
			_ = client.Close() // it may be, already
		}
		c.mu.Unlock()
		all.Wait()
	})
	return c
}

// lead leads a client to the server, until one of them hangs up or the connection is cut.
func (c *cutter) lead(t *testing.T, client net.Conn) {
	defer client.Close()
	server, err := net.Dial("tcp", c.server)
	if err != nil {
		t.Error(err)
		return
	}
	var asking sync.WaitGroup
	defer asking.Wait()
	defer server.Close()
	asking.Go(func() {
		_, _ = io.Copy(server, client) // until one of them hangs up
		_ = server.Close()
	})
	for answers := bufio.NewReader(server); ; {
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			return
		}
		text, err := httputil.DumpResponse(res, true)
		if err := errors.Join(err, res.Body.Close()); err != nil {
			t.Errorf("read an answer: %v", err)
			return
		}
		through := c.through(text)
		if _, err := client.Write(through); err != nil || len(through) < len(text) {
			_ = client.Close() // also for the one who asks
			return
		}
	}
}

// through is what comes through of an answer.
func (c *cutter) through(answer []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.parts) == 0 {
		return answer
	}
	part := c.parts[0]
	c.parts, c.lost = c.parts[1:], append(c.lost, answer)
	return answer[:int(part*float64(len(answer)))]
}

// lostAnswers are those that did not come through, as a whole.
func (c *cutter) lostAnswers() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	lost := make([]string, len(c.lost))
	for i, answer := range c.lost {
		lost[i] = string(answer)
	}
	return lost
}
