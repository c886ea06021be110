package coverage

import (
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/rds"
)

// contract is the document of a dialect, and what it leaves to those who read its answers.
type contract struct {
	*openapi.Document
	task        func(body []byte) task
	checkErrors func(document *openapi.Document, status int, body []byte) error
}

// task is what an answer says of a task; without an id it is about none.
type task struct {
	id        string
	completed bool
}

// load reads the documents of this program: the first one answers for paths that are none of theirs.
func load() ([]contract, error) {
	contracts := []contract{{task: redisTask, checkErrors: checkWords}, {task: rdsJob, checkErrors: checkRDSCode}}
	for i, text := range [][]byte{understudy.Document, rds.Document} {
		var err error
		if contracts[i].Document, err = compiled.Load(text); err != nil {
			return nil, err
		}
	}
	return contracts, nil
}

func redisTask(body []byte) task {
	var answer struct {
		ID     string `json:"taskId"`
		Status string `json:"status"`
	}
	_ = json.Unmarshal(body, &answer) // empty where the answer is no task
	return task{answer.ID, answer.Status == "processing-completed"}
}

func rdsJob(body []byte) task {
	var answer struct {
		ID  string `json:"job_id"`
		Job struct {
			ID     string `json:"id"`
			Status string `json:"status"`
		} `json:"job"`
	}
	_ = json.Unmarshal(body, &answer) // empty where the answer is no job
	if answer.ID != "" {
		return task{id: answer.ID}
	}
	return task{answer.Job.ID, answer.Job.Status == "Completed"}
}

// checkRDSCode holds the code of an error against the contract, which says what status goes with it. That of a failure
// of ours stands for every status that has no code.
func checkRDSCode(document *openapi.Document, status int, body []byte) error {
	if status < http.StatusBadRequest {
		return nil
	}
	var failure struct {
		Code    string `json:"error_code"`
		Message string `json:"error_msg"`
	}
	if err := json.Unmarshal(body, &failure); err != nil {
		return err
	}
	code, ok := document.Code(failure.Code)
	switch {
	case !ok:
		return fmt.Errorf("%q is no code of the contract", failure.Code)
	case code.Status != status && failure.Code != document.InternalError():
		return fmt.Errorf("the status of %s is %d, want %d", failure.Code, status, code.Status)
	case failure.Message == "":
		return fmt.Errorf("%s comes without words", failure.Code)
	}
	return nil
}
