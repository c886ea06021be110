package doctor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/store"
	"github.com/understudy-dev/understudy/migrations"
)

// found is the server that was found.
type found struct {
	server.Address
	none    bool  // the data directory names none
	err     error // why it cannot be asked
	ready   bool
	answers bool
	status  string
	date    time.Time // of its answer
}

// running reports whether there is a server, ready or not.
func (f found) running() bool { return f.answers }

// findServer looks for the server and asks it whether it is ready.
func findServer(ctx context.Context, cfg Config) (at found) {
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	at.Address = server.Address{URL: cfg.URL, Token: cfg.Token}
	if cfg.URL == "" {
		var err error
		if at.Address, err = server.FindAddress(cfg.DataDir); err != nil {
			at.none, at.err = errors.Is(err, fs.ErrNotExist), err
			return at
		}
	}
	if base, err := url.Parse(at.URL); err == nil {
		at.URL = base.Scheme + "://" + base.Host
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, at.URL+"/readyz", nil)
	if err != nil {
		at.err = err
		return at
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		at.err = err
		return at
	}
	defer func() { _ = res.Body.Close() }() // it is read
	body, _ := io.ReadAll(io.LimitReader(res.Body, 200))
	at.status = strings.TrimSpace(res.Status + " " + string(body))
	at.answers = true
	at.ready = res.StatusCode == http.StatusOK && strings.Contains(string(body), `"ready"`)
	at.date, _ = http.ParseTime(res.Header.Get("Date"))
	return at
}

// address looks whether the file that tells commands where the server is tells the truth.
func address(_ context.Context, cfg Config, at found) []Finding {
	const check = "address file"
	switch {
	case cfg.URL != "":
		return good(check, "not asked: the server is named by --url")
	case at.none:
		return good(check, "no server has said that it runs on "+cfg.DataDir)
	case at.URL == "":
		return bad(check, at.err.Error(), "remove server.json in "+cfg.DataDir+" and start the server again")
	case !at.answers && !alive(at.PID):
		return warning(check, fmt.Sprintf("server.json names process %d, which is gone", at.PID), "understudy serve")
	}
	return good(check, fmt.Sprintf("%s, process %d", at.URL, at.PID))
}

func alive(pid int) bool {
	err := syscall.Kill(pid, 0)
	return err == nil || errors.Is(err, syscall.EPERM)
}

// reachable looks whether the server answers.
func reachable(_ context.Context, cfg Config, at found) []Finding {
	const check = "server"
	switch {
	case at.none:
		return good(check, "none runs on "+cfg.DataDir)
	case at.ready:
		return good(check, at.URL+" is ready")
	case at.answers:
		return bad(check, at.URL+" is not ready: "+at.status, "look at its log; its database may be away")
	case at.URL == "":
		return nil // said already
	}
	return bad(check, fmt.Sprintf("%s does not answer: %v", at.URL, at.err),
		"understudy serve, or name another server with --url")
}

// database looks at the schema of a database of the user's own.
func database(ctx context.Context, cfg Config, at found) []Finding {
	const check = "database schema"
	if cfg.DatabaseURL == "" {
		if at.ready {
			return good(check, "that of the server, which brought it up to date when it started")
		}
		return good(check, "that of the private Postgres is brought up to date at each start")
	}
	current, latest, err := migrations.Version(ctx, cfg.DatabaseURL)
	switch {
	case err != nil:
		return bad(check, "the database cannot be asked: "+withoutURL(err, cfg.DatabaseURL),
			"look at --database-url and at the database")
	case current > latest:
		return bad(check, fmt.Sprintf("version %d, and this program knows versions up to %d", current, latest),
			"use a newer understudy, or another database")
	case current < latest:
		return warning(check, fmt.Sprintf("version %d of %d", current, latest),
			"understudy migrate, or serve, which does so, too")
	}
	return good(check, fmt.Sprintf("version %d, the newest", current))
}

// withoutURL keeps a password out of a message.
func withoutURL(err error, text string) string {
	said := err.Error()
	if u, parsed := url.Parse(text); parsed == nil && u.User != nil {
		if password, ok := u.User.Password(); ok && password != "" {
			said = strings.ReplaceAll(said, password, "…")
		}
	}
	return said
}

// skew is how far two clocks may be apart: an HTTP date has whole seconds.
const skew = 3 * time.Second

// clocks looks whether the database and the server have the time that this machine has.
func clocks(ctx context.Context, cfg Config, at found) []Finding {
	const check = "clocks"
	const mend = "set both by NTP; times in answers are the database's"
	if cfg.DatabaseURL != "" {
		if db, err := store.Open(ctx, cfg.DatabaseURL, 1); err == nil {
			defer db.Close()
			before := time.Now()
			if now, err := db.Now(ctx); err == nil {
				if apart := now.Sub(before).Abs(); apart > skew {
					says := fmt.Sprintf("the database's is %v apart from this machine's", apart.Round(time.Second))
					return warning(check, says, mend)
				}
			}
		}
	}
	if !at.date.IsZero() {
		if apart := time.Since(at.date).Abs(); apart > skew {
			return warning(check, fmt.Sprintf("the server's is %v apart from this machine's", apart.Round(time.Second)), mend)
		}
	}
	return good(check, "nobody's is apart from this machine's")
}
