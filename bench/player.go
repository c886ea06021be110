package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// player is a client of one account that goes the ways a real one goes: it asks
// for something, waits for the task and looks until the resource is there.
type player struct {
	*client
	addr    string
	headers string
	settled time.Duration // how long the last resource took
}

func newPlayer(ctx context.Context, addr, headers string) (*player, error) {
	c, err := dial(ctx, addr)
	if err != nil {
		return nil, err
	}
	return &player{client: c, addr: addr, headers: headers}, nil
}

// ask sends a request and decodes the answer.
func (p *player) ask(request []byte, want int, into any) error {
	status, body, err := p.do(request)
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

// start asks for something to be created and gives back the id of the task.
func (p *player) start(path, body string) (string, error) {
	var task taskAnswer
	err := p.ask(post(p.addr, path, p.headers, body), http.StatusAccepted, &task)
	return task.TaskID, err
}

// create is start and the wait for the end of the task, which the server holds
// the answer for. It gives back the id of the resource.
func (p *player) create(ctx context.Context, path, body string) (int64, error) {
	id, err := p.start(path, body)
	if err != nil {
		return 0, err
	}
	for ctx.Err() == nil {
		var task taskAnswer
		if err := p.ask(get(p.addr, "/v1/tasks/"+id, p.headers), http.StatusOK, &task); err != nil {
			return 0, err
		}
		switch task.Status {
		case "processing-completed":
			return task.Response.ResourceID, nil
		case "processing-error":
			return 0, fmt.Errorf("create %s: %s", path, task.Response.Error)
		}
	}
	return 0, ctx.Err()
}

const lookEvery = 5 * time.Millisecond

// settle looks until a resource is active. It first waits most of the time that
// the last one took: looking costs the server, too.
func (p *player) settle(ctx context.Context, path string) error {
	request := get(p.addr, path, p.headers)
	begin := time.Now()
	for pause := p.settled * 3 / 4; ctx.Err() == nil; pause = lookEvery {
		if pause > 0 {
			time.Sleep(pause)
		}
		var resource struct{ Status string }
		if err := p.ask(request, http.StatusOK, &resource); err != nil {
			return err
		}
		switch resource.Status {
		case "active":
			p.settled = min(time.Since(begin), time.Second)
			return nil
		case "error":
			return fmt.Errorf("%s ends in an error", path)
		}
	}
	return ctx.Err()
}
