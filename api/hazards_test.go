package api_test

// Hazards of the lifecycle that show at the API, by their numbers in
// docs/rules.md.

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
)

// shared is an engine among several on one database that lets nothing take time.
func shared(c *engine.Config) { c.Speed, c.Shared = 0, true }

// T1, T19: what one server has acknowledged every other one knows: a task is
// found right after its 202, a resource right after its task is completed. So are
// a job of RDS, and its DB instance even before.
func TestT1T19WhatOneServerSaysTheOtherKnows(t *testing.T) {
	t.Parallel()
	one := apitest.New(t, shared)
	two := apitest.On(t, one.DBURL, shared)
	const clients, each = 4, 50
	var all sync.WaitGroup
	for range clients {
		a := one.RunningAccount()
		b := a.At(two)
		all.Go(func() {
			for i := range each {
				wantInstanceElsewhere(t, a, b, fmt.Sprint(i))
				task := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody(fmt.Sprint(i)))
				got := b.Do(http.MethodGet, "/v1/tasks/"+task, nil)
				if got.Status != http.StatusOK || got.Get("status") != "processing-completed" {
					t.Errorf("task %s from the other server: %d %s", task, got.Status, got.Body)
					return
				}
				path := fmt.Sprintf("%s/%.0f", subscriptions, got.Get("response", "resourceId"))
				if got := a.Do(http.MethodGet, path, nil); got.Status != http.StatusOK {
					t.Errorf("GET %s: %d %s", path, got.Status, got.Body)
				}
			}
		})
	}
	all.Wait()
}

// wantInstanceElsewhere creates a DB instance on one server, and looks for it and its job on another one.
func wantInstanceElsewhere(t *testing.T, a, b *apitest.Account, name string) {
	t.Helper()
	first := instanceCreation().send(a, name)
	id, job := first.Get("instance", "id"), first.Get("job_id")
	list := func(a *apitest.Account) apitest.Answer {
		return a.Do(http.MethodGet, fmt.Sprintf("%s/instances?id=%v", a.Project(), id), nil)
	}
	show := func(a *apitest.Account) apitest.Answer {
		return a.Do(http.MethodGet, fmt.Sprintf("%s/jobs?id=%v", a.Project(), job), nil)
	}
	if got := list(b); got.Get("instances", 0, "id") != id {
		t.Errorf("DB instance %v from the other server: %d %s", id, got.Status, got.Body)
	}
	if got := show(b); got.Get("job", "instance", "id") != id {
		t.Errorf("job %v from the other server: %d %s", job, got.Status, got.Body)
	}
	apitest.Eventually(t, "the job is completed", func() bool { return show(b).Get("job", "status") == "Completed" })
	if got := list(a); got.Get("instances", 0, "status") != "ACTIVE" {
		t.Errorf("a DB instance whose job is completed: %s", got.Body)
	}
}

// T11: the subscription of a database to be created is looked at again when it is
// the task's turn.
func TestT11SubscriptionVanishesBeforeItsDatabase(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	empty := func() string {
		sub := a.Subscription("one")
		database := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
		a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", sub, database), nil)
		a.Pass(apitest.SettleTime)
		return sub
	}
	sub := empty()
	remove := a.Start(http.MethodDelete, sub, nil)
	create := a.Start(http.MethodPost, sub+"/databases", databaseBody("late"))
	if got := a.Finish(remove); got.Get("status") != "processing-completed" {
		t.Errorf("delete, then create: the delete got %s", got.Body)
	}
	if got := a.Finish(create); got.Get("response", "error", "status") != "404 NOT_FOUND" {
		t.Errorf("delete, then create: the create got %s", got.Body)
	}
	sub = empty()
	create = a.Start(http.MethodPost, sub+"/databases", databaseBody("early"))
	remove = a.Start(http.MethodDelete, sub, nil)
	if got := a.Finish(create); got.Get("status") != "processing-completed" {
		t.Errorf("create, then delete: the create got %s", got.Body)
	}
	if got := a.Finish(remove); got.Get("status") != "processing-error" {
		t.Errorf("create, then delete: the delete got %s", got.Body)
	}
}

// T13, L-5: a subscription is active exactly when nothing is being done for it.
func TestT13SubscriptionIsPendingWhileAnythingIsHeld(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	status := func() any { return a.Do(http.MethodGet, sub, nil).Get("status") }
	created := a.Create(sub+"/databases", databaseBody("second"))
	if got := status(); got != "pending" {
		t.Errorf("while a database is created: %v", got)
	}
	// The database is deleted before it is there: nothing is held any more.
	database := fmt.Sprintf("%s/databases/%d", sub, created)
	a.Run(http.MethodDelete, database, nil)
	if got := status(); got != "active" {
		t.Errorf("after the deletion of what was being created: %v", got)
	}
	a.Settle(database, "")
	if got := status(); got != "active" {
		t.Errorf("in the end: %v", got)
	}
}

// T10: a deletion wins over a completion that comes later.
func TestT10DeletedDatabaseNeverComesBack(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	database := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", databaseBody("second")))
	a.Run(http.MethodDelete, database, nil)
	if got := a.Do(http.MethodGet, database, nil); got.Get("status") != "deleting" {
		t.Errorf("got %v, want deleting", got.Get("status"))
	}
	a.Settle(database, "")
}
