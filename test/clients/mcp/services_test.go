package mcp

import (
	"bytes"
	"encoding/json"
	"os/exec"
	"testing"
)

// call is a call of a method of the API client inside the MCP server, which its tools send their requests with.
type call struct {
	class, method string
	args          []any
}

func (c call) MarshalJSON() ([]byte, error) {
	return json.Marshal([]any{c.class, c.method, append([]any{}, c.args...)})
}

// answer is what a call returned, or the status and body that it failed with.
type answer struct {
	Result json.RawMessage
	Status int
	Error  json.RawMessage
}

// callServices makes calls, one after the other. The flags say where the API is.
func callServices(t *testing.T, flags []string, calls ...call) (answers []answer) {
	t.Helper()
	text, err := json.Marshal(calls)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "node", append([]string{"services.mjs"}, flags...)...)
	cmd.Dir = npm
	cmd.Stdin = bytes.NewReader(text)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("services.mjs %s: %v\n%s", text, err, &stderr)
	}
	if err := json.Unmarshal(out, &answers); err != nil || len(answers) != len(calls) {
		t.Fatalf("services.mjs %s: got %s, want %d answers (%v)", text, out, len(calls), err)
	}
	return answers
}
