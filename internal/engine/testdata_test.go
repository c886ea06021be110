package engine_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// document is a small cloud: it has boxes, which hold balls. Boxes have a limit.
const document = `
openapi: 3.0.3
info: {title: test, version: "1"}
paths:
  /tasks:
    get:
      operationId: listTasks
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /tasks/{taskId}:
    parameters: [{name: taskId, in: path, required: true, schema: {type: string}}]
    get:
      operationId: getTask
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /boxes:
    post:
      operationId: createBox
      x-command: boxCreateRequest
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Box"}}}}
      responses: {"202": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /boxes/{boxId}:
    parameters: [{name: boxId, in: path, required: true, schema: {type: integer, format: int64}}]
    get:
      operationId: getBox
      parameters: [{name: verbose, in: query, schema: {type: boolean}}]
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
    delete:
      operationId: deleteBox
      x-command: boxDeleteRequest
      responses: {"202": {description: ok, content: {application/json: {schema: {type: object}}}}}
components:
  schemas:
    ErrorCode:
      type: string
      x-internal-error: GENERAL_ERROR
      oneOf:
        - {x-status: 404, enum: [SUBSCRIPTION_NOT_FOUND, TASK_NOT_FOUND]}
        - {x-status: 429, enum: [TOO_MANY_PENDING_SUBSCRIPTIONS]}
        - {x-status: 500, enum: [GENERAL_ERROR]}
    Box:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string}
        fail: {type: string}
`

type box struct {
	Lid bool `json:"lid"`
}

func (box) Kind() cloud.Kind { return cloud.Kind{Name: "box", FirstID: 500, Limit: boxLimit} }

var boxLimit = &cloud.Limit{Max: 3, Error: *cloud.Errorf("TOO_MANY_PENDING_SUBSCRIPTIONS", "Too many boxes.")}

// Business time that a box takes.
const (
	createTime = 4 * time.Minute
	deleteTime = 2 * time.Minute
)

type createBoxInput struct {
	Name string  `json:"name"`
	Fail *string `json:"fail"`
}

func createBox(ctx context.Context, tx *store.Tx, in createBoxInput) (out engine.Outcome, err error) {
	id, err := store.NextID[box](ctx, tx)
	if err != nil {
		return out, err
	}
	store.Insert(tx, cloud.Resource[box]{ID: id, Name: in.Name, Status: cloud.StatusPending})
	if in.Fail != nil && *in.Fail == "panic" {
		panic("as asked")
	}
	if in.Fail != nil {
		return out, cloud.Errorf(cloud.Code(*in.Fail), "As asked.")
	}
	tx.Plan(cloud.Step{
		Kind: box{}.Kind(), ID: id, Holds: cloud.Hold{Kind: box{}.Kind(), ID: id}, After: createTime,
		Status: cloud.StatusActive, Patch: json.RawMessage(`{"lid": true}`),
	})
	return engine.Outcome{ResourceID: id}, nil
}

type boxInput struct {
	ID      int64 `path:"boxId" json:"-"`
	Verbose *bool `query:"verbose" json:"-"`
}

func getBox(ctx context.Context, tx *store.Tx, in boxInput) (cloud.Resource[box], error) {
	b, ok, err := store.Get[box](ctx, tx, in.ID)
	if err == nil && !ok {
		err = cloud.Errorf("SUBSCRIPTION_NOT_FOUND", "no box %d", in.ID)
	}
	return b, err
}

func deleteBox(ctx context.Context, tx *store.Tx, in struct {
	ID int64 `path:"boxId" json:"-"`
},
) (out engine.Outcome, err error) {
	if _, ok, err := store.Get[box](ctx, tx, in.ID); err != nil || !ok {
		return out, cloud.Errorf("SUBSCRIPTION_NOT_FOUND", "no box %d", in.ID)
	}
	store.SetStatus[box](tx, in.ID, cloud.StatusDeleting)
	tx.Plan(cloud.Step{
		Kind: box{}.Kind(), ID: in.ID, Holds: cloud.Hold{Kind: box{}.Kind(), ID: in.ID}, After: deleteTime,
		Status: cloud.StatusGone,
	})
	return engine.Outcome{ResourceID: in.ID}, nil
}

type taskInput struct {
	ID string `path:"taskId" json:"-"`
}

func operations() []engine.Operation {
	return []engine.Operation{
		engine.Task("createBox", createBox),
		engine.Task("deleteBox", deleteBox),
		engine.Answer("getBox", getBox),
		engine.Answer("listTasks", func(ctx context.Context, tx *store.Tx, _ struct{}) ([]store.Listed, error) {
			return tx.RecentTasks(ctx, 10*24*time.Hour, 10_000, nil)
		}),
		engine.GetTask("getTask", func(in taskInput) string { return in.ID }, func(id string) error {
			return cloud.Errorf("TASK_NOT_FOUND", "no task %s", id)
		}),
	}
}

// world is a running engine on its own database, with one account whose clock
// stands still.
type world struct {
	*engine.Engine
	tb     testing.TB
	db     *store.DB
	url    string
	caller cloud.Caller
}

func newWorld(tb testing.TB, change func(*engine.Config)) *world {
	tb.Helper()
	url := pgtest.New(tb)
	w := &world{tb: tb, url: url, db: openDB(tb, url)}
	w.caller = newAccount(tb, w.db)
	w.Engine = start(tb, w.db, change)
	return w
}

func openDB(tb testing.TB, url string) *store.DB {
	tb.Helper()
	db, err := store.Open(tb.Context(), url, 12)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(db.Close)
	return db
}

func newAccount(tb testing.TB, db *store.DB) cloud.Caller {
	tb.Helper()
	id, err := db.CreateAccount(tb.Context(), cloud.Account{Name: "test"})
	if err == nil {
		err = db.Freeze(tb.Context(), id, pgtest.Now())
	}
	if err != nil {
		tb.Fatal(err)
	}
	return cloud.Caller{Account: id}
}

// config is that of an engine; change may alter it.
func config(tb testing.TB, db *store.DB, change func(*engine.Config)) engine.Config {
	tb.Helper()
	doc, err := openapi.Load([]byte(document))
	if err != nil {
		tb.Fatal(err)
	}
	cfg := engine.Config{
		APIs: []engine.API{{Document: doc, Operations: operations(), Lengths: cloud.Lengths{
			cloud.LengthChange: {Takes: 5 * time.Second}, cloud.LengthRead: {Takes: time.Second},
		}}},
		DB: db, Speed: 1, Hold: 10 * time.Second, Group: groupOf(tb),
		Logger: slog.New(slog.NewTextHandler(tb.Output(), &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
	if change != nil {
		change(&cfg)
	}
	return cfg
}

// groupOf is the size of the groups that TestInGroups has a test run with; 0: the engine's own.
func groupOf(tb testing.TB) (size int) {
	tb.Helper()
	if _, name, ok := strings.Cut(tb.Name(), "/groups_of_"); ok {
		if _, err := fmt.Sscan(strings.ReplaceAll(name, "/", " "), &size); err != nil {
			tb.Fatal(err)
		}
	}
	return size
}

// start runs an engine until the end of the test.
func start(tb testing.TB, db *store.DB, change func(*engine.Config)) *engine.Engine {
	tb.Helper()
	e, err := engine.New(config(tb, db, change))
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- e.Run(ctx) }()
	tb.Cleanup(func() {
		e.Close()
		cancel()
		if err := <-done; err != nil {
			tb.Error(err)
		}
	})
	return e
}

// advance moves the account's clock on.
func (w *world) advance(d time.Duration) {
	w.tb.Helper()
	if err := w.db.Advance(w.tb.Context(), w.caller.Account, d); err != nil {
		w.tb.Fatal(err)
	}
	w.Wake()
}

// create accepts the creation of a box.
func (w *world) create(body string) cloud.Task {
	w.tb.Helper()
	task, err := w.Accept(w.tb.Context(), w.caller, "createBox", binding.Request{Body: []byte(body)}, engine.Reply{})
	if err != nil {
		w.tb.Fatal(err)
	}
	return task
}

// task reads a task; an unfinished one is waited for as long as Hold says.
func (w *world) task(id string) cloud.Task {
	w.tb.Helper()
	out, err := w.Answer(w.tb.Context(), w.caller, "getTask",
		binding.Request{Path: map[string]string{"taskId": id}}, engine.Reply{})
	if err != nil {
		w.tb.Fatal(err)
	}
	return out.(cloud.Task)
}

// process lets the time pass that processing a task takes, and gives it back.
func (w *world) process(task cloud.Task) cloud.Task {
	w.tb.Helper()
	apitest.Eventually(w.tb, "task in progress", func() bool { return w.status(task.ID) == "running" })
	w.advance(5 * time.Second)
	return w.task(task.ID)
}

// status looks at a task without waiting for it.
func (w *world) status(id string) (status string) {
	w.tb.Helper()
	query(w.tb, w.url, `SELECT status FROM tasks WHERE id = $1`, []any{id}, &status)
	return status
}

// count counts the rows of a table.
func count(tb testing.TB, w *world, table string) (n int) {
	tb.Helper()
	query(tb, w.url, `SELECT count(*) FROM `+table, nil, &n)
	return n
}

// query reads one row behind the engine's back.
func query(tb testing.TB, url, sql string, args []any, into ...any) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err == nil {
		err = errors.Join(conn.QueryRow(tb.Context(), sql, args...).Scan(into...), conn.Close(tb.Context()))
	}
	if err != nil {
		tb.Fatal(err)
	}
}
