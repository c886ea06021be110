package store_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// The short way to decode what a task came to leads where the long one does.
func TestResponsesAreDecodedAsJSON(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{}`, `{"resource_id": 51000001}`, `{"parent_id": 100001}`, `{"parent_id": 100001, "resource_id": 51000001}`,
		`{"parent_id": 1, "resource_id": -51}`, `{"resource_id": 9223372036854775807}`, `{"resource_id": 1, "parent_id": 2}`,
		`{"resource": [1, 2], "parent_id": 3, "resource_id": 4}`, `{"parent_id": 3, "resource_id": 4, "injected": "rule"}`,
		`{"error": {"code": "NOT_FOUND", "status": 404, "description": "none"}}`, `{"resource_id":7}`,
		`{"resource_id": 7, "path": {}}`,
	} {
		var want cloud.TaskResponse
		if err := json.Unmarshal([]byte(text), &want); err != nil {
			t.Fatal(err)
		}
		got, err := store.DecodeResponse([]byte(text))
		if diff := cmp.Diff(&want, got); err != nil || diff != "" {
			t.Errorf("%s: %v (-want +got):\n%s", text, err, diff)
		}
	}
	for _, text := range []string{``, `{"resource_id": }`, `{"resource_id": 7`, `{"resource_id": 7}}`, `[]`} {
		if got, err := store.DecodeResponse([]byte(text)); err == nil {
			t.Errorf("%s: got %+v, want an error", text, got)
		}
	}
}
