package postgres

import (
	"bytes"
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
)

// logWriter hands the lines that a Postgres program writes to a logger, and
// keeps the last few for the error that reports its end.
type logWriter struct {
	logger *slog.Logger

	mu       sync.Mutex
	partial  []byte
	recent   []string
	stopping bool
}

const recentLines = 8

// ended is how Postgres' word on a process that a stop ends closes: on one that is at work, be it a session, an
// autovacuum or a parallel worker, on a session that is being let in (in these words, whatever the time), and on one
// that comes too late.
var ended = []string{
	"due to administrator command",
	"canceling authentication due to timeout",
	"the database system is shutting down",
}

func (w *logWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.partial = append(w.partial, p...)
	for {
		line, rest, ok := bytes.Cut(w.partial, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		w.line(string(line))
		w.partial = rest
	}
}

func (w *logWriter) line(text string) {
	text = strings.TrimRight(text, " \r")
	if text == "" {
		return
	}
	if len(w.recent) == recentLines {
		w.recent = w.recent[1:]
	}
	w.recent = append(w.recent, text)
	level := slog.LevelDebug
	switch severity, _, _ := strings.Cut(text, ":"); severity {
	case "WARNING", "FATAL", "PANIC":
		level = slog.LevelWarn
	}
	_, said, _ := strings.Cut(text, ":")
	said = strings.TrimSpace(said)
	byStop := func(end string) bool { return w.stopping && strings.HasSuffix(said, end) }
	if said == "connection to client lost" || slices.ContainsFunc(ended, byStop) {
		level = slog.LevelDebug // that is us: a query given up, a server stopped
	}
	w.logger.Log(context.Background(), level, "postgres", "line", text)
}

// stop says that the server is being stopped, which ends the sessions that there
// still are.
func (w *logWriter) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stopping = true
}

// last returns what was written last, on one line.
func (w *logWriter) last() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.recent) == 0 {
		return "it wrote nothing"
	}
	return strings.Join(w.recent, " | ")
}
