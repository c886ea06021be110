package metrics

import (
	"context"
	"maps"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// state are the figures that are asked for when somebody scrapes.
type state struct {
	cfg Config

	mu      sync.Mutex
	counted time.Time // when the tasks were
	tasks   map[cloud.TaskStatus]int
}

const (
	askFor     = 2 * time.Second  // how long the database may take
	countEvery = 30 * time.Second // at most, since counting looks at every task
)

func gauge(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("understudy_"+name, help, labels, nil)
}

var (
	buildInfo   = gauge("build_info", "1, of the version that the label says.", "version")
	accounts    = gauge("accounts", "Accounts.")
	busy        = gauge("accounts_busy", "Accounts with tasks that have not ended.")
	tasks       = gauge("tasks", "Tasks that are kept, by status; counted twice a minute at most.", "status")
	queued      = gauge("tasks_queued", "Tasks that have not ended, of all accounts.")
	longest     = gauge("tasks_queue_longest", "Tasks that have not ended, of the account with the most.")
	running     = gauge("tasks_running", "Tasks that are being processed.")
	steps       = gauge("steps", "Steps of provisioning that are still to be done.")
	stepsDue    = gauge("steps_due", "Among them those that are due.")
	keys        = gauge("idempotency_keys", "Idempotency keys that are remembered.")
	databaseUp  = gauge("database_up", "1 while the database answers.")
	connections = gauge("database_connections", "Connections to the database, by what they do.", "state")
	maxConns    = gauge("database_connections_max", "Most connections to the database.")
	acquired    = gauge("database_acquired_total", "Times that a connection was taken.")
	waited      = gauge("database_waited_total", "Times that a connection had to be waited for.")
	waitTime    = gauge("database_wait_seconds_total", "Time that connections were waited for.")
	keptAnswers = gauge("cache_entries", "Answers that are kept to be sent again.")
	keptBytes   = gauge("cache_bytes", "What they take in memory, about, with texts of tasks that lists are made of.")
	keptSent    = gauge("cache_hits_total", "Answers that were sent again.")
	notKept     = gauge("cache_misses_total", "Answers to GETs that had to be made, as none was kept that still held.")
	entries     = gauge("journal_entries", "Requests that the journal keeps.")
	entryBytes  = gauge("journal_bytes", "What they take in memory, about.")
)

func newState(cfg Config) *state { return &state{cfg: cfg} }

// Describe says nothing: all figures are made when they are collected, and only checked then.
func (s *state) Describe(chan<- *prometheus.Desc) {}

// Collect asks the database and the server.
func (s *state) Collect(out chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), askFor)
	defer cancel()
	set := func(desc *prometheus.Desc, kind prometheus.ValueType, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(desc, kind, value, labels...)
	}
	is := func(desc *prometheus.Desc, value int, labels ...string) {
		set(desc, prometheus.GaugeValue, float64(value), labels...)
	}
	is(buildInfo, 1, s.cfg.Version)
	pool := s.cfg.DB.Pool()
	is(connections, pool.InUse, "in use")
	is(connections, pool.Idle, "idle")
	is(maxConns, pool.Max)
	set(acquired, prometheus.CounterValue, float64(pool.Acquired))
	set(waited, prometheus.CounterValue, float64(pool.Waited))
	set(waitTime, prometheus.CounterValue, pool.WaitTime.Seconds())
	answers := s.cfg.Answers()
	is(keptAnswers, answers.Entries)
	is(keptBytes, int(s.cfg.Room.Bytes()))
	set(keptSent, prometheus.CounterValue, float64(answers.Hits))
	set(notKept, prometheus.CounterValue, float64(answers.Misses))
	kept, bytes := s.cfg.Journal.Size()
	is(entries, kept)
	is(entryBytes, bytes)

	load, err := s.cfg.DB.Load(ctx)
	if err != nil {
		is(databaseUp, 0)
		return
	}
	is(databaseUp, 1)
	is(accounts, load.Accounts)
	is(busy, load.Busy)
	is(queued, load.Queued)
	is(longest, load.Longest)
	is(running, load.Running)
	is(steps, load.Steps)
	is(stepsDue, load.Due)
	is(keys, load.Keys)
	for status, n := range s.counts(ctx) {
		is(tasks, n, string(status))
	}
}

// counts returns how many tasks there are of each status, as of a short while ago.
func (s *state) counts(ctx context.Context) map[cloud.TaskStatus]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if time.Since(s.counted) < countEvery {
		return s.tasks
	}
	counted, err := s.cfg.DB.TaskCounts(ctx)
	if err != nil {
		return s.tasks // the next one asks again
	}
	s.counted = time.Now()
	s.tasks = map[cloud.TaskStatus]int{cloud.TaskReceived: 0, cloud.TaskRunning: 0, cloud.TaskDone: 0, cloud.TaskFailed: 0}
	maps.Copy(s.tasks, counted)
	return s.tasks
}
