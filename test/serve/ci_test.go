package serve

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	yaml "github.com/oasdiff/yaml3"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// action is what the tests read of action.yml.
type action struct {
	Inputs map[string]struct{ Default string }
	Runs   struct {
		Steps []struct {
			Run string
			Env map[string]string
		}
	}
}

// step is one of a job of GitHub's.
type step struct {
	Uses, Run, If string
	With          map[string]string
}

// parse parses a file of the documentation.
func parse(t *testing.T, text string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(text), into); err != nil {
		t.Fatalf("%v:\n%s", err, text)
	}
}

// testScript is what the jobs of the documentation run; it asks the sandbox for what only this test asks for.
const testScript = `#!/bin/sh
set -eu
understudy account list | grep Demo
curl -s -H "x-api-key: $REDISCLOUD_ACCESS_KEY" -H "x-api-secret-key: $REDISCLOUD_SECRET_KEY" \
	"$REDISCLOUD_URL/subscriptions/4711"
`

// runStep does what GitHub's runner does with a step, and returns what it printed.
func (j *job) runStep(a action, s step) string {
	j.t.Helper()
	env := slices.Clone(j.env)
	if _, err := os.Stat(filepath.Join(j.temp, "GITHUB_ENV")); err == nil {
		env = append(env, strings.Split(strings.TrimSpace(j.read("GITHUB_ENV")), "\n")...)
		env = append(env, "PATH="+strings.TrimSpace(j.read("GITHUB_PATH"))+":"+os.Getenv("PATH"))
	}
	script := s.Run
	if s.Uses != "" {
		script = a.Runs.Steps[0].Run
		root, err := filepath.Abs("../..")
		if err != nil {
			j.t.Fatal(err)
		}
		env = append(env, "GITHUB_ACTION_PATH="+root)
		for name := range s.With {
			if _, ok := a.Inputs[name]; !ok {
				j.t.Errorf("the action has no input %q", name)
			}
		}
		for name, value := range a.Runs.Steps[0].Env {
			input := strings.TrimSuffix(strings.TrimPrefix(value, "${{ inputs."), " }}")
			given, ok := s.With[input]
			if !ok {
				given = a.Inputs[input].Default
			}
			env = append(env, name+"="+given)
		}
	}
	return j.shell(env, script)
}

// shell runs commands of a job in its directory.
func (j *job) shell(env []string, script string) string {
	j.t.Helper()
	cmd := exec.CommandContext(j.t.Context(), "sh", "-ec", script)
	cmd.Dir, cmd.Env = j.temp, env
	out, err := cmd.CombinedOutput()
	if err != nil {
		j.t.Errorf("%s: %v\n%s", script, err, out)
	}
	return string(out)
}

// newPageJob is a job that finds the program made, and the test that the pages name.
func newPageJob(t *testing.T) *job {
	t.Helper()
	j := newJob(t, "ACTION_BINARY="+servetest.Binary(t))
	program(t, filepath.Join(j.temp, "test.sh"), testScript)
	return j
}

// program writes a program.
func program(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// GitHub's jobs of the documentation run, and show afterwards what was asked.
func TestGitHubJobs(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var a action
	parse(t, string(text), &a)
	var workflow struct {
		Jobs map[string]struct{ Steps []step }
	}
	parse(t, servetest.ReadPage(t, "../../docs/start.md").Files[".github/workflows/test.yml"], &workflow)
	var short []step
	parse(t, servetest.ReadPage(t, "../../README.md").Files["steps.yml"], &short)
	for name, steps := range map[string][]step{"docs/start.md": workflow.Jobs["test"].Steps, "README.md": short} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := newPageJob(t)
			t.Cleanup(func() { _, _ = j.step("stop") }) // as the runner does when a job ends
			var out string
			for _, s := range steps {
				if !strings.HasPrefix(s.Uses, "actions/") { // GitHub's own: there are a checkout and Go
					out = j.runStep(a, s)
				}
			}
			if !strings.Contains(out, "/v1/subscriptions/4711") {
				t.Errorf("the journal is\n%s", out)
			}
		})
	}
}

// So does GitLab's, whose commands after the script have a shell of their own.
func TestGitLabJob(t *testing.T) {
	t.Parallel()
	var jobs map[string]struct {
		Before []string `yaml:"before_script"`
		Script []string
		After  []string `yaml:"after_script"`
	}
	parse(t, servetest.ReadPage(t, "../../docs/start.md").Files[".gitlab-ci.yml"], &jobs)
	j := newPageJob(t)
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	// What the machine of the test has already.
	programs := pgtest.TempDir(t)
	for name, text := range map[string]string{"apt-get": "", "git": `ln -s "` + root + `" "$5"`} {
		program(t, filepath.Join(programs, name), "#!/bin/sh\n"+text)
	}
	env := slices.DeleteFunc(j.env, func(pair string) bool { return strings.HasPrefix(pair, "GITHUB_") })
	env = append(env, "PATH="+programs+":"+os.Getenv("PATH"))
	here := func(commands []string) string {
		return strings.ReplaceAll(strings.Join(commands, "\n"), "/tmp/", j.temp+"/")
	}
	job := jobs["test"]
	j.shell(env, here(slices.Concat(job.Before, job.Script)))
	if out := j.shell(env, here(job.After)); !strings.Contains(out, "/v1/subscriptions/4711") {
		t.Errorf("the journal is\n%s", out)
	}
}
