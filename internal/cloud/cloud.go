// Package cloud is the vocabulary of the stand-in: accounts, resources, tasks,
// statuses, errors. It holds no behaviour beyond what the words themselves mean
// and imports nothing of ours, so that every other package may speak it.
package cloud

import (
	"encoding/json"
	"net/netip"
	"time"
)

// Caller is who asks: the account that owns everything the request may see, and
// the API key it came with. Inside a task only Account is known.
type Caller struct {
	Account  int64
	Key      Key
	SourceIP string // of the client, without port
	Seeded   bool   // the ids of its requests and tasks follow from a number, so that a run can be repeated
	Request  string // then: the id of the request
	Agent    string // what the client calls itself

	// Generation is how often the state of the account had been replaced when the keys were looked up.
	Generation int64
}

// Key describes an API key without its secrets.
type Key struct {
	ID        int64
	Name      string
	Role      string         // of the person it belongs to
	AllowFrom []netip.Prefix // addresses it may be used from; empty: everywhere
	CreatedAt time.Time
}

// Variable is one of those in the environment by which clients are pointed at a server.
type Variable struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Secret bool   `json:"secret"` // not to be shown
}

// Account is one tenant with its own keys, resources, queue of tasks and clock.
type Account struct {
	ID         int64
	Name       string
	OwnerName  string
	OwnerEmail string
	CreatedAt  time.Time
	ChangedAt  time.Time // last; CreatedAt: never
}

// Kind is a sort of resource. Kinds are declared beside the Go type of their
// body, in their dialect; the store and the engine treat them all alike.
type Kind struct {
	Name    string // stored with every resource
	Parent  string // name of the kind of its parent, where a resource names no other; empty: it has none
	FirstID int64  // public ids count up from here
	// Limit bounds how many of them an account may change at once, and makes whatever is being provisioned for one keep
	// it pending; nil: neither. All kinds of an account that have a limit share its slots.
	Limit *Limit
}

// Limit is how many resources of an account may be changed at once, and the error of one more where more are refused.
type Limit struct {
	Max   int
	Error Error
}

// Body is what a kind knows beyond the columns that every resource has.
type Body interface{ Kind() Kind }

// Resource is something that was created in the cloud and has a life of its own.
type Resource[B Body] struct {
	ID          int64
	Parent      int64  // 0: none
	ParentKind  string // name of the parent's kind; empty when it is inserted: that of its own kind
	Name        string
	Status      Status // as a client sees it
	Error       *Error // why Status is StatusError
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ActivatedAt *time.Time // nil: never active yet
	Body        B
}

// Status is the provisioning state of a resource.
type Status string

// The four states that every kind has, and the word a step uses for the end.
const (
	StatusPending  Status = "pending"
	StatusActive   Status = "active"
	StatusDeleting Status = "deleting"
	StatusError    Status = "error"
	StatusGone     Status = "gone" // never seen by a client: the resource is removed
)

// TaskStatus is the processing state of a task.
type TaskStatus string

// The states of a task, in the order it goes through them. What clients read instead is for each dialect to say.
const (
	TaskReceived TaskStatus = "received"
	TaskRunning  TaskStatus = "running"
	TaskDone     TaskStatus = "done"
	TaskFailed   TaskStatus = "failed"
)

// Finished reports whether a task in this state will never change again.
func (s TaskStatus) Finished() bool { return s == TaskDone || s == TaskFailed }

// Task is the background process behind an asynchronous request.
type Task struct {
	ID        string // UUID
	Account   int64
	Seq       int64  // place in the account's queue, from 1
	Operation string // operationId
	Command   string // what the document calls such a task
	Status    TaskStatus
	Response  *TaskResponse // nil until finished
	UpdatedAt time.Time     // last change of Status, business time
	Injected  string        // the fault rules that strike it, where it is accepted
	Asked     any           // what was asked for, as its function takes it, where that was looked at when it was accepted
}

// TaskResponse is what a finished task came to, as it is stored.
type TaskResponse struct {
	ResourceID int64           `json:"resource_id,omitempty"`
	ParentID   int64           `json:"parent_id,omitempty"` // of the resource, where clients are told
	Resource   json.RawMessage `json:"resource,omitempty"`  // what was read, in the words of clients
	Error      *Error          `json:"error,omitempty"`
	// Path is what the path of the request named where it failed: all that it can be told by what that was about.
	Path map[string]string `json:"path,omitempty"`
	// Injected names the fault rules without which it would have come to something else.
	Injected string `json:"injected,omitempty"`
}

// Step is one thing provisioning still has to do, as data: after a while a
// resource reaches a status and its body takes on a patch.
type Step struct {
	Kind   Kind
	ID     int64
	Holds  Hold            // kept pending until the step is done, and a slot of its limit taken; zero: nothing
	Takes  Length          // business time from the moment it may start; empty: none
	Part   float64         // so much of that; 0: all
	After  time.Duration   // and so much more
	Status Status          // reached; StatusGone removes the resource
	Patch  json.RawMessage // merged into the body, top-level members only; nil: nothing
	Error  *Error          // with StatusError
}

// Length names how long something takes. The figure is data of its dialect, and an account may have another one.
type Length string

// The lengths of a dialect's tasks whose operations have none of their own, under the operation's id.
const (
	LengthChange Length = "change" // of one that changes something
	LengthRead   Length = "read"   // of one that reads
)

// Lengths are those of a dialect.
type Lengths map[Length]Usual

// Usual is how long something takes where nobody says otherwise, in business time at speed 1.
type Usual struct {
	Takes  time.Duration
	Source string // of the figure
}

// AfterAll is when the step is due, where what it takes is so long.
func (s Step) AfterAll(takes time.Duration) time.Duration {
	if s.Part != 0 {
		takes = time.Duration(float64(takes) * s.Part)
	}
	return takes + s.After
}

// Hold names a resource of a kind with a limit.
type Hold struct {
	Kind Kind
	ID   int64
}

// File is an answer that is not JSON but something to save.
type File struct {
	Name    string // without a path
	Content []byte
}
