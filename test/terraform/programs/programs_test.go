package programs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is a wait is a hundredth of itself afterwards; what is a limit, or computed, is left alone.
func TestHurry(t *testing.T) {
	t.Parallel()
	want(t, rewrite{change: hurry}, `package p

const defaultWindowDuration = 1 * time.Minute

func f() {
	time.Sleep(30 * time.Second) // as it is
	wait := &retry.StateChangeConf{
		Delay:        10 * time.Second,
		PollInterval: interval,
		Timeout:      10 * time.Minute,
	}
	retry.RetryContext(ctx, 5*time.Minute, look)
	retry.Do(look, retry.Delay(1*time.Second), retry.MaxDelay(c.retryMaxDelay))
	if wait > 10*time.Second {
		wait = 10 * time.Second
	}
}
`, `package p

const defaultWindowDuration = (1 * time.Minute)/100

func f() {
	time.Sleep((30 * time.Second)/100) // as it is
	wait := &retry.StateChangeConf{
		Delay:        (10 * time.Second)/100,
		PollInterval: interval,
		Timeout:      10 * time.Minute,
	}
	retry.RetryContext(ctx, 5*time.Minute, look)
	retry.Do(look, retry.Delay((1*time.Second)/100), retry.MaxDelay(c.retryMaxDelay))
	if wait > (10*time.Second)/100 {
		wait = (10 * time.Second)/100
	}
}
`, 6)
}

// An import goes together with all that speaks of it.
func TestWithout(t *testing.T) {
	t.Parallel()
	want(t, rewrite{change: without("/remote-state/", "S3Getter")}, `package p

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
`, `package p

import (
	
	
	"example.com/local"
)

var all = map[string]func(){
	"local": func() { local.New() },
	
	
}

func init() {
	
	local.Register()
}
`, 5)
}

func want(t *testing.T, r rewrite, source, changed string, places int) {
	t.Helper()
	got, found, err := r.apply([]byte(source))
	if err != nil || found != places {
		t.Errorf("got %d places, %v, want %d", found, err, places)
	}
	if diff := cmp.Diff(changed, string(got)); diff != "" {
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
		"as counted":         {rewrite{files: "*.go", change: hurry, places: 1}, ""},
		"fewer than counted": {rewrite{files: "*.go", change: hurry, places: 2}, "has 1 places to rewrite, want 2"},
		"more than counted":  {rewrite{files: "*.go", change: hurry, places: 0}, "has 1 places to rewrite, want 0"},
		"no such file":       {rewrite{files: "other.go", change: nil, places: 1}, "has 0 places to rewrite, want 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			source := []byte("package p\n\nfunc f() { time.Sleep(time.Second) }\n")
			for _, file := range []string{"a.go", "a_test.go"} {
				if err := os.WriteFile(filepath.Join(dir, file), source, 0o600); err != nil {
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
