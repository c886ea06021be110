package terraform

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// What docs/start.md has people do with a module works as it stands there.
func TestStartPage(t *testing.T) {
	t.Parallel()
	page := servetest.ReadPage(t, "../../docs/start.md")
	dir, path := t.TempDir(), t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(page.Files["main.tf"]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(servetest.Binary(t), filepath.Join(path, "understudy")); err != nil {
		t.Fatal(err)
	}
	server := servetest.Start(t, servetest.Options{})
	cmd := exec.CommandContext(t.Context(), "sh", "-euxc", strings.Join(page.Recipe(t, "Terraform").Scripts, ""))
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc([]string{"TF_", "REDISCLOUD_", "UNDERSTUDY_"}, func(prefix string) bool {
			return strings.HasPrefix(pair, prefix)
		})
	}), "PATH="+path+":"+os.Getenv("PATH"), "UNDERSTUDY_URL="+server.URL,
		"UNDERSTUDY_TERRAFORM="+find(t, programs.Terraform), "CHECKPOINT_DISABLE=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for _, says := range []string{"2 added", "No changes.", "2 destroyed"} {
		if !strings.Contains(string(out), says) {
			t.Errorf("it does not say %q:\n%s", says, out)
		}
	}
}
