package understudy_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy"
)

// made makes a subscription and returns its path.
func made(sandbox *understudy.Sandbox) string {
	task := send(sandbox, http.MethodPost, "/subscriptions", subscription)
	for task["status"] != "processing-completed" {
		task = send(sandbox, http.MethodGet, fmt.Sprint("/tasks/", task["taskId"]), "")
	}
	return fmt.Sprintf("/subscriptions/%.0f", task["response"].(map[string]any)["resourceId"])
}

func TestStateOfASandbox(t *testing.T) {
	t.Parallel()
	opts := understudy.Options{Speed: understudy.Instant}
	one := understudy.StartT(t, opts)
	path := made(one)
	there := func(who string, s *understudy.Sandbox, want bool) {
		t.Helper()
		if got := send(s, http.MethodGet, path, "")["name"] == "example"; got != want {
			t.Errorf("%s: that the subscription is there is %v, want %v", who, got, want)
		}
	}
	fork, err := one.Fork(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	state, err := one.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := one.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	there("after the reset", one, false)
	there("in the fork", fork, true)
	if err := fork.Close(); err != nil {
		t.Fatal(err)
	}
	slower := understudy.StartT(t, understudy.Options{}) // which is another server
	for who, s := range map[string]*understudy.Sandbox{"loaded": one, "loaded elsewhere": slower} {
		if err := s.Load(t.Context(), state); err != nil {
			t.Fatal(err)
		}
		there(who, s, true)
	}
	if err := one.Load(t.Context(), understudy.Snapshot("nothing")); err == nil {
		t.Error("something else was loaded")
	}
}

// What is expensive to set up is set up once; each test has it to itself.
func ExampleSandbox_Fork() {
	base, err := understudy.Start(context.Background(), understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer base.Close()
	path := made(base)

	for range 2 {
		sandbox, err := base.Fork(context.Background())
		if err != nil {
			log.Panic(err)
		}
		send(sandbox, http.MethodPut, path, `{"name": "renamed"}`)
		if err := sandbox.Close(); err != nil {
			log.Panic(err)
		}
	}
	fmt.Println(send(base, http.MethodGet, path, "")["name"])
	// Output: example
}

// A sandbox begins with what a file says, in whichever state.
func ExampleSandbox_Seed() {
	sandbox, err := understudy.Start(context.Background(), understudy.Options{})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()

	ids, err := sandbox.Seed(context.Background(), []byte(`
resources:
  - as: main
    operation: createProSubscription
    body:
      name: main
      paymentMethod: marketplace
      cloudProviders: [{regions: [{region: us-east-1, networking: {deploymentCIDR: 10.0.0.0/24}}]}]
      databases: [{name: cache, datasetSizeInGb: 1}]
  - as: failed
    operation: createProDatabase
    path: {subscriptionId: "${main}"}
    body: {name: unlucky, datasetSizeInGb: 1}
    state: error
`))
	if err != nil {
		log.Panic(err)
	}
	path := fmt.Sprint("/subscriptions/", ids["main"])
	for _, path := range []string{path, fmt.Sprint(path, "/databases/", ids["failed"])} {
		fmt.Println(send(sandbox, http.MethodGet, path, "")["status"])
	}
	// Output:
	// active
	// error
}
