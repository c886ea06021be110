package rds

import (
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/invoker/retry"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

// arm has something go wrong with the next request of an operation.
func (p *project) arm(operation string, effect map[string]any) {
	p.Helper()
	p.server.control(p.T, http.MethodPost, "/faults", map[string]any{"rule": map[string]any{
		"match": map[string]any{"account": p.id, "operation": operation}, "when": map[string]any{"first": 1},
		"effect": effect,
	}}, nil)
}

// brokenServer: nothing has happened after a 5xx, and the same request may be sent again under its token.
func brokenServer(first *project) {
	for _, status := range []int{
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout,
	} {
		p := first.another()
		p.arm("createInstance", map[string]any{"do": "status", "status": status})
		attempts := 0
		invoker := p.client.CreateInstanceInvoker(&model.CreateInstanceRequest{
			XClientToken: new(uuid.NewString()), Body: order("orders"),
		})
		answer, err := invoker.WithRetry(2, func(_ any, err error) bool {
			attempts++
			return err != nil && p.refused(err, status, "DBS.200005")
		}, retry.None{}).Invoke()
		if err != nil || attempts != 2 {
			p.Fatalf("after %d attempts: %v", attempts, err)
		}
		made := p.ids(answer.(*model.CreateInstanceResponse))
		p.done(made.job)
		p.wantOnly(made)
	}
}

// failedJobs say why, and there is nothing, or something that has failed, and can be deleted.
func failedJobs(p *project) {
	p.arm("createInstance", map[string]any{"do": "task-error", "code": "DBS.200005", "message": "No machine is left."})
	made := p.mustCreate("", order("orders"))
	job := p.ends(made.job)
	if job.Status.Value() != "Failed" ||
		job.FailReason == nil || !strings.Contains(*job.FailReason, "No machine is left.") ||
		*job.Process != "" || *job.Ended == "" || job.Instance.Id != made.instance {
		p.Errorf("got %v", job)
	}
	if one, ok := p.show(made.instance); ok {
		p.Errorf("there is %v", one)
	}

	p.arm("createInstance", map[string]any{
		"do": "provisioning-error", "code": "DBS.200005", "message": "Its volume cannot be attached.",
	})
	made = p.mustCreate("", order("orders"))
	job = p.ends(made.job)
	if job.Status.Value() != "Failed" || job.FailReason == nil || *job.FailReason == "" {
		p.Errorf("got %v", job)
	}
	if shown := p.mustShow(made.instance); shown.Status != "FAILED" {
		p.Errorf("got %v", shown)
	}
	p.remove(made.instance)
}

// notBuilt is what the SDK has and the server has not.
func notBuilt(p *project) {
	_, err := p.client.ListConfigurations(&model.ListConfigurationsRequest{})
	p.refused(err, http.StatusNotFound, "APIGW.0101")
}
