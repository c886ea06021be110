package engine_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// box reads a box; ok is false when it is gone.
func (w *world) box(id int64) (cloud.Resource[box], bool) {
	w.tb.Helper()
	out, err := w.Answer(w.tb.Context(), w.caller, "getBox",
		binding.Request{Path: map[string]string{"boxId": fmt.Sprint(id)}}, engine.Reply{})
	if _, ok := errors.AsType[*cloud.Error](err); ok {
		return cloud.Resource[box]{}, false
	}
	if err != nil {
		w.tb.Fatal(err)
	}
	return out.(cloud.Resource[box]), true
}

func (w *world) eventuallyBox(id int64, want cloud.Status) {
	w.tb.Helper()
	apitest.Eventually(w.tb, fmt.Sprintf("box %d %s", id, want), func() bool {
		b, ok := w.box(id)
		return ok && b.Status == want || !ok && want == cloud.StatusGone
	})
}

func TestLifeOfAResource(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Hold = 0 })
	task := w.create(`{"name":"one"}`)
	if task.Status != cloud.TaskReceived {
		t.Errorf("accepted task is %s, want received", task.Status)
	}
	apitest.Eventually(t, "task in progress", func() bool { return w.task(task.ID).Status == cloud.TaskRunning })
	w.advance(5 * time.Second)
	apitest.Eventually(t, "task completed", func() bool { return w.task(task.ID).Status == cloud.TaskDone })

	id := w.task(task.ID).Response.ResourceID
	if b, ok := w.box(id); !ok || b.Status != cloud.StatusPending || b.Body.Lid || b.ActivatedAt != nil {
		t.Errorf("just processed: got %+v, want pending without a lid", b)
	}
	w.advance(createTime)
	w.eventuallyBox(id, cloud.StatusActive)
	if b, _ := w.box(id); !b.Body.Lid || b.ActivatedAt == nil {
		t.Errorf("active: got %+v, want a lid and a time of activation", b)
	}
}

func TestErrorLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Speed = 0 })
	for fail, want := range map[string]string{
		"SUBSCRIPTION_IN_USE": `SUBSCRIPTION_IN_USE: As asked.`,
		"panic":               `GENERAL_ERROR: The request could not be processed because of an internal error.`,
	} {
		task := w.task(w.create(fmt.Sprintf(`{"name":"one","fail":%q}`, fail)).ID)
		if task.Status != cloud.TaskFailed || task.Response.Error.Error() != want {
			t.Errorf("fail %s: got %s %v, want processing-error %s", fail, task.Status, task.Response, want)
		}
	}
	if n := count(t, w, "resources"); n != 0 {
		t.Errorf("%d resources are left, want none", n)
	}
	if n := count(t, w, "steps"); n != 0 {
		t.Errorf("%d steps are left, want none", n)
	}
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Speed = 0 })
	if _, err := w.Faults().Arm(t.Context(), w.caller.Account,
		fault.Rule{When: fault.When{First: 1}, Effect: fault.Effect{Do: "task-error", Code: "FIRST", Message: "one"}},
		fault.Rule{
			Match: fault.Match{Operation: fault.Patterns{"createBox"}}, When: fault.When{First: 2},
			Effect: fault.Effect{Do: "provisioning-error", Code: "SECOND", Message: "two"},
		}); err != nil {
		t.Fatal(err)
	}
	first := w.task(w.create(`{"name":"one"}`).ID)
	if first.Status != cloud.TaskFailed || first.Response.Error.Code != "FIRST" {
		t.Errorf("first task: got %+v", first)
	}
	for range 2 {
		task := w.task(w.create(`{"name":"two"}`).ID)
		w.eventuallyBox(task.Response.ResourceID, cloud.StatusError)
		if b, _ := w.box(task.Response.ResourceID); b.Error.Code != "SECOND" || b.Error.Description != "two" {
			t.Errorf("box: got error %v, want SECOND", b.Error)
		}
	}
	last := w.task(w.create(`{"name":"three"}`).ID)
	w.eventuallyBox(last.Response.ResourceID, cloud.StatusActive)
}

// A change that comes later wins over what provisioning still had to do.
func TestDeleteWinsOverProvisioning(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	id := w.process(w.create(`{"name":"one"}`)).Response.ResourceID
	remove, err := w.Accept(t.Context(), w.caller, "deleteBox",
		binding.Request{Path: map[string]string{"boxId": fmt.Sprint(id)}}, engine.Reply{})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.process(remove); got.Status != cloud.TaskDone {
		t.Fatalf("delete: got %+v", got)
	}
	w.advance(deleteTime - time.Second)
	if b, ok := w.box(id); !ok || b.Status != cloud.StatusDeleting {
		t.Errorf("before its time: got %s %v, want deleting", b.Status, ok)
	}
	w.advance(createTime) // the time of the dropped step, too
	w.eventuallyBox(id, cloud.StatusGone)
}

func TestBindNamesEveryProblem(t *testing.T) {
	t.Parallel()
	doc, err := openapi.Load([]byte(document))
	if err != nil {
		t.Fatal(err)
	}
	other, err := openapi.Load([]byte(strings.ReplaceAll(document, "deleteBox", "destroyBox")))
	if err != nil {
		t.Fatal(err)
	}
	_, err = engine.New(engine.Config{APIs: []engine.API{{Document: doc, Operations: []engine.Operation{
		engine.Task("createBox", createBox),
		engine.Task("createBox", createBox),
		engine.Task("nowhere", createBox),
		engine.Answer("deleteBox", getBox),
	}}, {Document: other}}})
	if err == nil {
		t.Fatal("an engine whose functions do not match the document was made")
	}
	for _, want := range []string{
		`createBox is bound twice`,
		`nowhere is bound, but not declared`,
		`deleteBox: query parameter "verbose" is read, but not declared`,
		`deleteBox: only one of document and function makes it a task`,
		`getBox is declared, but not bound`,
		`getBox is declared in two documents`,
		`destroyBox is declared, but not bound`,
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("the error lacks %q:\n%v", want, err)
		}
	}
}
