package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"
)

// Stderr is where a command says what is not its result: kong gives it to a Run that asks for it.
type Stderr struct{ io.Writer }

// terminal reports whether somebody looks on while it is written.
func (s Stderr) terminal() bool {
	file, ok := s.Writer.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// Progress begins to show how far long work is, as a bar of total parts, or without end where total is 0. It shows
// nothing where standard error is no terminal, and for work that is done before anybody could have read it. The caller
// says Done.
func (s Stderr) Progress(what string, total int) *Progress {
	p := &Progress{out: s, what: what, total: total, start: time.Now(), end: make(chan struct{})}
	if s.terminal() {
		p.drawing.Go(p.draw)
	}
	return p
}

const (
	progressFirst = 300 * time.Millisecond // less is not worth a look
	progressEvery = 100 * time.Millisecond
	progressWidth = 30
)

// Progress is the bar of one piece of work. Its methods may be called from any goroutine.
type Progress struct {
	out     Stderr
	what    string
	start   time.Time
	end     chan struct{}
	once    sync.Once
	drawing sync.WaitGroup

	mu    sync.Mutex
	total int
	done  int
	note  string
}

// Set says how many parts are done, of how many (0: nobody knows), and what is being done just now; a note may be
// empty.
func (p *Progress) Set(done, total int, note string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.done, p.total, p.note = done, total, note
}

// Say writes a line about the work, above the bar where there is one.
func (p *Progress) Say(line string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.out.terminal() {
		line = "\r\x1b[K" + line
	}
	_, _ = fmt.Fprintln(p.out, line)
}

// Done removes the bar.
func (p *Progress) Done() {
	p.once.Do(func() { close(p.end) })
	p.drawing.Wait()
}

func (p *Progress) draw() {
	timer := time.NewTimer(progressFirst)
	defer timer.Stop()
	shown := false
	for {
		select {
		case <-p.end:
			if shown {
				_, _ = fmt.Fprint(p.out, "\r\x1b[K")
			}
			return
		case <-timer.C:
		}
		shown = true
		_, _ = fmt.Fprint(p.out, "\r"+p.line(time.Since(p.start))+"\x1b[K")
		timer.Reset(progressEvery)
	}
}

// line is the bar after some time.
func (p *Progress) line(after time.Duration) string {
	p.mu.Lock()
	defer p.mu.Unlock()
	bar, count := "", ""
	if p.total > 0 {
		full := min(p.done, p.total) * progressWidth / p.total
		bar = strings.Repeat("#", full) + strings.Repeat(".", progressWidth-full)
		count = fmt.Sprintf(" %d/%d", p.done, p.total)
	} else { // a mark that walks to and fro
		const steps = progressWidth - 1
		at := int(after/progressEvery) % (2 * steps)
		at = min(at, 2*steps-at)
		bar = strings.Repeat(".", at) + "#" + strings.Repeat(".", steps-at)
	}
	text := fmt.Sprintf("%s [%s]%s %s", p.what, bar, count, after.Truncate(time.Second))
	if p.note != "" {
		text += "  " + p.note
	}
	return text
}
