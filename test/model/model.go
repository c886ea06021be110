package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// Model is what the requests of a client must have led to in an account.
type Model struct {
	Client  string    // with which the names begin that it gives: no two clients of an account have the same
	Project string    // the key of the account
	Sole    bool      // the account has no other client
	Now     time.Time // business time, of a clock that stands still between the requests; zero: it runs

	operations map[string]*openapi.Operation
	kinds      map[string]kind
	ordered    []kind // parents first
	actions    []action
	targets    []string // kinds that actions are aimed at; the first one is none

	names   int            // given so far
	known   Snapshot       // all that was ever there, as it was seen last; what is gone says so
	order   []Ref          // of known, as it came
	aliases map[Ref]string // what paths call a resource other than by its id
	calls   []*Call
	lost    []*Call // to which no answer came
	written map[written]any
}

// written is a place where a read shows what was written.
type written struct {
	ref  Ref
	read string // operation
	path string // in its answer, or in the item of its list
}

// Call is a request that was sent, and what became of it.
type Call struct {
	Operation    string
	Method, Path string
	Token        string // X-Client-Token; empty: none
	Body         any
	Target       Ref
	Gone         bool // Target was gone before it was sent

	Status     int    // of the answer
	Task       string // empty: there is none
	State      string // of the task
	ResourceID int64
	UID        string // of what it makes, where clients are told at once; else empty
	Answer     any    // the answer, or the finished task

	action    *action
	region    int64
	dry       bool
	malformed bool
	sure      bool      // it cannot be refused
	expects   []string  // the answers that there may be: status and code; empty: any
	again     *Call     // what it repeats; nil: nothing
	at        time.Time // when it was sent
	over      bool      // its job is
}

func (c *Call) String() string {
	body, _ := json.Marshal(c.Body)
	return fmt.Sprintf("%s: %s %s %s %s -> %d %s %s %s",
		c.Operation, c.Method, c.Path, c.Token, body, c.Status, c.Task, c.State, c.Why())
}

// Why is the error that the call ended in, if it did.
func (c *Call) Why() string {
	for _, path := range []string{"response.error.type", "error_code"} {
		if why := textAt(c.Answer, path); why != "" {
			return why
		}
	}
	return ""
}

// Ended reports whether nothing will become of the call any more.
func (c *Call) Ended() bool {
	return c.Task == "" || c.State == "processing-completed" || c.State == "processing-error"
}

// EndedAt is when its task ended; false: it has none, or that has not ended.
func (c *Call) EndedAt() (time.Time, bool) {
	at, err := time.Parse(time.RFC3339Nano, textAt(c.Answer, "timestamp"))
	return at, err == nil && c.Task != "" && c.Ended()
}

// done reports whether it has done what it was to do.
func (c *Call) done() bool {
	return c.Ended() && (c.Task == "" && c.Status < 300 || c.State == "processing-completed") && !c.dry
}

// changes reports whether it may have changed anything.
func (c *Call) changes() bool {
	return c.done() && (c.Method != http.MethodGet || strings.HasSuffix(c.Operation, "PscEndpoints"))
}

// still reports whether nothing happens between the requests of the only client.
func (m *Model) still() bool { return m.Sole && !m.Now.IsZero() }

// New is the model of an account in which nothing is yet. It fails where the tables name what is not in the document.
func New(documents ...*openapi.Document) (*Model, error) {
	m := &Model{
		operations: map[string]*openapi.Operation{}, kinds: map[string]kind{},
		ordered: everyKind(), actions: everyAction(), targets: []string{""},
		known: Snapshot{}, aliases: map[Ref]string{}, written: map[written]any{},
	}
	for _, document := range documents {
		for _, op := range document.Operations() {
			m.operations[op.ID] = op
		}
	}
	for _, k := range m.ordered {
		m.kinds[k.name] = k
	}
	for _, a := range m.actions {
		if m.operations[a.op] == nil {
			return nil, fmt.Errorf("there is no operation %q", a.op)
		}
		for _, name := range append(strings.Split(a.kin, " "), a.makes, a.on) {
			if _, ok := m.kinds[name]; name != "" && name != "job" && !ok {
				return nil, fmt.Errorf("%s: there is no kind %q", a.op, name)
			}
		}
		if !slices.Contains(m.targets, a.on) {
			m.targets = append(m.targets, a.on)
		}
	}
	return m, nil
}

// Missing lists the operations of the document that no action calls.
func (m *Model) Missing() (missing []string) {
	// They are how the outcome is read.
	called := map[string]bool{"listTasks": true, "getTask": true, "listJobs": true, "getJob": true}
	for _, a := range m.actions {
		called[a.op] = true
		if twin, ok := m.twin(a.op); ok {
			called[twin] = true
		}
	}
	for _, op := range slices.Sorted(maps.Keys(m.operations)) {
		if !called[op] {
			missing = append(missing, op)
		}
	}
	return missing
}

// Sent notes the answer to a call, and returns what is wrong with it.
func (m *Model) Sent(c *Call, answer apitest.Answer) (problems []string) {
	c.Status, c.Task = answer.Status, cmp.Or(text(answer.Get("taskId")), text(answer.Get("job_id")))
	c.Answer, c.at = answer.Get(), m.Now
	c.UID = textAt(c.Answer, "instance.id")
	c.ResourceID = idAt(c.Answer, "instance.id")
	m.calls = append(m.calls, c)
	command := m.operations[c.Operation].Command != ""
	switch {
	case c.Status >= 500:
		problems = append(problems, "the server failed")
	case c.sure && !c.malformed && c.Status >= 300:
		problems = append(problems, "it is refused without a reason")
	case len(c.expects) > 0 && !slices.Contains(c.expects, c.outcome()):
		problems = append(problems, fmt.Sprintf("the answer must be one of %q", c.expects))
	case c.malformed && c.Status != http.StatusBadRequest:
		problems = append(problems, "a malformed request is not answered with 400")
	case command && c.Status < 300 && c.Task == "":
		problems = append(problems, "it is accepted without a task")
	case !command && c.Gone && c.Status < 300 && !strings.HasPrefix(c.Operation, "list"):
		problems = append(problems, "it is done with what is gone")
	}
	if id := strings.ReplaceAll(c.Task, "-", "") + "in01"; c.UID != "" && c.UID != id {
		problems = append(problems, fmt.Sprintf("it makes %s, and not %s", c.UID, id))
	}
	if c.again != nil && c.Status < 300 {
		problems = append(problems, c.repeats()...)
	}
	return about(c, problems)
}

// Lost notes that no answer came to a call.
func (m *Model) Lost(c *Call) {
	if c.Token != "" && c.again == nil && c.expects[0] == accepted {
		m.lost = append(m.lost, c)
	}
}

// outcome is the status of the answer, and the code of its error.
func (c *Call) outcome() string { return strings.TrimSpace(fmt.Sprint(c.Status, " ", c.Why())) }

// repeats returns where an answer is another one than that to the request that was repeated. It has done nothing then.
func (c *Call) repeats() (problems []string) {
	if c.again.Status == 0 { // nobody knew until now
		c.again.Status, c.again.Task, c.again.UID = c.Status, c.Task, c.UID
		return nil
	}
	if c.Task != c.again.Task || c.UID != c.again.UID {
		problems = append(problems, fmt.Sprintf("it repeats %v", c.again))
	}
	c.Task, c.dry = "", true
	return problems
}

func about(c *Call, problems []string) []string {
	for i := range problems {
		problems[i] = fmt.Sprintf("%s\n\tafter %v", problems[i], c)
	}
	return problems
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

// Tasks notes how the tasks are now, and returns the calls that have ended since, in the order in which they were
// sent.
func (m *Model) Tasks(list any) (ended []*Call) {
	tasks := map[string]any{}
	for _, task := range listAt(list, "") {
		tasks[textAt(task, "taskId")] = task
	}
	for _, c := range m.Unfinished() {
		task := tasks[c.Task]
		if c.State = textAt(task, "status"); c.Ended() {
			if c.Answer = task; c.UID == "" {
				c.ResourceID = numberAt(task, "response.resourceId")
			}
			ended = append(ended, c)
		}
	}
	return ended
}

// Unfinished lists the calls whose task has not ended.
func (m *Model) Unfinished() (list []*Call) {
	for _, c := range m.calls {
		if !c.Ended() {
			list = append(list, c)
		}
	}
	return list
}

// Calls lists all that were sent.
func (m *Model) Calls() []*Call { return m.calls }

// Head writes the headers of the call that all others do not have.
func (c *Call) Head(r *http.Request) {
	if c.Token != "" {
		r.Header.Set("X-Client-Token", c.Token)
	}
}

// Foresees reports whether clients see what an accepted job is to do.
func (m *Model) Foresees() bool { return slices.ContainsFunc(m.Unfinished(), (*Call).isJob) }

// SeeAhead is See for one who also knows what accepted jobs are to do, as clients do.
func (m *Model) SeeAhead(now Snapshot) { m.See(m.foreseen(now)) }

// See takes a snapshot for what there is now.
func (m *Model) See(now Snapshot) {
	for ref, old := range m.known {
		if _, ok := now[ref]; !ok {
			old.Status = gone
			m.known[ref] = old
		}
	}
	for _, r := range now.sorted() {
		if _, ok := m.known[r.Ref]; !ok {
			m.order = append(m.order, r.Ref)
		}
		m.known[r.Ref] = r
		if r.UID != "" {
			m.aliases[r.Ref] = r.UID
		}
	}
}

// note remembers what an ended call wrote.
func (m *Model) note(c *Call) {
	body, ok := c.Body.(object)
	if !c.done() || !ok {
		return
	}
	ref := c.Target
	if c.action.makes != "" {
		ref = Ref{c.action.makes, c.ResourceID}
	}
	k := m.kinds[ref.Kind]
	read := c.action.reads
	for _, other := range []string{k.get, k.list} {
		if read == "" {
			read = other
		}
	}
	for pair := range strings.FieldsSeq(c.action.shows) {
		member, path, ok := strings.Cut(pair, "=")
		if !ok {
			path = member
		}
		if value, ok := body[member]; ok {
			m.written[written{ref, read, path}] = plain(value)
		}
	}
}
