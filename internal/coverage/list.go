package coverage

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
)

// renew is the environment variable that makes Check rewrite the list.
const renew = "UNDERSTUDY_RENEW"

// heading is the first line of a list.
const heading = "# The operations that succeed in these tests. Renew it with " + renew +
	"=1 in the environment of a whole run.\n"

// Check compares what was recorded with the committed list, or rewrites the list
// where the environment says so. Call it when all tests are done; after a run that
// left some out it has nothing to say.
func (r *Recorder) Check(file string) error {
	if !Whole() {
		return nil
	}
	got := r.Operations()
	if os.Getenv(renew) != "" {
		//nolint:gosec // for everybody, like all of the repository
		return os.WriteFile(file, []byte(heading+strings.Join(got, "\n")+"\n"), 0o644)
	}
	want, err := Read(file)
	if err != nil {
		return err
	}
	var problems []string
	for _, id := range want {
		if !slices.Contains(got, id) {
			problems = append(problems, "- "+id+" is listed, and has not succeeded")
		}
	}
	for _, id := range got {
		if !slices.Contains(want, id) {
			problems = append(problems, "+ "+id+" has succeeded, and is not listed")
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s is out of date (%s=1 renews it):\n%s", file, renew, strings.Join(problems, "\n"))
	}
	return nil
}

// Read returns the operations of a list.
func Read(file string) ([]string, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read a list of operations: %w", err)
	}
	var ids []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "#") {
			ids = append(ids, line)
		}
	}
	return ids, nil
}

// Whole reports whether this test process was asked for all tests of its package.
func Whole() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if f := flag.Lookup(name); f == nil || f.Value.String() != "" {
			return false
		}
	}
	short := flag.Lookup("test.short")
	return short != nil && short.Value.String() == "false"
}
