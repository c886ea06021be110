package terraform

import (
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// A configuration that asks for its own card and cloud account finds them once its account declares them, and no other
// account does.
func TestOwnAssets(t *testing.T) {
	t.Parallel()
	terraform := newCommand(t, programs.Terraform, fast)
	open := func() (*understudy.Sandbox, *workspace) {
		sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
		w := terraform.copy(t, "own-assets")
		w.env = append(w.env, sandbox.Environ()...)
		return sandbox, w
	}
	sandbox, w := open()
	_, other := open()
	_, err := sandbox.Accounts().SetAssets(t.Context(), `{
		"paymentMethods": [{"id": 4711, "type": "Mastercard", "creditCardEndsWith": 42}],
		"cloudAccounts": [{"name": "ours"}]
	}`)
	if err != nil {
		t.Fatal(err)
	}
	w.must(applied...)
	w.wantNoChanges("after the apply")
	if out := w.outputs(); out["card"] != "4711" || out["paid_with"] != "4711" {
		t.Errorf("the outputs are %v, want the card that was declared", out)
	}
	w.must("destroy", "-auto-approve")
	if status, out := other.run("plan"); status == 0 || !strings.Contains(out, "returned no results") {
		t.Errorf("in another account: got status %d:\n%s", status, out)
	}
}
