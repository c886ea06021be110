package server

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/rds"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/store"
)

// offer is a dialect that a server can offer.
type offer struct {
	name string
	path string // at which its document is served
	read func(Config) (reading, error)
	// environment returns the variables that point clients at the URL that all of the dialect is below, and let them act
	// for an account.
	environment func(url string, s store.Secrets) []cloud.Variable
	// authorize returns the headers, and the parameters of the path, that credentials go into.
	authorize func(key, secret string) (header, path map[string]string)
}

// offers are all there are; the first of those that are served answers for paths that are nobody's.
var offers = []offer{
	{
		name: "redis", path: "/openapi.yaml", read: readRedisCloud, environment: rediscloud.Environment,
		authorize: rediscloud.Authorize,
	},
	{name: "rds", path: "/rds.yaml", read: readRDS, environment: rds.Environment, authorize: rds.Authorize},
}

// Dialects returns the names of all dialects.
func Dialects() []string {
	names := make([]string, len(offers))
	for i, o := range offers {
		names[i] = o.name
	}
	return names
}

// reading is a dialect whose document is read when it is asked for.
type reading struct {
	offer
	text     []byte
	document func() (*openapi.Document, error)
	dialect  func(*openapi.Document) (api.Dialect, error)

	assets    sandbox.Assets    // nil: accounts have nothing that is declared
	externals []engine.External // what can happen from outside
	slots     int               // that changes of an account share; 0: they need none
}

// readDialects finds the dialects that a configuration names.
func readDialects(cfg Config) (readings []reading, err error) {
	wanted := cfg.Dialects
	if len(wanted) == 0 {
		wanted = Dialects()
	}
	for _, name := range wanted {
		if !slices.Contains(Dialects(), name) {
			return nil, badConfig("--dialects: there is no %q, only %s", name, strings.Join(Dialects(), " and "))
		}
	}
	for _, o := range offers {
		if !slices.Contains(wanted, o.name) {
			continue
		}
		r, err := o.read(cfg)
		if err != nil {
			return nil, err
		}
		r.offer = o
		r.document = sync.OnceValues(func() (*openapi.Document, error) { return compiled.Load(r.text) })
		readings = append(readings, r)
	}
	return readings, nil
}

func readRedisCloud(cfg Config) (r reading, err error) {
	operations, err := rediscloud.Operations(cfg.Setup)
	if err != nil {
		return r, badConfig("%w", err)
	}
	assets, err := account.NewAssets(cfg.Setup)
	if err != nil {
		return r, badConfig("%w", err)
	}
	return reading{
		text: cfg.Document,
		dialect: func(document *openapi.Document) (api.Dialect, error) {
			return rediscloud.New(document, operations)
		},
		assets: assets, externals: rediscloud.Externals(), slots: subscription.Slots(),
	}, nil
}

// slots returns how many slots the changes of an account share at most.
func slots(readings []reading) (most int) {
	for _, r := range readings {
		most = max(most, r.slots)
	}
	return most
}

func readRDS(Config) (reading, error) { return reading{text: rds.Document, dialect: rds.New}, nil }

// made makes the dialects of what was read, and sees that they have the same roles: a key is one of all of them.
func made(readings []reading) (dialects []api.Dialect, err error) {
	for _, r := range readings {
		document, err := r.document()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.path, err)
		}
		dialect, err := r.dialect(document)
		if err != nil {
			return nil, err
		}
		dialects = append(dialects, dialect)
		if want, got := dialects[0].Document.Roles(), document.Roles(); !slices.Equal(got, want) {
			return nil, fmt.Errorf("%s has the roles %q, and others %q", r.path, got, want)
		}
	}
	return dialects, nil
}

// Environment returns the variables that point clients at the server. Those of the zero Ready have no values: they name
// all there are.
func (r Ready) Environment() []cloud.Variable {
	return environment(r.Dialects, store.Secrets{Key: r.APIKey, Secret: r.APISecretKey})
}

// environment returns the variables for dialects by their URLs; nil: all there are, without values.
func environment(urls map[string]string, s store.Secrets) (variables []cloud.Variable) {
	for _, o := range offers {
		if url, served := urls[o.name]; served || urls == nil {
			variables = append(variables, o.environment(url, s)...)
		}
	}
	return variables
}

// environmentAt returns the variables for who reaches the server at an address, unless another one is to be told to
// everybody.
func (s *Server) environmentAt(address string, pair store.Secrets) []cloud.Variable {
	if address == "" || s.cfg.Advertise != "" {
		return environment(s.Dialects, pair)
	}
	urls := maps.Clone(s.Dialects)
	for name, url := range urls {
		urls[name] = address + strings.TrimPrefix(url, s.advertised())
	}
	return environment(urls, pair)
}

// advertised is how the server says that it is reached, without a path.
func (s *Server) advertised() string {
	return cmp.Or(strings.TrimSuffix(s.cfg.Advertise, "/"), "http://"+s.Address())
}

// secrets returns the names of the members that are secrets in some dialect, whether or not it is offered: the database
// may have been another server's. It reads every document.
func secrets(cfg Config) (map[string]bool, error) {
	names := map[string]bool{}
	for _, o := range offers {
		r, err := o.read(cfg)
		if err != nil {
			return nil, err
		}
		document, err := compiled.Load(r.text)
		if err != nil {
			return nil, err
		}
		for _, name := range document.Secrets() {
			names[name] = true
		}
	}
	return names, nil
}
