package main

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// offered are the words that complete the last of some.
func offered(t *testing.T, words ...string) (found []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), append([]string{"complete", "--"}, words...), &stdout, &stderr); status != 0 {
		t.Fatalf("%v: status %d, %s", words, status, &stderr)
	}
	for line := range strings.Lines(stdout.String()) {
		word, _, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		found = append(found, word)
	}
	return found
}

func TestCompletion(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ words, want []string }{
		{[]string{"acc"}, []string{"account"}},
		{[]string{"journal", ""}, []string{"list", "show", "curl", "har", "follow", "clear"}},
		{[]string{"journal", "list", "--sta"}, []string{"--status"}},
		{[]string{"serve", "--log-format", ""}, []string{"text", "json"}},
		{[]string{"serve", "--log-format", "=", "j"}, []string{"json"}},
		{[]string{"serve", "--log-format", "="}, []string{"text", "json"}},
		{[]string{"--help", "completion", "z"}, []string{"zsh"}},
		{[]string{"serve", "--data-dir", "acc"}, nil}, // a file
		{[]string{"nonsense", "x"}, nil},
	} {
		if diff := cmp.Diff(test.want, offered(t, test.words...)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", test.words, diff)
		}
	}
	if all := offered(t, ""); slices.Contains(all, "complete") || slices.Contains(all, "reference") ||
		!slices.Contains(all, "serve") {
		t.Errorf("all commands are %q", all)
	}
}

// bash does with its script what a user sees on pressing the tabulator.
func TestCompletionInBash(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	// What stands for the program on PATH: this test, which runs it.
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	script := "#!/bin/sh\n" + asProgram + "=1 exec " + self + ` "$@"` + "\n"
	if err := os.WriteFile(filepath.Join(dir, "understudy"), []byte(script), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `source <(understudy completion bash)
COMP_WORDS=(understudy journal list --sta) COMP_CWORD=3
_understudy
echo "${COMPREPLY[@]}"
complete -p understudy`)
	cmd.Env = append(os.Environ(), "PATH="+dir+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if want := "--status\ncomplete -o default -F _understudy understudy\n"; err != nil || string(out) != want {
		t.Errorf("got %v, %q, want %q", err, out, want)
	}
}

// asProgram has the test binary be the program.
const asProgram = "UNDERSTUDY_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
	}
	os.Exit(m.Run())
}

// The reference names every command, and its file is what go generate makes (scripts/verify.sh).
func TestReference(t *testing.T) {
	t.Parallel()
	var stdout, stderr bytes.Buffer
	if status := run(t.Context(), []string{"reference"}, &stdout, &stderr); status != 0 {
		t.Fatalf("status %d, %s", status, &stderr)
	}
	kept, err := os.ReadFile("../../docs/cli.md")
	if err != nil || string(kept) != stdout.String() {
		t.Errorf("docs/cli.md is out of date (%v): run make generate", err)
	}
	for _, want := range []string{
		"## understudy journal har", "`--control-token=TOKEN`", "`UNDERSTUDY_JOURNAL`", "Exit status: 0",
	} {
		if !strings.Contains(string(kept), want) {
			t.Errorf("%s is not in docs/cli.md", want)
		}
	}
	if strings.Contains(string(kept), "understudy complete") {
		t.Error("a hidden command is in docs/cli.md")
	}
}
