package understudy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"strings"

	"github.com/understudy-dev/understudy"
)

// send does what the official SDK does: it sends JSON with the two keys and reads JSON.
func send(sandbox *understudy.Sandbox, method, path, body string) (answer map[string]any) {
	req, err := http.NewRequestWithContext(context.Background(), method, sandbox.URL+path, strings.NewReader(body))
	if err != nil {
		log.Panic(err)
	}
	req.Header.Set("x-api-key", sandbox.Keys.APIKey)
	req.Header.Set("x-api-secret-key", sandbox.Keys.SecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Panic(err)
	}
	defer res.Body.Close()
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		log.Panic(err)
	}
	return answer
}

const subscription = `{
	"name": "example", "paymentMethod": "marketplace",
	"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
	"databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]
}`

// A write is answered with a task. Once that has been processed it names what was made, and at the speed Instant that
// is ready, too.
func ExampleStart() {
	sandbox, err := understudy.Start(context.Background(), understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()

	task := send(sandbox, http.MethodPost, "/subscriptions", subscription)
	fmt.Println(task["status"])
	for task["status"] != "processing-completed" {
		task = send(sandbox, http.MethodGet, fmt.Sprint("/tasks/", task["taskId"]), "")
	}
	id := task["response"].(map[string]any)["resourceId"]
	made := send(sandbox, http.MethodGet, fmt.Sprintf("/subscriptions/%.0f", id), "")
	fmt.Println(made["name"], made["status"])
	// Output:
	// received
	// example active
}

// Three subscriptions of an account may be changed at once. Here the task of a fourth change fails; without CapPolicy
// it would wait.
func ExampleOptions() {
	sandbox, err := understudy.Start(context.Background(), understudy.Options{
		Speed: 60, CapPolicy: understudy.RejectChanges,
	})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()

	tasks := make([]any, 4)
	for i := range tasks {
		tasks[i] = send(sandbox, http.MethodPost, "/subscriptions", subscription)["taskId"]
	}
	for _, id := range tasks {
		task := map[string]any{}
		for task["status"] != "processing-completed" && task["status"] != "processing-error" {
			task = send(sandbox, http.MethodGet, fmt.Sprint("/tasks/", id), "")
		}
		failure, _ := task["response"].(map[string]any)["error"].(map[string]any)
		fmt.Println(task["status"], failure["type"])
	}
	// Output:
	// processing-completed <nil>
	// processing-completed <nil>
	// processing-completed <nil>
	// processing-error TOO_MANY_PENDING_SUBSCRIPTIONS
}
