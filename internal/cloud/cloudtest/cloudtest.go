// Package cloudtest helps tests with the vocabulary of package cloud.
package cloudtest

import (
	"encoding/json"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// CodeOf returns the code of the rule that an error names, "" for no error. Any other error fails the test.
func CodeOf(tb testing.TB, err error) cloud.Code {
	tb.Helper()
	if err == nil {
		return ""
	}
	//nolint:errorlint // a rule's error comes as it is: wrapped, it would be a mistake
	failure, ok := err.(*cloud.Error)
	if !ok {
		tb.Fatalf("got %v, want a *cloud.Error", err)
	}
	return failure.Code
}

// FromJSON decodes a text into a new value.
func FromJSON[T any](tb testing.TB, text string) (v T) {
	tb.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return v
}
