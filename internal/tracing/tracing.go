// Package tracing sends traces of requests and of what they ask of the database to a collector, by OpenTelemetry. It is
// for who wants to see a client's calls and the sandbox's side of them in one picture. Where the environment names no
// collector nothing of it is in any request's way.
package tracing

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/exaring/otelpgx"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	"go.opentelemetry.io/otel/sdk/trace"
	api "go.opentelemetry.io/otel/trace"

	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/store"
)

// ErrEnvironment says that a setting in the environment makes no sense.
var ErrEnvironment = errors.New("the settings of OpenTelemetry")

// Tracing sends traces.
type Tracing struct{ provider *trace.TracerProvider }

// Wanted reports whether the environment names a collector.
func Wanted() bool {
	return !strings.EqualFold(os.Getenv("OTEL_SDK_DISABLED"), "true") &&
		(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") != "" || os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") != "")
}

// Start begins to send traces to the collector that the environment names, of a program in a version. It does not wait
// for the collector: what cannot be sent is dropped.
func Start(ctx context.Context, program, version string) (*Tracing, error) {
	for _, name := range []string{"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL"} {
		if protocol := os.Getenv(name); protocol != "" && protocol != "http/protobuf" {
			return nil, fmt.Errorf("%w: %s is %q, and only http/protobuf is spoken", ErrEnvironment, name, protocol)
		}
	}
	exporter, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	about, err := resource.New(ctx,
		resource.WithAttributes(attribute.String("service.name", program), attribute.String("service.version", version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEnvironment, err)
	}
	return &Tracing{trace.NewTracerProvider(trace.WithBatcher(exporter), trace.WithResource(about))}, nil
}

// Handler has every request to next be a span, below that of the client where it says so.
func (t *Tracing) Handler(next http.Handler) http.Handler {
	return otelhttp.NewHandler(next, "request", otelhttp.WithTracerProvider(t.provider),
		otelhttp.WithPropagators(propagation.TraceContext{}),
		otelhttp.WithFilter(func(r *http.Request) bool { return r.URL.Path != "/healthz" && r.URL.Path != "/metrics" }))
}

// Database has every question to the database be a span. Their arguments, which may be secrets, are not in it.
func (t *Tracing) Database() store.Option {
	return store.Traced(otelpgx.NewTracer(
		otelpgx.WithTracerProvider(t.provider), otelpgx.WithDisableConnectionDetailsInAttributes()))
}

// Observe gives the span of a request the name of its operation, and says what became of it.
func (t *Tracing) Observe(r journal.Record) {
	span := api.SpanFromContext(r.Context)
	if !span.IsRecording() {
		return
	}
	attributes := []attribute.KeyValue{attribute.String("request.id", r.ID)}
	if r.Operation != nil {
		span.SetName(r.Operation.ID)
		attributes = append(attributes, attribute.String("operation", r.Operation.ID))
	}
	if r.Account != 0 {
		attributes = append(attributes, attribute.Int64("account", r.Account))
	}
	for name, value := range map[string]string{"task": r.Task, "fault": r.Fault, "idempotency": r.Outcome} {
		if value != "" {
			attributes = append(attributes, attribute.String(name, value))
		}
	}
	span.SetAttributes(attributes...)
}

// Close sends what is left, and waits a short while for that.
func (t *Tracing) Close() {
	const atMost = 3 * time.Second
	ctx, cancel := context.WithTimeout(context.Background(), atMost)
	defer cancel()
	_ = t.provider.Shutdown(ctx) // a collector that is away gets no more
}
