package campaign

import (
	"os"
	"path/filepath"
	"testing"
)

// A copy has the module without its state and what was brought to it, and reaches what is beside it in its repository.
func TestCopyOfAModule(t *testing.T) {
	t.Parallel()
	repository, work := t.TempDir(), t.TempDir()
	const backend = "terraform {\n  required_version = \">= 1.5\"\n  backend \"s3\" {\n    bucket = \"states\"\n  }\n}\n"
	for name, text := range map[string]string{
		".git/HEAD":                           "ref: main",
		"modules/network/main.tf":             "# network",
		"live/shop/main.tf":                   backend + "# shop",
		"live/shop/files/a.json":              "{}",
		"live/shop/terraform.tfstate":         "the user's",
		"live/shop/terraform.tfstate.backup":  "the user's",
		"live/shop/.terraform.lock.hcl":       "# locked",
		"live/shop/.terraform/modules/m.json": "{}",
	} {
		file := filepath.Join(repository, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	m := &module{source: filepath.Join(repository, "live/shop"), work: work}
	l, err := m.copy(Terraform{}, nil, "some-fault")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"main.tf":                       "terraform {\n  required_version = \">= 1.5\"\n}\n# shop",
		"files/a.json":                  "{}",
		".terraform.lock.hcl":           "# locked",
		"../../modules/network/main.tf": "# network",
	} {
		if got, err := os.ReadFile(filepath.Join(l.dir, name)); err != nil || string(got) != want {
			t.Errorf("%s: got %q, %v, want %q", name, got, err, want)
		}
	}
	for _, name := range []string{"terraform.tfstate", "terraform.tfstate.backup", ".terraform", "../../.git"} {
		if _, err := os.Lstat(filepath.Join(l.dir, name)); err == nil {
			t.Errorf("%s is copied", name)
		}
	}
}
