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
}

// Key describes an API key without its secrets.
type Key struct {
	ID        int64
	Name      string
	Role      string         // of the person it belongs to
	AllowFrom []netip.Prefix // addresses it may be used from; empty: everywhere
	CreatedAt time.Time
}

// Account is one tenant with its own keys, resources, queue of tasks and clock.
type Account struct {
	ID         int64
	Name       string
	OwnerName  string
	OwnerEmail string
	CreatedAt  time.Time
}

// Kind is a sort of resource. Kinds are declared beside the Go type of their
// body, in the catalog; the store and the engine treat them all alike.
type Kind struct {
	Name    string // stored with every resource
	Parent  string // name of the kind of its parent; empty: it has none
	FirstID int64  // public ids count up from here
	// Capped kinds are subscriptions: an account may change only a few at once,
	// and whatever is being provisioned for one keeps it pending.
	Capped bool
}

// Body is what a kind knows beyond the columns that every resource has.
type Body interface{ Kind() Kind }

// Resource is something that was created in the cloud and has a life of its own.
type Resource[B Body] struct {
	ID          int64
	Parent      int64 // 0: none
	Name        string
	Status      Status // as a client sees it
	Error       *Error // why Status is StatusError
	CreatedAt   time.Time
	UpdatedAt   time.Time
	ActivatedAt *time.Time // nil: never active yet
	Body        B
}

// Status is the provisioning state of a resource.
//
// doc: process-lifecycle#provisioning-state-values
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
//
// doc: process-lifecycle#task-process-states
type TaskStatus string

// The states of a task, in the order it goes through them.
const (
	TaskReceived   TaskStatus = "received"
	TaskInProgress TaskStatus = "processing-in-progress"
	TaskCompleted  TaskStatus = "processing-completed"
	TaskFailed     TaskStatus = "processing-error"
)

// Finished reports whether a task in this state will never change again.
func (s TaskStatus) Finished() bool { return s == TaskCompleted || s == TaskFailed }

// Task is the background process behind an asynchronous request.
type Task struct {
	ID        string // UUID
	Account   int64
	Seq       int64  // place in the account's queue, from 1
	Operation string // operationId
	Command   string // commandType
	Status    TaskStatus
	Response  *TaskResponse // nil until finished
	UpdatedAt time.Time     // last change of Status, business time
}

// TaskResponse is what a finished task answers.
type TaskResponse struct {
	ResourceID           int64           `json:"resourceId,omitempty"`
	AdditionalResourceID int64           `json:"additionalResourceId,omitempty"`
	Resource             json.RawMessage `json:"resource,omitempty"`
	Error                *Error          `json:"error,omitempty"`
	AdditionalInfo       string          `json:"additionalInfo,omitempty"` // about the error
}

// FailedWith is the answer of a task that ended with an error.
func FailedWith(e *Error) TaskResponse {
	return TaskResponse{Error: e, AdditionalInfo: e.additionalInfo()}
}

// Step is one thing provisioning still has to do, as data: after a while a
// resource reaches a status and its body takes on a patch.
type Step struct {
	Kind         Kind
	ID           int64
	Subscription int64           // kept pending, and a slot of the cap held, until the step is done; 0: none
	After        time.Duration   // business time from the moment it may start
	Status       Status          // reached; StatusGone removes the resource
	Patch        json.RawMessage // merged into the body, top-level members only; nil: nothing
	Error        *Error          // with StatusError
}

// File is an answer that is not JSON but something to save.
type File struct {
	Name    string // without a path
	Content []byte
}
