package rediscloud

import (
	"bytes"
	"encoding/json"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// What a list of tasks writes itself is what encoding/json writes, to the byte.
func TestTaskListWritesWhatJSONWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"", `a "b" \c`, "<&>\u2028\x7f\x00", "\xff", "plain"}))
		tasks := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) cloud.Task {
			task := cloud.Task{
				ID: text.Draw(t, "id"), Command: text.Draw(t, "command"), Operation: text.Draw(t, "operation"),
				Status: rapid.SampledFrom([]cloud.TaskStatus{
					cloud.TaskReceived, cloud.TaskRunning, cloud.TaskDone, cloud.TaskFailed, cloud.TaskStatus(text.Draw(t, "status")),
				}).Draw(t, "known status"),
				UpdatedAt: time.Unix(rapid.Int64Range(0, 7e9).Draw(t, "seconds"), rapid.Int64Range(0, 999_999_999).Draw(t, "ns")),
			}
			if rapid.Bool().Draw(t, "finished") {
				ids := rapid.SampledFrom([]int64{0, 1, 51_000_001, -7})
				task.Response = &cloud.TaskResponse{ResourceID: ids.Draw(t, "resource"), ParentID: ids.Draw(t, "parent")}
				if rapid.Bool().Draw(t, "failed") {
					task.Response.Error = &cloud.Error{
						Code: cloud.Code(text.Draw(t, "code")), Status: 404, Description: text.Draw(t, "description"),
						Info: text.Draw(t, "info"),
					}
				}
				if rapid.Bool().Draw(t, "read") {
					task.Response.Resource = json.RawMessage(`{"a": ["<", null] }`)
				}
			}
			return task
		}), 0, 4).Draw(t, "tasks")
		d := &dialect{taskPath: "/v1/tasks/", listPath: "/v1/tasks"}
		base := text.Draw(t, "base")
		list := struct {
			Tasks []taskBody  `json:"tasks"`
			Links []wire.Link `json:"links"`
		}{Tasks: []taskBody{}, Links: []wire.Link{{Rel: "self", Href: base + d.listPath, Type: "GET"}}}
		listed := make([]store.Listed, len(tasks))
		for i, task := range tasks {
			list.Tasks = append(list.Tasks, d.task(base, task, "task"))
			listed[i].Task = &tasks[i]
		}

		var want bytes.Buffer
		encoder := json.NewEncoder(&want)
		encoder.SetEscapeHTML(false)
		if err := encoder.Encode(list); err != nil {
			t.Fatal(err)
		}
		got, err := d.tasks(base, listed).JSON()
		if err != nil || string(got)+"\n" != want.String() {
			t.Errorf("got %s, %v; want %s", got, err, want.String())
		}
	})
}
