// Package metrics counts what a server does, for Prometheus. Labels are bounded by the contract and by what the program
// knows: operations, classes of statuses, outcomes; never an id, a path, an account or a name that a user chose.
//
// What happens is counted as it happens, with one look into a map; what is, is asked for when somebody scrapes.
//
// Begin with New.
package metrics

import (
	"net/http"
	"sync"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is where the figures come from.
type Config struct {
	DB      *store.DB
	Journal *journal.Journal
	Answers func() cache.Stats // of those that are kept
	Room    *cache.Room        // for them, and for what else is kept; nil: there is none
	Version string             // of the program
}

// Metrics are the figures of one server. Its methods may be called by many goroutines at once.
type Metrics struct {
	registry  *prometheus.Registry
	requests  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	outcomes  *prometheus.CounterVec
	faults    *prometheus.CounterVec
	known     sync.Map // *openapi.Operation to *figures; nil for requests that matched none
}

// figures are those of one operation.
type figures struct {
	classes  [6]prometheus.Counter // by the first digit of the status; 0: no answer
	duration prometheus.Observer
}

// classNames are the values of the label class.
var classNames = [6]string{"none", "1xx", "2xx", "3xx", "4xx", "5xx"}

// New returns figures that are all zero.
func New(cfg Config) *Metrics {
	m := &Metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_requests_total",
			Help: "Requests to the API, by operationId (none: no operation matched) and class of status.",
		}, []string{"operation", "class"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "understudy_request_duration_seconds",
			Help:    "Time until the answer begins, holds included, by operationId.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10},
		}, []string{"operation"}),
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_idempotency_total",
			Help: "Requests with an idempotency key, by what became of it: first, replayed, or why it was refused.",
		}, []string{"outcome"}),
		faults: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "understudy_faults_injected_total",
			Help: "Faults that were injected into requests, by effect.",
		}, []string{"effect"}),
	}
	m.registry.MustRegister(
		m.requests, m.durations, m.outcomes, m.faults, newState(cfg),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

// Observe counts a request.
func (m *Metrics) Observe(r journal.Record) {
	f := m.of(r.Operation)
	f.classes[min(max(r.Status/100, 0), len(f.classes)-1)].Inc()
	f.duration.Observe(r.Duration.Seconds())
	if r.Outcome != "" {
		m.outcomes.WithLabelValues(r.Outcome).Inc()
	}
	for _, effect := range r.Effects {
		m.faults.WithLabelValues(effect).Inc()
	}
}

// of returns the figures of an operation.
func (m *Metrics) of(op *openapi.Operation) *figures {
	if known, ok := m.known.Load(op); ok {
		return known.(*figures)
	}
	name := "none"
	if op != nil {
		name = op.ID
	}
	f := &figures{duration: m.durations.WithLabelValues(name)}
	for i, class := range classNames {
		f.classes[i] = m.requests.WithLabelValues(name, class)
	}
	known, _ := m.known.LoadOrStore(op, f)
	return known.(*figures)
}

// Handler serves the figures.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorHandling:       promhttp.ContinueOnError, // while the database is away there are still the other figures
		MaxRequestsInFlight: 4,
	})
}
