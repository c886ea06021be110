package mcp

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// task is a task as a tool shows it, and what becomes of it.
type task struct {
	TaskID      string
	CommandType string
	Status      string
	Response    struct {
		ResourceID int
		Error      *struct{ Type, Status string }
	}
}

// Every tool of Redis' MCP server does what it says, with each of its arguments.
func TestTools(t *testing.T) {
	t.Parallel()
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			c := start(t, speed.Start(t, servetest.Options{}))
			c.account()
			c.essentials()
			c.listed(c.pro(), c.activeActive())
			c.refusals()
			c.tasks()
			c.checkAllCalled()
		})
	}
}

// account is what does not change.
func (c *client) account() {
	t := c.t
	var account struct {
		Account struct {
			Name string
			Key  struct{ Name string }
		}
	}
	c.call("get-current-account", nil, &account)
	if account.Account.Name != "Demo" || account.Account.Key.Name != "demo" {
		t.Errorf("account: got %+v, want Demo and its key demo", account)
	}
	var modules struct {
		Modules []struct{ Name, CapabilityName string }
	}
	c.call("get-database-modules", nil, &modules)
	var search string
	for _, module := range modules.Modules {
		if module.Name == "RediSearch" {
			search = module.CapabilityName
		}
	}
	if search != "Search and query" {
		t.Errorf("modules: got %+v, want RediSearch, which is search and query", modules)
	}
	var regions struct {
		Regions []struct{ Name, Provider string }
	}
	c.call("get-pro-plans-regions", nil, &regions)
	found := map[string]bool{}
	for _, region := range regions.Regions {
		found[region.Provider+" "+region.Name] = true
	}
	if !found["AWS us-east-1"] || !found["GCP europe-west1"] {
		t.Errorf("regions: got %+v, want us-east-1 of AWS and europe-west1 of GCP among them", regions)
	}
}

// card is the id of the only payment method there is.
func (c *client) card() int {
	c.t.Helper()
	var methods struct {
		PaymentMethods []struct {
			ID                 int
			Type               string
			CreditCardEndsWith int
		}
	}
	c.call("get-current-payment-methods", nil, &methods)
	if got := methods.PaymentMethods; len(got) != 1 || got[0].ID == 0 ||
		got[0].Type != "Visa" || got[0].CreditCardEndsWith != 5556 {
		c.t.Fatalf("payment methods: got %+v, want the Visa that ends with 5556", got)
	}
	return methods.PaymentMethods[0].ID
}

// command calls a tool that answers with a task, and returns the task's end.
func (c *client) command(tool string, args arguments, commandType string) task {
	c.t.Helper()
	var begun task
	c.call(tool, args, &begun)
	if begun.TaskID == "" || begun.CommandType != commandType || begun.Status != "received" {
		c.t.Fatalf("%s %v: got %+v, want a received task of type %s", tool, args, begun, commandType)
	}
	return c.finished(begun)
}

// finished waits for the end of a task.
func (c *client) finished(begun task) task {
	c.t.Helper()
	var ended task
	c.until("the end of task "+begun.TaskID, func() bool {
		ended = task{}
		c.call("get-task-by-id", arguments{"taskId": begun.TaskID}, &ended)
		return ended.Status == "processing-completed" || ended.Status == "processing-error"
	})
	if ended.TaskID != begun.TaskID || ended.CommandType != begun.CommandType {
		c.t.Errorf("task: got %+v, want the end of %+v", ended, begun)
	}
	return ended
}

// create is command for what makes a resource, and returns its id.
func (c *client) create(tool string, args arguments, commandType string) int {
	c.t.Helper()
	ended := c.command(tool, args, commandType)
	if ended.Status != "processing-completed" || ended.Response.ResourceID == 0 {
		c.t.Fatalf("%s %v: the task ended with %+v, error %+v, want a resource", tool, args, ended, ended.Response.Error)
	}
	return ended.Response.ResourceID
}

// until tries something until it holds.
func (c *client) until(what string, holds func() bool) {
	c.t.Helper()
	deadline := time.After(limit)
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			c.t.Fatalf("%s: not after %v", what, limit)
		}
	}
}

// tasks are those of all that was done.
func (c *client) tasks() {
	c.t.Helper()
	var all struct{ Tasks []task }
	c.call("get-tasks", nil, &all)
	got := map[string]int{}
	for _, task := range all.Tasks {
		got[task.CommandType+" "+strings.TrimPrefix(task.Status, "processing-")]++
	}
	want := map[string]int{
		"subscriptionCreateRequest completed":      3, // one is a dry run
		"subscriptionCreateRequest error":          1,
		"databaseCreateRequest completed":          3, // one is a dry run
		"fixedSubscriptionCreateRequest completed": 2,
		"fixedSubscriptionDeleteRequest completed": 2,
		"fixedDatabaseCreateRequest completed":     2,
		"fixedDatabaseCreateRequest error":         5,
		"fixedDatabaseDeleteRequest completed":     2,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("tasks: want (-), got (+):\n%s", diff)
	}
}
