package wire

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Failure is why a task failed, or a resource could not be provisioned. doc: errors, `response.error`
type Failure struct {
	Type        string `json:"type"`
	Status      string `json:"status"` // 404 NOT_FOUND
	Description string `json:"description"`
}

// FailureOf shows an error; nil for none.
func FailureOf(e *cloud.Error) *Failure {
	if e == nil {
		return nil
	}
	name := strings.ToUpper(strings.ReplaceAll(http.StatusText(e.Status), " ", "_"))
	return &Failure{Type: string(e.Code), Status: fmt.Sprintf("%d %s", e.Status, name), Description: e.Description}
}
