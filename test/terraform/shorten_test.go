package terraform

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// The waits of the tested version are all found: where there are more or fewer, what waits is to be looked at anew.
func TestWaitsAreFound(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		module, files string
		want          int
	}{
		{terraform.ProviderModule + "@v" + terraform.TestedVersion, "provider/*.go", 30},
		{"github.com/RedisLabs/rediscloud-go-api@v0.21.0", "internal/*.go", 4},
		{"github.com/hashicorp/terraform-plugin-sdk/v2@v2.34.0", "helper/retry/*.go", 4},
	} {
		cmd := exec.CommandContext(t.Context(), "go", "mod", "download", "-json", tt.module)
		cmd.Dir = t.TempDir() // of no module
		text, err := cmd.Output()
		if err != nil {
			t.Fatalf("%s: %v", cmd, err)
		}
		var module struct{ Dir string }
		if err := json.Unmarshal(text, &module); err != nil {
			t.Fatal(err)
		}
		copied := filepath.Join(t.TempDir(), "module")
		if err := os.CopyFS(copied, os.DirFS(module.Dir)); err != nil {
			t.Fatal(err)
		}
		got, err := source.Rewrite(copied, tt.files, terraform.Shorten)
		if err != nil || got != tt.want {
			t.Errorf("%s has %d waits, %v, want %d", tt.module, got, err, tt.want)
		}
	}
}
