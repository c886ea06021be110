package rds

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type taskListInput struct {
	Project  string `path:"project_id" json:"-"`
	Offset   int32  `query:"offset" json:"-"`
	Limit    int32  `query:"limit" json:"-"`
	ID       string `query:"id" json:"-"`
	Instance string `query:"instance_id" json:"-"`
	Order    string `query:"order_id" json:"-"`
	Name     string `query:"name" json:"-"`
	Status   string `query:"status" json:"-"`
	From     string `query:"start_time" json:"-"`
	To       string `query:"end_time" json:"-"`
}

// taskView is a job in a list. doc: list-tasks
type taskView struct {
	ID             string `json:"id"`
	Name           string `json:"name"`
	InstanceID     string `json:"instance_id"`
	InstanceName   string `json:"instance_name"`
	InstanceStatus string `json:"instance_status"`
	Process        string `json:"process"`
	Failure        string `json:"fail_reason"`
	Created        string `json:"create_time"`
	Ended          string `json:"end_time"`
	Status         string `json:"status"`
}

type taskList struct {
	Total   int        `json:"total_count"`
	Actions []string   `json:"actions"`
	Tasks   []taskView `json:"tasks"`
}

const usualTasks = 10

// listTasks shows the jobs of the project, the newest first.
func listTasks(ctx context.Context, tx *store.Tx, in taskListInput) (out taskList, err error) {
	from, to, err := in.span()
	if err != nil {
		return out, err
	}
	tasks, err := store.AllAsked[instance](ctx, tx, from, to)
	if err != nil {
		return out, err
	}
	all, err := instances(ctx, tx)
	if err != nil {
		return out, err
	}
	there := map[string]cloud.Resource[instance]{}
	for _, one := range all {
		there[one.Body.UID] = one
	}
	fitting := []store.Asked{}
	out.Actions = []string{}
	for _, task := range tasks {
		fits, err := in.takes(task)
		if err != nil {
			return out, err
		}
		if !fits {
			continue
		}
		fitting = append(fitting, task)
		if !slices.Contains(out.Actions, task.Command) {
			out.Actions = append(out.Actions, task.Command)
		}
	}
	slices.Sort(out.Actions)
	out.Total, out.Tasks = len(fitting), []taskView{}
	for _, task := range page(fitting, in.Offset, cmp.Or(in.Limit, usualTasks)) {
		job, err := jobOf(task)
		if err != nil {
			return out, err
		}
		view := taskView{
			ID: job.ID, Name: job.Name, InstanceID: job.Instance.ID, InstanceName: job.Instance.Name, Failure: job.Failure,
			Created: job.Created, Ended: job.Ended, Status: job.Status, Process: strings.TrimSuffix(job.Process, "%"),
		}
		if one, ok := there[view.InstanceID]; ok {
			view.InstanceName, view.InstanceStatus = one.Name, statusOf(one)
		}
		out.Tasks = append(out.Tasks, view)
	}
	return out, nil
}

// takes reports whether a task is one of those that are asked for. None has an order: they are all paid afterwards.
func (in taskListInput) takes(task store.Asked) (bool, error) {
	if in.Order != "" || in.ID != "" && in.ID != task.ID || in.Name != "" && in.Name != task.Command {
		return false, nil
	}
	if in.Instance == "" && in.Status == "" {
		return true, nil
	}
	job, err := jobOf(task)
	return (in.Instance == "" || in.Instance == job.Instance.ID) && (in.Status == "" || in.Status == job.Status), err
}

// span is within which time jobs are to be created.
func (in taskListInput) span() (from, to time.Time, err error) {
	if (in.From == "") != (in.To == "") {
		return from, to, wrong("The start_time and the end_time go together.")
	}
	if in.From == "" {
		return time.Unix(0, 0), time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC), nil
	}
	if from, err = instant(in.From); err == nil {
		to, err = instant(in.To)
	}
	return from, to, err
}

// instant reads a time: milliseconds since 1970, or as answers have it.
func instant(text string) (time.Time, error) {
	if ms, err := strconv.ParseInt(text, 10, 64); err == nil && len(text) <= 13 {
		return time.UnixMilli(ms), nil
	}
	at, err := time.Parse("2006-01-02T15:04:05-0700", strings.Replace(text, "Z", "+0000", 1))
	if err != nil {
		return at, wrong("A time must be in milliseconds since 1970, or as 2006-01-02T15:04:05+0000.")
	}
	return at, nil
}

// page is a part of a list.
func page[T any](all []T, offset, limit int32) []T {
	from := min(int(offset), len(all))
	return all[from:min(from+int(limit), len(all))]
}
