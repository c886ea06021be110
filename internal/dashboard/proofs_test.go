package dashboard_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// The page of coverage says with which clients an operation succeeds in the tests, and what of it was asked for here.
func TestCoverageNamesClients(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.api(http.MethodGet, "/subscriptions/9", "")
	p := f.get("/ui/coverage")
	f.has(p, "succeed with the official Go SDK v", "succeed with the official Terraform provider v",
		"succeed in our own tests over HTTP")
	row := regexp.MustCompile(`(?s)<tr data-operation="getProSubscription" class="asked">.*?</tr>`).FindString(p.text)
	for _, client := range []string{"Go SDK v", "Terraform v", "HTTP", `data-label="refused">1<`} {
		if !strings.Contains(row, client) {
			t.Errorf("the row of the operation has no %q: %s", client, row)
		}
	}
	f.has(f.get("/ui/reference/createInstance"), "proven by", "Go SDK v0.1")
}
