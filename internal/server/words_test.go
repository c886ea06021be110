package server_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// neutral are the packages that serve any dialect.
var neutral = []string{
	"api", "internal/openapi", "internal/binding", "internal/engine", "internal/store", "internal/cloud", "internal/batch",
	"internal/idempotency", "internal/journal", "internal/fault",
}

// vendorWords are words of one API: its name, what it offers, its paths, headers, members, statuses and error codes.
var vendorWords = regexp.MustCompile(`(?i)` +
	`redis|subscription|essentials|flexible|active-?active|crdb|peering|private-?link|` +
	`transit-?gateway|\bpsc\b|\bacl\b|catalog|terraform|memcached|database-?id|subscription-?id|/v[0-9]|` +
	`x-api-|x-rate-|x-auth-|x-project-|dbs\.|error_code|error_msg|task-?id\b|command-?type|processing-|resource-?id"|` +
	`understudy\.dev/|_not_found|general_error|too_many|"owner"|viewer|billing|huawei|` +
	`doc: process-|doc: manage-|\baws\b|\bgcp\b|azure`)

// The comments count, too: a layer that explains itself by one API is made for it.
func TestNeutralPackagesKnowNoVendor(t *testing.T) {
	t.Parallel()
	for _, dir := range neutral {
		files, err := filepath.Glob(filepath.Join("..", "..", filepath.FromSlash(dir), "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: got %v, %v, want its files", dir, files, err)
		}
		for _, file := range files {
			if strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			number := 0
			for line := range strings.Lines(string(text)) {
				number++
				if strings.HasPrefix(line, "\t\"github.com/") || line == "\t\"math/rand/v2\"\n" { // an import
					continue
				}
				if word := vendorWords.FindString(line); word != "" {
					t.Errorf("%s:%d speaks of %q: %s", file, number, word, strings.TrimSpace(line))
				}
			}
		}
	}
}

// Words that must be found, each in a line as it stood in one of the packages.
func TestVendorWordsAreFound(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		`secrets := store.Secrets{Key: r.Header.Get("X-Api-Key")}`, `rateHeader = "X-Rate-Limit-Remaining"`,
		`codeBadJSON = "DBS.200001"`, `if plain == "/v1" {`, `cloud.TaskDone: "processing-completed"`,
		"`json:\"commandType\"`", "`path:\"taskId\" json:\"-\"`", `cloud.Errorf("ENTITY_NOT_FOUND", "…")`,
		`RoleViewer = "Viewer"`, `subscription_id bigint`, `// None of them may change a subscription.`,
	} {
		if !vendorWords.MatchString(line) {
			t.Errorf("no word is found in %s", line)
		}
	}
}
