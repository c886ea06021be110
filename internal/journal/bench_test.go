package journal_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/journal"
)

// BenchmarkAdd is what a request pays for being kept.
func BenchmarkAdd(b *testing.B) {
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		b.Fatal(err)
	}
	op, _ := document.Operation("getTask")
	r := journal.Record{
		ID: "5b6f0a52-8f0e-4a3f-9c37-6d0f2f1f7a11", Time: time.Now(), Account: 1000, Key: "Demo", Method: http.MethodGet,
		URL: &url.URL{Path: "/v1/tasks/5b6f0a52-8f0e-4a3f-9c37-6d0f2f1f7a11"}, Host: "127.0.0.1:8080", Proto: "HTTP/1.1",
		Operation: op, Document: document, Status: http.StatusOK, Answer: make([]byte, 700),
		Header: http.Header{
			"X-Api-Key": {"k"}, "X-Api-Secret-Key": {"s"}, "User-Agent": {"u"}, "Accept-Encoding": {"gzip"},
			"Content-Type": {"application/json"},
		},
		Sent: http.Header{"X-Request-Id": {"i"}, "Content-Type": {"application/json"}, "Content-Length": {"700"}},
	}
	j := journal.New(1000)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			j.Add(r)
		}
	})
}
