package rds

import (
	"errors"
	"strings"

	"github.com/google/uuid"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/invoker/retry"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

// lostAnswers: the server has made a DB instance and said so, and nobody has heard it, or only half of it. The SDK asks
// again under the same token and gets the same answer.
func lostAnswers(first *project) {
	for name, parts := range map[string][]float64{ // of the answers, as far as they come
		"nothing of it": {0}, "half of it": {0.5}, "all but its end": {0.99}, "three times": {0, 0.5, 0},
	} {
		p := first.another()
		way := cutting(p.T, p.server, parts...)
		got, attempts := p.createOver(way, uuid.NewString(), len(parts))
		lost := way.lostAnswers()
		if attempts != len(parts)+1 || len(lost) != len(parts) {
			p.Errorf("%s: the SDK asked %d times and lost %d answers, want %d lost and one more",
				name, attempts, len(lost), len(parts))
		}
		for _, answer := range lost {
			if !strings.HasPrefix(answer, "HTTP/1.1 202 ") ||
				!strings.Contains(answer, got.instance) || !strings.Contains(answer, got.job) {
				p.Errorf("%s: lost was\n%s\nand the one that came was of %v", name, answer, got)
			}
		}
		p.done(got.job)
		p.wantOnly(got)
	}
}

// lostAnswerWithoutToken: each attempt makes another DB instance, which is what the token is for.
func lostAnswerWithoutToken(p *project) {
	p.createOver(cutting(p.T, p.server, 0), "", 1)
	if instances, total := p.list(model.ListInstancesRequest{}); total != 2 {
		p.Errorf("got %v, want two", instances)
	}
}

// createOver has the SDK create a DB instance on a way to the server, and ask again after an answer that did not come.
func (p *project) createOver(way *cutter, token string, retries int) (got created, attempts int) {
	p.Helper()
	request := &model.CreateInstanceRequest{Body: order("lost")}
	if token != "" {
		request.XClientToken = &token
	}
	invoker := connect(p.T, way.url, p.id, p.id, p.secret).CreateInstanceInvoker(request)
	again := func(_ any, err error) bool {
		attempts++
		_, answered := errors.AsType[*sdkerr.ServiceResponseError](err)
		return err != nil && !answered
	}
	answer, err := invoker.WithRetry(retries+1, again, retry.None{}).Invoke()
	if err != nil {
		p.Fatalf("after %d attempts: %v", attempts, err)
	}
	return p.ids(answer.(*model.CreateInstanceResponse)), attempts
}

// wantOnly says that nothing but one DB instance was ever made.
func (p *project) wantOnly(one created) {
	p.Helper()
	if instances, total := p.list(model.ListInstancesRequest{}); total != 1 || instances[0].Id != one.instance {
		p.Errorf("got %v, %d in all, want only %s", instances, total, one.instance)
	}
	got, err := p.client.ListTasks(&model.ListTasksRequest{})
	if err != nil {
		p.Fatal(err)
	}
	if *got.TotalCount != 1 || *(*got.Tasks)[0].Id != one.job {
		p.Errorf("got %v, want only the job %s", got, one.job)
	}
}
