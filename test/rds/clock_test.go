package rds

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

// What is to be seen at certain times.
func TestFrozenClock(t *testing.T) {
	t.Parallel()
	s := start(t, "--speed", "1")
	for name, tell := range map[string]func(*project){
		"progress": progress, "expiry of a token": expiry, "as gophertelekomcloud": gophertelekomcloud,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := found(t, s)
			p.freeze()
			tell(p)
		})
	}
}

// progress is what a program reads of a DB instance and of its jobs while time passes.
func progress(p *project) {
	made := p.mustCreate("", highlyAvailable(order("orders")))
	p.wantState(made, "BUILD", "Running", "0%")
	if shown := p.mustShow(made.instance); shown.Created != "" || shown.Updated != "" || len(shown.PrivateIps) != 0 {
		p.Errorf("got %v", shown)
	}
	p.wantBusy(made.instance)
	p.pass(time.Second) // the job begins
	for _, want := range []string{"25%", "50%", "75%"} {
		p.pass(90 * time.Second)
		p.wantState(made, "BUILD", "Running", want)
		p.wantBusy(made.instance)
	}
	p.pass(89 * time.Second)
	p.wantState(made, "BUILD", "Running", "99%")
	p.pass(2 * time.Second)
	p.wantState(made, "ACTIVE", "Completed", "")

	got, err := p.client.StartInstanceRestartAction(&model.StartInstanceRestartActionRequest{
		InstanceId: made.instance, Body: &model.InstanceRestartRequsetBody{Restart: &model.RestartConfiguration{}},
	})
	if err != nil {
		p.Fatal(err)
	}
	restart := created{made.instance, *got.JobId}
	p.pass(31 * time.Second)
	p.wantState(restart, "REBOOTING", "Running", "50%")
	p.wantBusy(made.instance)
	p.pass(30 * time.Second)
	p.wantState(restart, "ACTIVE", "Completed", "")

	deleted, err := p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: made.instance})
	if err != nil {
		p.Fatal(err)
	}
	deletion := created{made.instance, *deleted.JobId}
	p.pass(31 * time.Second)
	p.wantState(deletion, "ACTIVE", "Running", "50%") // there is no state for it
	p.wantBusy(made.instance)
	p.pass(30 * time.Second)
	if one, ok := p.show(made.instance); ok {
		p.Errorf("there is still %v", one)
	}
	if job := p.job(deletion.job); job.Status.Value() != "Completed" || job.Instance.Id != made.instance {
		p.Errorf("got %v", job)
	}
	p.pass(29 * 24 * time.Hour)
	p.done(made.job) // for a month jobs can be asked for
}

// wantState says what a DB instance and a job have come to.
func (p *project) wantState(of created, status, job, process string) {
	p.Helper()
	shown, asked := p.mustShow(of.instance), p.job(of.job)
	got := fmt.Sprint(shown.Status, " ", asked.Status.Value(), " ", *asked.Process)
	if want := fmt.Sprint(status, " ", job, " ", process); got != want {
		p.Errorf("got %s, want %s", got, want)
	}
	for _, node := range shown.Nodes {
		if node.Status != status {
			p.Errorf("got the node %v, want it %s", node, status)
		}
	}
	if (*asked.Ended == "") != (job == "Running") {
		p.Errorf("got %v", asked)
	}
	listed, err := p.client.ListTasks(&model.ListTasksRequest{Id: &of.job})
	if err != nil || len(*listed.Tasks) != 1 {
		p.Fatalf("got %v, %v", listed, err)
	}
	if task := (*listed.Tasks)[0]; *task.Status != job || *task.InstanceStatus != status {
		p.Errorf("got the task %v, want %s of what is %s", task, job, status)
	}
}

// wantBusy says that a DB instance is not to be changed now.
func (p *project) wantBusy(id string) {
	p.Helper()
	_, err := p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: id})
	p.refused(err, http.StatusConflict, "DBS.200047")
	_, err = p.client.StartInstanceRestartAction(&model.StartInstanceRestartActionRequest{
		InstanceId: id, Body: &model.InstanceRestartRequsetBody{Restart: &model.RestartConfiguration{}},
	})
	p.refused(err, http.StatusConflict, "DBS.200047")
}
