package servetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/coverage"
)

const (
	requestTimeout = 30 * time.Second
	taskTimeout    = 60 * time.Second
)

// Answer is what the server sent back.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Task is a task as the API shows it.
type Task struct {
	ID          string       `json:"taskId"`
	CommandType string       `json:"commandType"`
	Status      string       `json:"status"`
	Description string       `json:"description"`
	Timestamp   time.Time    `json:"timestamp"` // of the last change of status
	Response    TaskResponse `json:"response"`
}

// TaskResponse is the outcome of a task: ids of what it made, a read resource, or an error.
type TaskResponse struct {
	ResourceID           int             `json:"resourceId"`
	AdditionalResourceID int             `json:"additionalResourceId"`
	Resource             json.RawMessage `json:"resource"`
	Error                *TaskError      `json:"error"`
}

// TaskError is why a task failed. Status is a number and a word, as in "404 NOT_FOUND".
type TaskError struct {
	Type        string `json:"type"`
	Status      string `json:"status"`
	Description string `json:"description"`
}

// Done reports whether the task has ended, well or badly.
func (t Task) Done() bool {
	return t.Status == "processing-completed" || t.Status == "processing-error"
}

// Project is the path of the demo account's project in RDS.
func (s *Server) Project() string { return rdsBase + s.APIKey }

const rdsBase = "/v3/"

// Send sends one request with the demo account's keys. The path follows URL ("/subscriptions"), or begins with Project;
// the body is encoded as JSON, sent as it is when it is a []byte, and left out when nil. change may alter the request.
// The error says that no answer came, which is the ordinary case while a server is being killed.
func (s *Server) Send(
	ctx context.Context, method, path string, body any, change ...func(*http.Request),
) (Answer, error) {
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case []byte:
		reader = bytes.NewReader(body)
	default:
		text, err := json.Marshal(body)
		if err != nil {
			return Answer{}, fmt.Errorf("encode the body: %w", err)
		}
		reader = bytes.NewReader(text)
	}
	ready := s.ready.Load()
	base := ready.URL
	if strings.HasPrefix(path, rdsBase) {
		base = strings.TrimSuffix(base, "/v1")
	}
	req, err := http.NewRequestWithContext(ctx, method, base+path, reader)
	if err != nil {
		return Answer{}, fmt.Errorf("make the request: %w", err)
	}
	req.Header.Set("X-Api-Key", ready.APIKey)
	req.Header.Set("X-Api-Secret-Key", ready.SecretKey)
	req.Header.Set("X-Auth-Token", ready.SecretKey)
	req.Header.Set("Content-Type", "application/json")
	for _, c := range change {
		c(req)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Answer{}, err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return Answer{}, fmt.Errorf("read the answer: %w", err)
	}
	return Answer{Status: resp.StatusCode, Header: resp.Header, Body: text},
		coverage.Keep(s.tb.Name(), req, resp.StatusCode, resp.Header, text)
}

// Do is Send for a test that expects an answer: none is the end of the test.
func (s *Server) Do(method, path string, body any) (status int, header http.Header, text []byte) {
	s.tb.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), requestTimeout)
	defer cancel()
	answer, err := s.Send(ctx, method, path, body)
	if err != nil {
		s.tb.Fatalf("%s %s: %v", method, path, err)
	}
	return answer.Status, answer.Header, answer.Body
}

// Accept sends a request that answers with a task, waits for the task and returns it ended.
func (s *Server) Accept(method, path string, body any) Task {
	s.tb.Helper()
	status, _, text := s.Do(method, path, body)
	var task Task
	if err := json.Unmarshal(text, &task); err != nil || status/100 != 2 || task.ID == "" {
		s.tb.Fatalf("%s %s: got %d %s, want a task", method, path, status, text)
	}
	return s.Task(task.ID)
}

// Task waits for the end of a task and returns it.
func (s *Server) Task(id string) Task {
	s.tb.Helper()
	var task Task
	s.Until("/tasks/"+id, func(status int, text []byte) bool {
		if err := json.Unmarshal(text, &task); err != nil || status != http.StatusOK {
			s.tb.Fatalf("GET /tasks/%s: got %d %s, want a task", id, status, text)
		}
		return task.Done()
	})
	return task
}

// Until repeats GET path until the answer satisfies the condition; the test ends after a minute of trying.
func (s *Server) Until(path string, holds func(status int, text []byte) bool) {
	s.tb.Helper()
	deadline := time.After(taskTimeout)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		status, _, text := s.Do(http.MethodGet, path, nil)
		if holds(status, text) {
			return
		}
		select {
		case <-deadline:
			s.tb.Fatalf("GET %s: still %d %s after %v", path, status, text, taskTimeout)
		case <-tick.C:
		}
	}
}
