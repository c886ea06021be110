package journal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// Entry is a request as it is shown.
type Entry struct {
	Seq            int64     `json:"seq"` // counts up, over all accounts
	ID             string    `json:"id"`  // of the request, as its answer has it
	Time           time.Time `json:"time"`
	Account        int64     `json:"account,omitempty"`
	Key            string    `json:"key,omitempty"` // name of the API key
	Method         string    `json:"method"`
	Path           string    `json:"path"`                // with the query
	Operation      string    `json:"operation,omitempty"` // empty: none matched
	Nearest        string    `json:"nearest,omitempty"`   // then: the one that comes nearest
	Status         int       `json:"status"`
	DurationMS     float64   `json:"durationMs"` // until the answer began
	Task           string    `json:"task,omitempty"`
	Fault          string    `json:"fault,omitempty"`          // that was injected
	IdempotencyKey string    `json:"idempotencyKey,omitempty"` // part of its hash
	Idempotency    string    `json:"idempotency,omitempty"`    // what became of it
	Code           string    `json:"code,omitempty"`           // of the rule that was broken
	Error          string    `json:"error,omitempty"`          // what went wrong inside
	Normalised     []string  `json:"normalised,omitempty"`     // in what the body was taken for another one

	// What Show adds.
	Request *Message `json:"request,omitempty"`
	Answer  *Message `json:"answer,omitempty"`
	Curl    string   `json:"curl,omitempty"`
}

// Message is one side of an exchange.
type Message struct {
	Headers []Header        `json:"headers"`
	Body    json.RawMessage `json:"body,omitempty"` // JSON
	Note    string          `json:"note,omitempty"` // why there is no body here
	Size    int             `json:"size"`           // of the body that there was
}

// Header is a header of a request or an answer.
type Header struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// harmless are the headers of requests that are shown. Any other one may be a key.
var harmless = map[string]bool{
	"Accept": true, "Accept-Charset": true, "Accept-Encoding": true, "Accept-Language": true, "Cache-Control": true,
	"Connection": true, "Content-Encoding": true, "Content-Length": true, "Content-Type": true, "Expect": true,
	"Origin": true, "Prefer": true, "Sec-Fetch-Dest": true, "Sec-Fetch-Mode": true, "Sec-Fetch-Site": true, "Te": true,
	"Traceparent": true, "Transfer-Encoding": true, "User-Agent": true, "X-Forwarded-For": true,
	"X-Forwarded-Proto": true, "X-Request-Id": true,
}

// summary is an entry without what Show adds.
func (k *kept) summary() Entry {
	e := Entry{
		Seq: k.seq, ID: k.ID, Time: k.Time, Account: k.Account, Key: k.Key, Method: k.Method, Path: k.path(),
		Status: k.Status, DurationMS: float64(k.Duration.Microseconds()) / 1000, Task: k.Task, Fault: k.Fault,
		IdempotencyKey: k.Once, Idempotency: k.Outcome, Code: k.Code, Error: k.Err,
	}
	if k.Operation == nil {
		e.Nearest = nearest(k.Document, k.Method, k.URL.Path)
		return e
	}
	e.Operation = k.Operation.ID
	if len(k.Body) > 0 {
		e.Normalised = k.Operation.Changes(k.Body)
	}
	return e
}

// path is that of the request, with its query, as it may be shown.
func (k *kept) path() string {
	if k.Operation != nil {
		return k.Operation.RedactURL(k.URL)
	}
	return k.URL.EscapedPath() + openapi.RedactQuery(k.URL.RawQuery, func(string) bool { return false })
}

// entry is all that is shown of a request.
func (k *kept) entry() Entry {
	e := k.summary()
	e.Request = message(k.request, k.Body, k.bodySize, func(body []byte) ([]byte, bool) {
		if k.Operation == nil {
			return nil, false
		}
		return k.Operation.RedactRequest(body)
	})
	e.Answer = message(k.answer, k.Answer, k.answerSize, func(body []byte) ([]byte, bool) {
		if k.Operation == nil {
			return k.Document.RedactFailure(k.Status, body)
		}
		return k.Operation.RedactAnswer(k.Status, body)
	})
	e.Curl = k.curl(e)
	return e
}

func message(headers []Header, body []byte, size int, redact func([]byte) ([]byte, bool)) *Message {
	m := &Message{Headers: slices.Clone(headers), Size: size}
	slices.SortFunc(m.Headers, func(a, b Header) int { return strings.Compare(a.Name, b.Name) })
	switch shown, ok := redact(body); {
	case size > MaxBody:
		m.Note = fmt.Sprintf("the body was longer than %d KiB and is not kept", MaxBody>>10)
	case len(body) == 0:
	case ok:
		m.Body = shown
	default:
		m.Note = "the body is nothing that the contract describes, and so may be a secret"
	}
	return m
}

// curl is the request as a command for a shell. What is not shown is a variable of the shell, named like the header.
func (k *kept) curl(e Entry) string {
	scheme := "http"
	words := []string{"curl", "-X", e.Method, quoted(scheme + "://" + k.Host + e.Path)}
	for _, h := range e.Request.Headers {
		switch h.Name {
		case "Content-Length", "Connection", "Accept-Encoding", "Transfer-Encoding", "Expect":
			continue // curl's own business
		}
		word := quoted(h.Name + ": " + h.Value)
		if h.Value == openapi.Redacted {
			variable := strings.ToUpper(strings.ReplaceAll(h.Name, "-", "_"))
			word = quoted(h.Name+": ") + `"$` + strings.Map(letters, variable) + `"`
		}
		words = append(words, "-H", word)
	}
	if len(e.Request.Body) > 0 {
		words = append(words, "--data-raw", quoted(string(e.Request.Body)))
	}
	return strings.Join(words, " ")
}

func letters(r rune) rune {
	if r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' {
		return r
	}
	return '_'
}

// quoted is a text as one word of a shell.
func quoted(text string) string { return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'" }
