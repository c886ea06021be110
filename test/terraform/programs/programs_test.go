package programs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// An import goes together with all that speaks of it.
func TestWithout(t *testing.T) {
	t.Parallel()
	got, places, err := source.Apply([]byte(`package p

import (
	backendS3 "example.com/remote-state/s3"
	"example.com/remote-state/http"
	"example.com/local"
)

var all = map[string]func(){
	"local": func() { local.New() },
	"s3":    func() { backendS3.New() },
	"get":   new(getter.S3Getter),
}

func init() {
	if err := http.New(); err != nil {
		panic(err)
	}
	local.Register()
}
`), without("/remote-state/", "S3Getter"))
	if err != nil || places != 5 {
		t.Errorf("got %d places, %v, want 5", places, err)
	}
	if diff := cmp.Diff(`package p

import (
	
	
	"example.com/local"
)

var all = map[string]func(){
	"local": func() { local.New() },
	
	
}

func init() {
	
	local.Register()
}
`, string(got)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// A version that was not counted is refused: its waits might be the old ones.
func TestPlacesAreCounted(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		r    rewrite
		want string
	}{
		"as counted":         {rewrite{files: "*.go", change: without("time"), places: 1}, ""},
		"fewer than counted": {rewrite{files: "*.go", change: without("time"), places: 2}, "has 1 places to rewrite, want 2"},
		"more than counted":  {rewrite{files: "*.go", change: without("time"), places: 0}, "has 1 places to rewrite, want 0"},
		"no such file":       {rewrite{files: "other.go", change: nil, places: 1}, "has 0 places to rewrite, want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			text := []byte("package p\n\nimport \"time\"\n")
			for _, file := range []string{"a.go", "a_test.go"} {
				if err := os.WriteFile(filepath.Join(dir, file), text, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			switch err := tt.r.make(dir); {
			case tt.want == "" && err != nil, tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
