package model

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// isJob reports whether clients see the call's task as a job, which is over when all that it leaves to provisioning is.
func (c *Call) isJob() bool { return c.Task != "" && c.action.turns != "" }

// subject is what a job is about.
func (c *Call) subject() Ref {
	if c.UID != "" {
		return Ref{c.action.makes, c.ResourceID}
	}
	return c.Target
}

func (m *Model) jobs() (list []*Call) {
	for _, c := range m.calls {
		if c.isJob() {
			list = append(list, c)
		}
	}
	return list
}

// Jobs returns where clients see other jobs than they asked for, or see one elsewhere than it is by what there is and
// by the clock; all of them, or those that were not over when they were seen last.
func (m *Model) Jobs(api Reader, now Snapshot, all bool) (problems []string) {
	items, problems := m.JobList(api)
	jobs := m.jobs()
	if len(items) != len(jobs) {
		problems = append(problems, fmt.Sprintf("%d jobs are listed, of %d", len(items), len(jobs)))
	}
	ends := m.queue()
	for i, c := range jobs {
		if at := len(items) - 1 - i; at >= 0 && textAt(items[at], "id") != c.Task {
			problems = append(problems, fmt.Sprintf("%v is listed for job %v", items[at], c))
		} else if at >= 0 && (!c.over || all) {
			problems = append(problems, about(c, m.job(api, c, items[at], now, ends[c]))...)
		}
	}
	return append(problems, m.apart(api)...)
}

// JobList is all jobs that are listed, the newest first.
func (m *Model) JobList(api Reader) (items []any, problems []string) {
	return paged(api, 50, "tasks", func(api Reader) apitest.Answer {
		return m.ask(api, "listJobs", Resource{}, 0, nil)
	})
}

// AsTasks is listed jobs as if they were tasks. One is done when it is over.
func AsTasks(items []any) (tasks []any) {
	states := object{"Completed": "processing-completed", "Failed": "processing-error"}
	for _, item := range items {
		tasks = append(tasks, plain(object{
			"taskId": textAt(item, "id"), "commandType": textAt(item, "name"), "status": states[textAt(item, "status")],
			"response": object{"resourceId": idAt(item, "instance_id")},
		}))
	}
	return tasks
}

// Twice returns which DB instances are there twice though one request made them, sent again under its token.
func (m *Model) Twice(v View) (problems []string) {
	there := map[string]int{}
	for _, r := range v.Resources {
		if r.Kind == "instance" {
			there[r.Name]++
		}
	}
	for _, c := range slices.Concat(m.calls, m.lost) {
		if name := textAt(plain(c.Body), "name"); c.Token != "" && name != "db-name-0" && there[name] > 1 {
			problems = append(problems, about(c, []string{fmt.Sprintf("%q is there %d times", name, there[name])})...)
		}
	}
	return problems
}

// slack is how much later than it is due something is noticed.
const slack = 100 * time.Millisecond

// queue is when the tasks of jobs end, or will: each takes a second once all that were accepted before it have ended,
// of whichever dialect they are.
func (m *Model) queue() map[*Call]time.Time {
	ends := map[*Call]time.Time{}
	var last time.Time
	for _, c := range m.calls {
		if c.isJob() {
			if last = last.Add(time.Second); last.Before(c.at.Add(time.Second)) {
				last = c.at.Add(time.Second)
			}
			ends[c] = last
		} else if at, ended := c.EndedAt(); ended {
			last = at
		} else if c.Task != "" {
			break // nobody knows how long it takes
		}
	}
	return ends
}

// job returns what is wrong with how a job is shown.
func (m *Model) job(api Reader, c *Call, item any, now Snapshot, end time.Time) (problems []string) {
	answer := m.with(api, "?id="+c.Task, "getJob")
	job := dig(answer.Get(), "job")
	subject := c.UID
	if subject == "" {
		subject = m.aliases[c.Target]
	}
	status := "Running"
	switch r, there := now[c.subject()]; {
	case !c.Ended():
	case c.State == "processing-error":
		status = "Failed"
	case c.over, !there, r.Status != c.action.turns:
		status = "Completed"
	}
	c.over = status != "Running"
	if status == "Running" {
		problems = append(problems, m.progress(c, textAt(job, "process"), end)...)
	} else if m.still() && status == "Completed" && m.Now.Before(end.Add(c.action.takes-slack)) {
		problems = append(problems, fmt.Sprintf("it is over, at %v, and due %v after %v", m.Now, c.action.takes, end))
	}
	for _, same := range []struct {
		what      string
		got, want any
	}{
		{"id", textAt(job, "id"), c.Task},
		{"name", textAt(job, "name"), m.operations[c.Operation].Command},
		{"name in the list", textAt(item, "name"), m.operations[c.Operation].Command},
		{"status", textAt(job, "status"), status},
		{"status in the list", textAt(item, "status"), status},
		{"process in the list", textAt(item, "process") + "%", cmp.Or(textAt(job, "process"), "%")},
		{"whether it has ended", textAt(job, "ended") != "", c.over},
		{"instance", textAt(job, "instance.id"), subject},
		{"instance in the list", textAt(item, "instance_id"), subject},
	} {
		if same.got != same.want {
			problems = append(problems, fmt.Sprintf("%s of its job is %v, want %v", same.what, same.got, same.want))
		}
	}
	return problems
}

// progress returns what is wrong with how much of a running job is done.
func (m *Model) progress(c *Call, process string, end time.Time) (problems []string) {
	var got int
	if _, err := fmt.Sscanf(process, "%d%%", &got); err != nil || got < 0 || got > 99 {
		return []string{fmt.Sprintf("its job is running at %q", process)}
	}
	switch {
	case !c.Ended() && got != 0:
		return []string{fmt.Sprintf("its job waits, and has come to %s", process)}
	case !c.Ended() || !m.still():
		return nil
	case m.Now.After(end.Add(c.action.takes + slack)):
		return []string{fmt.Sprintf("its job is running, at %v, %v after %v", m.Now, c.action.takes, end)}
	}
	part := func(shift time.Duration) int {
		whole := end.Add(c.action.takes + shift).Sub(c.at)
		return min(99, int(m.Now.Sub(c.at)*100/whole))
	}
	if least, most := part(slack), part(-slack); got < least || got > most {
		return []string{fmt.Sprintf("its job has come to %s, want %d%% to %d%%", process, least, most)}
	}
	return nil
}

// with asks for what has no path of its own.
func (m *Model) with(api Reader, query, op string) apitest.Answer {
	send := api.Send
	api.Send = func(method, path string, body any) apitest.Answer { return send(method, path+query, body) }
	return m.ask(api, op, Resource{}, 0, nil)
}

// apart returns where the last job is a task of the other dialect, or the last task a job.
func (m *Model) apart(api Reader) (problems []string) {
	last := map[bool]string{}
	for _, c := range m.calls {
		if c.Task != "" {
			last[c.isJob()] = c.Task
		}
	}
	if job := last[true]; job != "" {
		if answer := api.Send("GET", "/v1/tasks/"+job, nil); answer.Status != 404 {
			problems = append(problems, fmt.Sprintf("job %s is a task: %s", job, answer.Body))
		}
		tasks := api.Send("GET", "/v1/tasks", nil)
		if strings.Contains(string(tasks.Body), job) {
			problems = append(problems, fmt.Sprintf("job %s is listed as a task", job))
		}
	}
	if task := last[false]; task != "" {
		if answer := m.with(api, "?id="+task, "getJob"); answer.Get("error_code") != "DBS.200543" {
			problems = append(problems, fmt.Sprintf("task %s is a job: %d %s", task, answer.Status, answer.Body))
		}
	}
	return problems
}

// Overtaken returns which calls have ended while one that was accepted before has not.
func (m *Model) Overtaken() (problems []string) {
	first := slices.IndexFunc(m.calls, func(c *Call) bool { return !c.Ended() })
	for _, c := range m.calls[max(first, 0):] {
		if first >= 0 && c.Task != "" && c.Ended() {
			problems = append(problems, about(c, []string{fmt.Sprintf("it has overtaken %v", m.calls[first])})...)
		}
	}
	return problems
}
