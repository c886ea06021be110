package demo

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"time"
)

// narrator tells what happens, a line each.
type narrator struct {
	mu    sync.Mutex
	out   io.Writer
	began time.Time
}

// say tells what somebody does, and on which page it is to be seen; empty: nowhere in particular.
func (n *narrator) say(who, where, format string, args ...any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	at := time.Since(n.began).Truncate(time.Second)
	what := fmt.Sprintf(format, args...)
	line := fmt.Sprintf("%3d:%02d  %-10s  %s\n", int(at.Minutes()), int(at.Seconds())%60, who, what)
	if where != "" {
		line += strings.Repeat(" ", len("  0:00  ")) + where + "\n"
	}
	_, _ = io.WriteString(n.out, line) // the story goes on though nobody listens
}

// welcome says where everything is, and shows it.
func (s *stage) welcome(actors []*actor) error {
	home := s.server.DashboardURL
	s.mu.Lock()
	_, _ = fmt.Fprintf(s.out, `
The demo runs at %s

Three accounts are at work, %g times as fast as in the real cloud. All of it goes when the demo ends, with Ctrl-C.
Join in as one of them: eval "$(understudy env --url %s --account %s)"

`, home, s.speed, strings.TrimSuffix(s.server.URL, "/v1"), actors[0].account)
	s.mu.Unlock()
	if s.show == nil {
		return nil
	}
	if err := s.show(home); err != nil { // which is no reason to end
		s.say("", home, "no browser opens here (%s)", oneLine(err))
	}
	return nil
}

func oneLine(err error) string { return strings.Join(strings.Fields(err.Error()), " ") }
