package demo

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
)

// instance is a MySQL instance, by the other API.
type instance struct {
	id  string
	job string // the latest one
}

// build creates an instance, and does not wait for it.
func (a *actor) build(ctx context.Context, name string) (*instance, error) {
	var answer struct {
		Instance struct {
			ID string `json:"id"`
		} `json:"instance"`
		Job string `json:"job_id"`
	}
	err := a.send(ctx, a.rds, http.MethodPost, "/instances", map[string]any{
		"name": name, "datastore": map[string]any{"type": "MySQL", "version": "8.0"},
		"flavor_ref": "rds.mysql.n1.large.2", "volume": map[string]any{"type": "ULTRAHIGH", "size": 100},
		"region": "eu-de", "availability_zone": "eu-de-01", "vpc_id": "vpc", "subnet_id": "subnet",
		"security_group_id": "group", "password": "Payday-31",
	}, &answer)
	if err != nil {
		return nil, err
	}
	a.say(a.page("resources"), "creates the MySQL instance %s by the API of RDS, in the same account", name)
	return &instance{answer.Instance.ID, answer.Job}, nil
}

// restart restarts an instance, once it is built.
func (a *actor) restart(ctx context.Context, i *instance) error {
	if err := a.finished(ctx, i); err != nil {
		return err
	}
	a.say("", "restarts the MySQL instance")
	err := a.order(ctx, i, http.MethodPost, "/action", map[string]any{"restart": map[string]any{}})
	if err != nil {
		return err
	}
	return a.finished(ctx, i)
}

// demolish deletes an instance, and waits until it is gone.
func (a *actor) demolish(ctx context.Context, i *instance) error {
	if err := a.order(ctx, i, http.MethodDelete, "", nil); err != nil {
		return err
	}
	return a.finished(ctx, i)
}

// order asks for something that an instance does by a job.
func (a *actor) order(ctx context.Context, i *instance, method, path string, body any) error {
	var answer struct {
		Job string `json:"job_id"`
	}
	err := a.send(ctx, a.rds, method, "/instances/"+i.id+path, body, &answer)
	i.job = answer.Job
	return err
}

// finished looks at the job of an instance, again and again, until it is done. It must not fail.
func (a *actor) finished(ctx context.Context, i *instance) error {
	for {
		var answer struct{ Job struct{ Status string } }
		if err := a.send(ctx, a.rds, http.MethodGet, "/jobs?id="+url.QueryEscape(i.job), nil, &answer); err != nil {
			return err
		}
		switch answer.Job.Status {
		case "Completed":
			return nil
		case "Failed":
			return fmt.Errorf("job %s has failed", i.job)
		}
		if err := a.pause(ctx, look); err != nil {
			return err
		}
	}
}
