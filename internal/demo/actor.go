package demo

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// actor is somebody who works with an account, by its API and with its keys.
type actor struct {
	role

	*stage

	id         string // of the account, which may be given another name
	redis, rds api
}

// api is an API that actors work with: where it is, and what says who asks.
type api struct {
	url    string
	header map[string]string
}

// identify gives the actor the keys of its account.
func (a *actor) identify(key, secret string) {
	a.redis = api{a.server.URL, map[string]string{"X-Api-Key": key, "X-Api-Secret-Key": secret}}
	a.rds = api{a.server.Dialects["rds"] + "/" + key, map[string]string{"X-Auth-Token": secret}}
}

// begin takes the account back to its beginning.
func (a *actor) begin(ctx context.Context) error {
	_, err := a.control().Reset(ctx, a.id, sandbox.Reset{Rules: true, Clock: true, Seed: &a.seed})
	if err != nil {
		return fmt.Errorf("account %s: %w", a.account, err)
	}
	// Tasks take as long as one can see. No part of the story hangs on it.
	_, err = a.control().SetDurations(ctx, a.id, sandbox.DurationsChange{
		Lengths: map[string]string{"change": a.real(taskTime).String()},
	})
	if err != nil {
		return fmt.Errorf("account %s: %w", a.account, err)
	}
	return nil
}

func (a *actor) control() *sandbox.Service { return a.server.Sandbox }

// perform plays the role. Whoever watches may lend a hand, so that it comes to something else: then the actor begins
// anew with the others.
func (a *actor) perform(ctx context.Context) {
	if err := a.act(ctx, a); err != nil && ctx.Err() == nil {
		a.say(a.page(""), "gives up for this round: %s", oneLine(err))
	}
}

// say tells what the actor does, and on which page it is to be seen; empty: nowhere in particular.
func (a *actor) say(where, format string, args ...any) {
	a.stage.say(a.account, where, format, args...)
}

// task is a task as the API shows it.
type task struct {
	ID       string `json:"taskId"`
	Status   string `json:"status"`
	Response struct {
		ResourceID int64 `json:"resourceId"`
		Error      *struct {
			Type        string `json:"type"`
			Description string `json:"description"`
		} `json:"error"`
	} `json:"response"`
}

// ended reports whether a task is done or has failed.
func (t task) ended() bool {
	return t.Status == "processing-completed" || t.Status == "processing-error"
}

// send sends a request to an API and reads the answer into out, which may be nil. Where it asks too often it waits and
// asks again, as clients do.
func (a *actor) send(ctx context.Context, to api, method, path string, body, out any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return err
	}
	const patience = 10
	for try := 1; ; try++ {
		status, answer, err := a.ask(ctx, to, method, path, text)
		switch {
		case err != nil:
			return fmt.Errorf("%s %s: %w", method, path, err)
		case status == http.StatusTooManyRequests && try < patience:
			a.say(a.page("requests"), "429, it asks too often: waits and asks again (%d)", try)
			if err := a.pause(ctx, short); err != nil {
				return err
			}
		case status >= http.StatusBadRequest:
			return fmt.Errorf("%s %s: %d %s", method, path, status, answer)
		case out == nil:
			return nil
		default:
			return json.Unmarshal(answer, out)
		}
	}
}

// ask sends one request.
func (a *actor) ask(
	ctx context.Context, to api, method, path string, body []byte,
) (status int, answer []byte, err error) {
	var reader io.Reader
	if method != http.MethodGet && method != http.MethodDelete {
		reader = bytes.NewReader(body)
	}
	req, err := http.NewRequestWithContext(ctx, method, to.url+path, reader)
	if err != nil {
		return 0, nil, err
	}
	for name, value := range to.header {
		req.Header.Set(name, value)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", a.agent)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = res.Body.Close() }() // it is read
	answer, err = io.ReadAll(res.Body)
	return res.StatusCode, answer, err
}

// change sends a request that is answered with a task.
func (a *actor) change(ctx context.Context, method, path string, body any) (t task, err error) {
	return t, a.send(ctx, a.redis, method, path, body, &t)
}

// end looks at a task, again and again, until it has ended.
func (a *actor) end(ctx context.Context, t task) (task, error) {
	for !t.ended() {
		if err := a.pause(ctx, look); err != nil {
			return t, err
		}
		if err := a.send(ctx, a.redis, http.MethodGet, "/tasks/"+t.ID, nil, &t); err != nil {
			return t, err
		}
	}
	return t, nil
}

// do changes something and waits for its task, which must not fail. It returns the id of what was made or changed.
func (a *actor) do(ctx context.Context, method, path string, body any) (int64, error) {
	t, err := a.change(ctx, method, path, body)
	if err != nil {
		return 0, err
	}
	return a.made(ctx, t)
}

// made waits for a task, which must not fail, and returns the id of what it made or changed.
func (a *actor) made(ctx context.Context, t task) (int64, error) {
	t, err := a.end(ctx, t)
	if err != nil {
		return 0, err
	}
	if e := t.Response.Error; e != nil {
		return 0, fmt.Errorf("task %s: %s: %s", t.ID, e.Type, e.Description)
	}
	return t.Response.ResourceID, nil
}

// active looks at a resource, again and again, until it is active.
func (a *actor) active(ctx context.Context, path string) error {
	for {
		var r struct{ Status string }
		if err := a.send(ctx, a.redis, http.MethodGet, path, nil, &r); err != nil {
			return err
		}
		switch r.Status {
		case "active":
			return nil
		case "error":
			return fmt.Errorf("%s is in state error", path)
		}
		if err := a.pause(ctx, look); err != nil {
			return err
		}
	}
}

// idle waits until nothing of the account is under way.
func (a *actor) idle(ctx context.Context) error {
	for {
		out, err := a.control().Wait(ctx, sandbox.Await{Account: a.id, Idle: true, Timeout: time.Minute})
		if err != nil || out.Reached {
			return err
		}
	}
}
