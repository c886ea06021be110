// Command understudy is a stand-in for the control plane of Redis Cloud.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"reflect"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"github.com/alecthomas/kong"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/tracing"
)

// Exit statuses: 1 for a failure on the way, 2 for a command line or an
// environment that only the user can mend, and for results that are not the
// expected ones.
const (
	exitFailure   = 1
	exitUsage     = 2
	exitDifferent = 2
)

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(150) // the heap is ten megabytes: spend some on fewer collections
	}
	uuid.EnableRandPool() // each request has an id, and that is no secret
	dropEmptySettings()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends the stop at once
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// dropEmptySettings takes a setting that is empty for one that is not there: so
// compose files and CI systems pass on what their user has not set.
func dropEmptySettings() {
	for _, pair := range os.Environ() {
		if name, value, _ := strings.Cut(pair, "="); value == "" && strings.HasPrefix(name, "UNDERSTUDY_") {
			_ = os.Unsetenv(name) // its name is one that the environment had
		}
	}
}

// cli is the command line. Every flag of serve has a twin in the environment.
type cli struct {
	Serve       serveCmd       `cmd:"" help:"Run the sandbox."`
	Demo        demoCmd        `cmd:"" help:"Watch three accounts at work, with things going wrong, in a sandbox that goes when it ends."`
	Env         envCmd         `cmd:"" help:"Print what points clients at a running sandbox."`
	Terraform   terraformCmd   `cmd:"" help:"Run terraform or tofu against a running sandbox, and nothing else."`
	Account     accountCmd     `cmd:"" help:"Accounts of a running sandbox."`
	Asset       assetCmd       `cmd:"" help:"Cards, cloud accounts, users and transit gateways of its accounts."`
	Key         keyCmd         `cmd:"" help:"Keys of its accounts."`
	Reset       resetCmd       `cmd:"" help:"Take an account, or all, back to when it was created."`
	Seed        seedCmd        `cmd:"" help:"Give accounts what a file says."`
	Snapshot    snapshotCmd    `cmd:"" help:"Snapshots of the state of an account."`
	Fork        forkCmd        `cmd:"" help:"Make a new account with the state of another one and print its keys."`
	Journal     journalCmd     `cmd:"" help:"Requests that a running sandbox answered."`
	Clock       clockCmd       `cmd:"" help:"The clock of an account: how it runs, what comes next, and letting time pass."`
	Fault       faultCmd       `cmd:"" help:"What goes wrong on purpose in a running sandbox."`
	Campaign    campaignCmd    `cmd:"" help:"Find out which faults a Terraform module survives, and which make it leak resources or misreport."`
	Task        taskCmd        `cmd:"" help:"Tasks of an account, and watching them."`
	Wait        waitCmd        `cmd:"" help:"Wait for a task, a resource, or until an account is idle; exit status 1 says that it did not come."`
	Events      eventsCmd      `cmd:"" help:"Follow the transitions of tasks and resources."`
	Webhook     webhookCmd     `cmd:"" help:"Webhooks of an account."`
	External    externalCmd    `cmd:"" help:"What happens from outside the API: a peering that is accepted, a backup that fails."`
	Migrate     migrateCmd     `cmd:"" help:"Bring a database to the schema of this binary and exit. serve does so too."`
	Healthcheck healthcheckCmd `cmd:"" help:"Ask a running server whether it is ready; exit status 0 says yes."`
	Doctor      doctorCmd      `cmd:"" help:"Find out what is wrong with the machine or the set-up, and how to mend it. Changes nothing."`
	Version     versionCmd     `cmd:"" help:"Print the version."`
	Completion  completionCmd  `cmd:"" help:"Print what a shell needs to complete commands: source <(understudy completion bash)."`
	Complete    completeCmd    `cmd:"" hidden:""`
	Reference   referenceCmd   `cmd:"" hidden:""`
}

// part returns a pointer to the command line of the one command that arguments begin with, or else to all of it: who
// calls a command waits, and to learn all of them takes longer than most of them take.
func part(args []string) any {
	for command := range reflect.TypeFor[cli]().Fields() {
		if len(args) > 0 && args[0] == strings.ToLower(command.Name) {
			return reflect.New(reflect.StructOf([]reflect.StructField{command})).Interface()
		}
	}
	return &cli{}
}

//go:generate sh -c "go run . reference >../../docs/cli.md"

// newParser returns a parser of a command line, a pointer to a cli or to a part of one.
func newParser(c any, dataDir string, options ...kong.Option) (*kong.Kong, error) {
	return kong.New(c, append([]kong.Option{
		kong.Name("understudy"),
		kong.Description("A stand-in for the control plane of Redis Cloud: " +
			"one binary that the official Terraform provider and SDK take for the real thing."),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.Vars{"version": version(), "data_dir": dataDir},
	}, options...)...)
}

// run parses, runs and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	parser, err := newParser(part(args), server.DefaultDataDir(),
		kong.Writers(stdout, stderr),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.BindTo(stdout, (*io.Writer)(nil)),
		kong.Bind(Stderr{stderr}),
	)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	if len(args) == 0 {
		args = []string{"--help"}
	}
	command, err := parser.Parse(args)
	if err != nil {
		return complain(stderr, err, exitUsage)
	}
	if serve, ok := reflect.TypeAssert[*serveCmd](command.Selected().Target.Addr()); ok {
		err = serve.Run(ctx, stdout) // for long, and so without what kong knows of the command line, a tenth of the heap
	} else {
		err = command.Run()
	}
	if status, ok := errors.AsType[exitStatus](err); ok { // which has said why
		return int(status)
	}
	if err != nil {
		if errors.Is(err, server.ErrConfig) {
			return complain(stderr, err, exitUsage)
		}
		return complain(stderr, err, exitFailure)
	}
	return 0
}

func complain(w io.Writer, err error, status int) int {
	text := strings.TrimPrefix(err.Error(), server.ErrConfig.Error()+": ")
	_, _ = fmt.Fprintln(w, "understudy:", strings.Join(strings.Fields(text), " ")) // one line
	return status
}

type serveCmd struct {
	Listen       string        `env:"UNDERSTUDY_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks one. Default: ${default}."`
	Advertise    string        `env:"UNDERSTUDY_ADVERTISE" placeholder:"URL" help:"How clients reach the server, as in http://localhost:9000: told when it is ready and by understudy env. Default: where it listens, and for who asks env at another address that one."`
	Expose       bool          `env:"UNDERSTUDY_EXPOSE" help:"Let other machines in where --listen does; control then asks for its token. Default: off."`
	ControlToken string        `env:"UNDERSTUDY_CONTROL_TOKEN" placeholder:"TOKEN" help:"Token that control, /metrics and profiles ask for. Default: none on the loopback address, else made at each start."`
	AllowHost    []string      `env:"UNDERSTUDY_ALLOW_HOST" placeholder:"NAME" help:"Name that requests may call the server by, beside those of the loopback address; may be repeated or separated by commas. Default: none."`
	Pprof        bool          `env:"UNDERSTUDY_PPROF" help:"Serve profiles of the process at /debug/pprof. Default: off."`
	NoUI         bool          `name:"no-ui" env:"UNDERSTUDY_NO_UI" help:"Serve no dashboard. Default: off."`
	UIPrefix     string        `name:"ui-prefix" env:"UNDERSTUDY_UI_PREFIX" default:"/ui" placeholder:"PATH" help:"Path that the dashboard is below. Default: ${default}."`
	UIReadonly   bool          `name:"ui-readonly" env:"UNDERSTUDY_UI_READONLY" help:"Let the dashboard show everything and change nothing. Default: off."`
	DatabaseURL  string        `env:"UNDERSTUDY_DATABASE_URL" placeholder:"URL" help:"Postgres 14 or newer to keep the state in; several servers may share it. Default: a private Postgres in the data directory."`
	DirectURL    string        `name:"database-direct-url" env:"UNDERSTUDY_DATABASE_DIRECT_URL" placeholder:"URL" help:"The same database without the pooler, where --database-url leads to one that gives each transaction any session, as PgBouncer does with pool_mode=transaction. Default: --database-url has sessions of its own."`
	DataDir      string        `env:"UNDERSTUDY_DATA_DIR" default:"${data_dir}" placeholder:"DIR" help:"Where the sandbox keeps its state over restarts. Default: ${default}."`
	CacheDir     string        `env:"UNDERSTUDY_CACHE_DIR" placeholder:"DIR" help:"Where a private Postgres is kept as it was made, 28 MB, to be copied for the next new data directory, which is faster than to make another one; none keeps nothing. Default: understudy in the user's directory of caches."`
	Speed        float64       `env:"UNDERSTUDY_SPEED" default:"600" placeholder:"N" help:"How much faster than in the real cloud time passes for tasks and provisioning: 1 is realistic minutes, 0 lets nothing take any time. Default: ${default}."`
	CapPolicy    engine.Policy `name:"subscription-cap-policy" env:"UNDERSTUDY_SUBSCRIPTION_CAP_POLICY" default:"queue" placeholder:"queue|reject" help:"What happens to the change of a fourth subscription while three are being changed: it waits, or its task fails. Default: ${default}."`
	APIKey       string        `env:"UNDERSTUDY_API_KEY" placeholder:"KEY" help:"Account key of the demo account. Default: made once and kept."`
	APISecretKey string        `env:"UNDERSTUDY_API_SECRET_KEY" placeholder:"KEY" help:"User key of the demo account. Default: made once and kept."`
	KeysFile     string        `env:"UNDERSTUDY_KEYS_FILE" placeholder:"FILE" help:"JSON list of further API keys, with their accounts, roles and allow lists; docs/access.md describes it. Default: none."`
	Accounts     string        `env:"UNDERSTUDY_ACCOUNTS" default:"known" enum:"known,any" placeholder:"known|any" help:"What happens to a pair of keys that nobody knows: it is refused, or gets an empty account of its own. Default: ${default}."`
	MaxAccounts  int           `env:"UNDERSTUDY_MAX_ACCOUNTS" default:"1000" placeholder:"N" help:"How many accounts there may be in all for another one to be made by --accounts any. Default: ${default}."`
	Seed         string        `env:"UNDERSTUDY_SEED" placeholder:"FILE" help:"File of YAML with what accounts are to have: keys, clocks, resources in any state. The same one again changes nothing; docs/sandbox.md describes it. Default: none."`
	RateLimit    int           `env:"UNDERSTUDY_RATE_LIMIT" default:"0" placeholder:"N" help:"How many requests an account may send in a minute: 400 in the real cloud, 0 sets no limit. Default: ${default}."`
	Dialects     []string      `env:"UNDERSTUDY_DIALECTS" default:"redis,rds" placeholder:"NAME" help:"APIs to offer, separated by commas: redis, the one of Redis Cloud under /v1, and rds, the one of Huawei Cloud's RDS for MySQL under /v3. Default: ${default}."`
	Journal      int           `env:"UNDERSTUDY_JOURNAL" default:"1000" placeholder:"N" help:"How many of its latest requests each account's journal keeps, in memory; 0 keeps none. Default: ${default}."`
	ReadyFile    string        `env:"UNDERSTUDY_READY_FILE" placeholder:"FILE" help:"File to write when ready: JSON with url, apiKey, apiSecretKey and pid. Default: none."`
	TaskHold     time.Duration `env:"UNDERSTUDY_TASK_HOLD" default:"500ms" placeholder:"DURATION" help:"How long a GET of an unfinished task waits for its end, 10s at most; 0 answers at once. Default: ${default}."`
	Events       int64         `env:"UNDERSTUDY_EVENTS" default:"100000" placeholder:"N" help:"How many of its latest transitions of tasks and resources are kept of each account, in the database: streams, webhooks and what a task shows of its resources are made of them. 1 or more. Default: ${default}."`
	Cache        size          `env:"UNDERSTUDY_CACHE" default:"32MiB" placeholder:"SIZE" help:"How much memory answers may take that are kept to be sent again for as long as nothing changes them, and what lists of tasks are made of; 0 keeps none. With --database-url only the latter is kept. Default: ${default}."`
	LogFormat    string        `env:"UNDERSTUDY_LOG_FORMAT" default:"text" enum:"text,json" placeholder:"text|json" help:"Format of the log on standard error. Default: ${default}."`
	LogLevel     slog.Level    `env:"UNDERSTUDY_LOG_LEVEL" default:"info" placeholder:"LEVEL" help:"Least level to log: debug, info, warn or error. Default: ${default}."`
	setupFlags
}

// Run serves until the context ends.
func (s *serveCmd) Run(ctx context.Context, stdout io.Writer) error {
	setup, err := s.setup()
	if err != nil {
		return err
	}
	if s.Events == 0 { // which the configuration takes for the default
		return fmt.Errorf("%w: --events 0 is not a number from 1 up: streams and webhooks live on what is kept",
			server.ErrConfig)
	}
	cfg := server.Config{
		Document:     understudy.Document,
		Control:      understudy.ControlDocument,
		Dialects:     s.Dialects,
		Version:      version(),
		Listen:       s.Listen,
		Advertise:    s.Advertise,
		Expose:       s.Expose,
		ControlToken: s.ControlToken,
		AllowHosts:   s.AllowHost,
		Pprof:        s.Pprof,
		NoUI:         s.NoUI,
		UIPrefix:     s.UIPrefix,
		UIReadOnly:   s.UIReadonly,
		DatabaseURL:  s.DatabaseURL,
		DirectURL:    s.DirectURL,
		DataDir:      s.DataDir,
		CacheDir:     s.CacheDir,
		Speed:        s.Speed,
		CapPolicy:    s.CapPolicy,
		APIKey:       s.APIKey,
		APISecretKey: s.APISecretKey,
		KeysFile:     s.KeysFile,
		AnyAccounts:  s.Accounts == "any",
		MaxAccounts:  s.MaxAccounts,
		Seed:         s.Seed,
		RateLimit:    s.RateLimit,
		Journal:      s.Journal,
		ReadyFile:    s.ReadyFile,
		TaskHold:     s.TaskHold,
		Events:       s.Events,
		Cache:        int64(s.Cache),
		Setup:        setup,
		Logger:       s.logger(os.Stderr),
		Banner:       func(ready server.Ready) { banner(stdout, ready) },
		Hook:         hook(),
		Group:        group(),
	}
	if tracing.Wanted() {
		traces, err := tracing.Start(ctx, "understudy", version())
		if err != nil {
			return fmt.Errorf("%w: %w", server.ErrConfig, err)
		}
		defer traces.Close()
		cfg.Tracing = traces
	}
	return server.Run(ctx, cfg)
}

func (s *serveCmd) logger(w io.Writer) *slog.Logger {
	options := &slog.HandlerOptions{Level: s.LogLevel}
	if s.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// banner says what a user needs to go on.
func banner(w io.Writer, ready server.Ready) {
	var env strings.Builder
	_ = printVariables(&env, "shell", ready.Environment(), false) // a Builder takes everything
	_, _ = fmt.Fprintf(w, `
Understudy is ready at %s
%s
The demo account's keys: x-api-key %s, x-api-secret-key %s

For Terraform and the SDKs:
  %s

%sStop with Ctrl-C.

`, ready.URL, dashboardLine(ready), ready.APIKey, ready.APISecretKey,
		strings.ReplaceAll(strings.TrimSpace(env.String()), "\n", "\n  "),
		controlLines(ready))
}

// dashboardLine says where to watch it.
func dashboardLine(ready server.Ready) string {
	if ready.DashboardURL == "" {
		return ""
	}
	return "The dashboard is at " + ready.DashboardURL + "\n"
}

// controlLines say how to control a server that asks for a token.
func controlLines(ready server.Ready) string {
	if ready.ControlToken == "" {
		return ""
	}
	token := cloud.Variable{Name: "UNDERSTUDY_CONTROL_TOKEN", Value: ready.ControlToken}
	return "To control it from elsewhere:\n  " + sandbox.Export(token) + "\n\n"
}

type migrateCmd struct {
	jsonFlag
	DatabaseURL string `env:"UNDERSTUDY_DATABASE_URL" required:"" placeholder:"URL" help:"Postgres to migrate."`
	DirectURL   string `name:"database-direct-url" env:"UNDERSTUDY_DATABASE_DIRECT_URL" placeholder:"URL" help:"The same database without the pooler, where --database-url leads to one. Default: --database-url has sessions of its own."`
}

// Run migrates.
func (m *migrateCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	if err := server.Migrate(ctx, m.DatabaseURL, m.DirectURL); err != nil {
		return err
	}
	return m.say(stdout, stderr, map[string]any{"migrated": true}, "The database has the schema of this binary.")
}

type healthcheckCmd struct {
	jsonFlag
	URL     *string `env:"UNDERSTUDY_HEALTHCHECK_URL,UNDERSTUDY_URL" placeholder:"URL" help:"Base URL of the server, with or without /v1. Default: the server that runs on the data directory."`
	DataDir string  `env:"UNDERSTUDY_DATA_DIR" default:"${data_dir}" placeholder:"DIR" help:"Data directory of the server. Default: ${default}."`
}

// Run asks /readyz.
func (h *healthcheckCmd) Run(ctx context.Context, stdout io.Writer) error {
	at := clientFlags{DataDir: h.DataDir}
	if h.URL != nil {
		at.URL = cmp.Or(*h.URL, "-") // an empty one is a mistake in a script, and no URL
	}
	client, err := at.client()
	if err != nil {
		return err
	}
	const atMost = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, atMost)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, client.URL+"/readyz", nil)
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("not ready: %w", err)
	}
	defer func() { _ = res.Body.Close() }() // nothing is read from it
	if res.StatusCode != http.StatusOK {
		return fmt.Errorf("not ready: %s", res.Status)
	}
	return h.print(stdout, map[string]string{"status": "ready", "url": client.URL}, "", "ready")
}

type versionCmd struct{ jsonFlag }

// Run prints the version.
func (v *versionCmd) Run(stdout io.Writer) error {
	return v.print(stdout, map[string]string{"version": version()}, "", "understudy "+version())
}

// release is the version that a build was told: -ldflags '-X main.release=v1.2.3'.
var release string

// version is what the build was told, or what the Go tool chain knows of it.
func version() string {
	if release != "" {
		return release
	}
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "(devel)"
	}
	return info.Main.Version
}
