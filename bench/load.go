package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/textproto"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"
)

// answerTimeout is longer than any answer takes that is not lost.
const answerTimeout = 30 * time.Second

// client speaks just enough HTTP over one connection to load a server: requests
// are sent as they were rendered, and of an answer only the status and the body
// are looked at. The client shares the processors with what it measures, and
// net/http's would take more of them than the server does.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	body []byte
}

func dial(ctx context.Context, addr string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, r: bufio.NewReaderSize(conn, 16<<10)}, nil
}

func (c *client) close() { _ = c.conn.Close() }

// do sends a rendered request and gives back the answer. The body is good until
// the next call.
func (c *client) do(request []byte) (status int, body []byte, err error) {
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return 0, nil, err
	}
	if _, err := c.conn.Write(request); err != nil {
		return 0, nil, err
	}
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, nil, err
	}
	if len(line) < len("HTTP/1.1 200") {
		return 0, nil, fmt.Errorf("answer begins with %q", line)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, nil, fmt.Errorf("answer begins with %q", line)
	}
	length := -1
	for {
		if line, err = c.r.ReadSlice('\n'); err != nil {
			return status, nil, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		if len(name) == len("Content-Length") && textproto.CanonicalMIMEHeaderKey(string(name)) == "Content-Length" {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return status, nil, fmt.Errorf("answer with %q", line)
			}
		}
	}
	if length < 0 {
		return status, nil, errors.New("answer without Content-Length")
	}
	if cap(c.body) < length {
		c.body = make([]byte, length)
	}
	c.body = c.body[:length]
	_, err = io.ReadFull(c.r, c.body)
	return status, c.body, err
}

// get renders a GET; post a POST of a JSON body. headers are whole lines.
func get(addr, path, headers string) []byte {
	return fmt.Appendf(nil, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, addr, headers)
}

func post(addr, path, headers, body string) []byte {
	return fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: %s\r\n%sContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		path, addr, headers, len(body), body)
}

// loaded is what a load measured.
type loaded struct {
	perSecond float64
	p50       time.Duration
	requests  int   // the warm-up's included
	cpu       usage // per request
}

// load lets so many clients send requests one after the other, taking turns
// through the rendered ones, for a duration that follows a short warm-up. Every
// answer must have the wanted status.
func load(ctx context.Context, addr string, clients int, d time.Duration, requests [][]byte, want int) (loaded, error) {
	warm := min(d/8, 500*time.Millisecond)
	begin := time.Now().Add(warm)
	end := begin.Add(d)
	tallies := make([]tally, clients)
	var group errgroup.Group
	for i := range clients {
		group.Go(func() error {
			c, err := dial(ctx, addr)
			if err != nil {
				return err
			}
			defer c.close()
			for n := i * len(requests) / clients; ctx.Err() == nil; n++ {
				sent := time.Now()
				status, body, err := c.do(requests[n%len(requests)])
				if err != nil {
					return err
				}
				if status != want {
					return fmt.Errorf("got %d %s, want %d", status, body, want)
				}
				if !tallies[i].count(sent, begin, end) {
					return nil
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return loaded{}, fmt.Errorf("load: %w", err)
	}
	return sum(tallies, d), nil
}

// tally is what one client counts.
type tally struct {
	times    []time.Duration // of what ended between begin and end
	requests int
}

// count an operation that began at sent and ends now; false says that it is
// time to stop.
func (t *tally) count(sent, begin, end time.Time) bool {
	now := time.Now()
	t.requests++
	if now.After(begin) && !now.After(end) {
		t.times = append(t.times, now.Sub(sent))
	}
	return !now.After(end)
}

func sum(tallies []tally, d time.Duration) (l loaded) {
	var all []time.Duration
	for _, t := range tallies {
		all = append(all, t.times...)
		l.requests += t.requests
	}
	l.perSecond, l.p50 = float64(len(all))/d.Seconds(), median(all)
	return l
}
