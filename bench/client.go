package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// client is one of an account and does what a real one does: it asks for
// something, waits for the task and polls until the resource is there.
type client struct {
	*connection
	addr    string
	headers string
	settled time.Duration // how long the last resource took
}

func newClient(ctx context.Context, addr, headers string) (*client, error) {
	conn, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &client{connection: conn, addr: addr, headers: headers}, nil
}

// ask sends a request and decodes the answer.
func (c *client) ask(request []byte, want int, into any) error {
	status, body, err := c.do(request)
	if err != nil {
		return err
	}
	if status != want {
		return fmt.Errorf("%.80q: got %d %s, want %d", request, status, body, want)
	}
	return json.Unmarshal(body, into)
}

type taskAnswer struct {
	TaskID   string
	Status   string
	Response struct {
		ResourceID int64
		Error      json.RawMessage
	}
}

// start asks for something to be created and returns the id of the task.
func (c *client) start(path, body string) (string, error) {
	var task taskAnswer
	err := c.ask(post(c.addr, path, c.headers, body), http.StatusAccepted, &task)
	return task.TaskID, err
}

// create is start and await.
func (c *client) create(ctx context.Context, path, body string) (int64, error) {
	id, err := c.start(path, body)
	if err != nil {
		return 0, err
	}
	resource, err := c.await(ctx, id)
	if err != nil {
		return 0, fmt.Errorf("create %s: %w", path, err)
	}
	return resource, nil
}

// await waits for the end of a task, until which the server holds its answer. It returns the id of the resource.
func (c *client) await(ctx context.Context, id string) (int64, error) {
	for ctx.Err() == nil {
		var task taskAnswer
		if err := c.ask(get(c.addr, "/v1/tasks/"+id, c.headers), http.StatusOK, &task); err != nil {
			return 0, err
		}
		switch task.Status {
		case "processing-completed":
			return task.Response.ResourceID, nil
		case "processing-error":
			return 0, fmt.Errorf("task %s failed: %s", id, task.Response.Error)
		}
	}
	return 0, ctx.Err()
}

const pollEvery = 5 * time.Millisecond

// settle polls until a resource is active. It first waits most of the time that
// the last one took: polling costs the server, too.
func (c *client) settle(ctx context.Context, path string) error {
	request := get(c.addr, path, c.headers)
	begin := time.Now()
	for pause := c.settled * 3 / 4; ctx.Err() == nil; pause = pollEvery {
		if pause > 0 {
			time.Sleep(pause)
		}
		var resource struct{ Status string }
		if err := c.ask(request, http.StatusOK, &resource); err != nil {
			return err
		}
		switch resource.Status {
		case "active":
			c.settled = min(time.Since(begin), time.Second)
			return nil
		case "error":
			return fmt.Errorf("%s ends in an error", path)
		}
	}
	return ctx.Err()
}
