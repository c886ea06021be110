// Package server puts the sandbox together: the private Postgres, the engine and
// the HTTP edge, started in order and stopped in the reverse one.
package server

import (
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what `understudy serve` can be told.
type Config struct {
	Document     []byte        // openapi.yaml
	Control      []byte        // sandbox.yaml
	Dialects     []string      // names of those to serve; none: all
	Version      string        // of the program
	Listen       string        // host:port; port 0 picks one
	Advertise    string        // URL at which clients reach the server, without a path; empty: where it listens
	Expose       bool          // Listen may let other machines in
	ControlToken string        // asked for by control; empty: one is made where other machines are let in
	AllowHosts   []string      // names of the server, where no token is asked for, beside those of the loopback address
	Pprof        bool          // serve profiles of the process
	NoUI         bool          // serve no dashboard
	UIPrefix     string        // of the paths of the dashboard; empty: DefaultUIPrefix
	UIReadOnly   bool          // the dashboard changes nothing
	Tracing      Tracing       // nil: none
	DatabaseURL  string        // empty: a private Postgres in DataDir
	Alone        bool          // nobody else changes the database at DatabaseURL
	DirectURL    string        // of the same database, where DatabaseURL leads to a pooler that shares sessions; or empty
	DataDir      string        // empty: DefaultDataDir
	CacheDir     string        // what a further data directory is made of is kept there, as postgres.CacheDir has it
	Speed        float64       // business time over real time; 0: nothing takes any time
	CapPolicy    engine.Policy // for a change of a fourth subscription
	APIKey       string        // of the demo account; both keys or none,
	APISecretKey string        // none: minted once and kept in DataDir
	KeysFile     string        // more keys; empty: none
	AnyAccounts  bool          // a pair of keys that nobody knows gets an empty account of its own,
	MaxAccounts  int           // unless there are so many
	Seed         string        // seed file; empty: none
	RateLimit    int           // requests an account may send in a minute; 0: any number
	Journal      int           // requests of each account that are kept; 0: none
	ReadyFile    string        // written when ready; empty: none
	TaskHold     time.Duration // how long a GET of an unfinished task waits
	Setup        account.Setup // what accounts have beside the built-in data
	Events       int64         // how many events are kept of an account; 0: engine.DefaultEvents
	Cache        int64         // bytes of answers that are kept where nobody else changes the database; 0: none
	WebhookRetry time.Duration // how long a webhook is left alone after a first failure; 0: a second
	Timeouts     Timeouts
	Logger       *slog.Logger
	Banner       func(Ready) // called when ready; nil: nothing

	// Hook is called at named points of the lifecycle, and Group is how many tasks share a transaction, as engine.Config
	// has it. Both are for tests.
	Hook  func(point string)
	Group int
}

// Tracing is who follows what a request does. It is given from outside, so that a program with a sandbox in it need not
// be linked with any.
type Tracing interface {
	Handler(next http.Handler) http.Handler
	Observe(r journal.Record)
	Database() store.Option
}

// Timeouts are how long a client may take, and how long a stop waits for requests
// in hand; for one that is 0 its default counts.
type Timeouts struct {
	Header, Body, Write, Idle, Stop time.Duration
}

// Ready is what a started server tells: also the content of the ready file.
type Ready struct {
	URL string `json:"url"` // base of the first dialect, with the path that all of it is below
	// Dialects has the base of each dialect that is served, by its name.
	Dialects     map[string]string `json:"dialects"`
	APIKey       string            `json:"apiKey"`
	APISecretKey string            `json:"apiSecretKey"`
	DashboardURL string            `json:"dashboardUrl,omitempty"` // empty: there is none
	PID          int               `json:"pid"`
	ControlToken string            `json:"controlToken,omitempty"` // empty: none is asked for
}

// ErrConfig marks errors that only another configuration can mend.
var ErrConfig = errors.New("configuration")

func badConfig(format string, args ...any) error {
	return fmt.Errorf("%w: %w", ErrConfig, fmt.Errorf(format, args...))
}

// minSpeed makes years of minutes; with more a time.Duration would overflow.
const minSpeed = 1e-6

// DefaultCache is the Cache of the command line.
const DefaultCache = 32 << 20

// alone reports whether nobody else changes the database.
func (c *Config) alone() bool { return c.DatabaseURL == "" || c.Alone }

// check refuses values that make no sense, naming the flag.
func (c *Config) check() error {
	_, port, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return badConfig("--listen %q is not host:port", c.Listen)
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return badConfig("--listen %q: there is no port %q", c.Listen, port)
	}
	if err := errors.Join(checkURLs(c.DatabaseURL, c.DirectURL), checkAdvertised(c.Advertise)); err != nil {
		return err
	}
	if c.Speed < 0 || math.IsNaN(c.Speed) || math.IsInf(c.Speed, 0) {
		return badConfig("--speed %v is not a number from 0 up", c.Speed)
	}
	if c.Speed > 0 && c.Speed < minSpeed {
		return badConfig("--speed %v is below %v, the slowest", c.Speed, minSpeed)
	}
	if c.TaskHold < 0 || c.TaskHold > maxHold {
		return badConfig("--task-hold %v is not between 0 and %v", c.TaskHold, maxHold)
	}
	if c.CapPolicy != engine.PolicyQueue && c.CapPolicy != engine.PolicyReject {
		return badConfig("--subscription-cap-policy %q is neither %q nor %q",
			c.CapPolicy, engine.PolicyQueue, engine.PolicyReject)
	}
	if (c.APIKey == "") != (c.APISecretKey == "") {
		return badConfig("--api-key and --api-secret-key go together")
	}
	for flag, key := range map[string]string{
		"--api-key": c.APIKey, "--api-secret-key": c.APISecretKey, "--control-token": c.ControlToken,
	} {
		if strings.TrimSpace(key) != key || strings.ContainsFunc(key, unicode.IsControl) {
			return badConfig("%s has characters that no header can have, or blanks around it", flag)
		}
	}
	if c.MaxAccounts < 0 || c.AnyAccounts && c.MaxAccounts == 0 {
		return badConfig("--max-accounts %d is not a number from 1 up", c.MaxAccounts)
	}
	if c.RateLimit < 0 {
		return badConfig("--rate-limit %d is not a number from 0 up", c.RateLimit)
	}
	if c.Journal < 0 {
		return badConfig("--journal %d is not a number from 0 up", c.Journal)
	}
	if err := c.checkUI(); err != nil {
		return err
	}
	if c.Events < 0 {
		return badConfig("--events %d is not a number from 1 up", c.Events)
	}
	ready, err := os.Stat(c.ReadyFile)
	if err == nil && ready.IsDir() {
		return badConfig("--ready-file %s is a directory", c.ReadyFile)
	}
	if keys, keysErr := os.Stat(c.KeysFile); err == nil && keysErr == nil && os.SameFile(ready, keys) {
		return badConfig("--ready-file %s would take the place of --keys-file", c.ReadyFile)
	}
	return nil
}

// checkAdvertised refuses what is no URL without a path. Empty passes.
func checkAdvertised(text string) error {
	u, err := url.Parse(text)
	if text == "" || err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Hostname() != "" && u.User == nil &&
		strings.Trim(u.Path, "/") == "" && u.RawQuery == "" && u.Fragment == "" {
		return nil
	}
	return badConfig("--advertise %q is not a URL like http://localhost:9000", text)
}

// checkURLs refuses what are no URLs of a Postgres. Empty ones pass.
func checkURLs(pool, direct string) error {
	if pool == "" && direct != "" {
		return badConfig("--database-direct-url goes with --database-url")
	}
	return errors.Join(checkURL("--database-url", pool), checkURL("--database-direct-url", direct))
}

// checkURL does not repeat the URL, which may hold a password.
func checkURL(flag, text string) error {
	u, err := url.Parse(text)
	switch {
	case text == "":
		return nil
	case err != nil || u.Scheme != "postgres" && u.Scheme != "postgresql":
		return badConfig("%s is not a URL like postgres://user@host:5432/name", flag)
	}
	for host := range strings.SplitSeq(u.Host, ",") { // the machines of one that fails over
		_, port, _ := strings.Cut(host[strings.LastIndex(host, "]")+1:], ":")
		if _, err := strconv.ParseUint(port, 10, 16); err != nil && port != "" {
			return badConfig("%s: there is no port %s", flag, port)
		}
	}
	return nil
}

// DefaultDataDir is where a sandbox keeps its state when not told otherwise: the
// user's data directory, or for root one that the Postgres user can enter.
func DefaultDataDir() string {
	if os.Geteuid() == 0 {
		return "/var/lib/understudy"
	}
	if dir := os.Getenv("XDG_DATA_HOME"); dir != "" {
		return filepath.Join(dir, "understudy")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return filepath.Join(os.TempDir(), fmt.Sprintf("understudy-%d", os.Getuid()))
	}
	return filepath.Join(home, ".local", "share", "understudy")
}
