package terraform

import (
	"encoding/json"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// faultStory is what a provider that nobody has changed makes of a preset.
type faultStory struct {
	module string  // empty: subscription
	speed  float64 // zero: Instant
	tell   func(*struck)
}

// faultStories has one story at least for every preset, under its name. What follows a comma tells it from others.
func faultStories() map[string]faultStory {
	all := map[string]faultStory{}
	for _, some := range []map[string]faultStory{taskFaults(), stateFaults(), answerFaults(), refusalFaults()} {
		maps.Copy(all, some)
	}
	return all
}

// Faults reach the official provider, whose waits are shorter here and which is unchanged otherwise.
func TestFaultPresets(t *testing.T) {
	t.Parallel()
	for name, story := range faultStories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if story.module == "" {
				story.module = "subscription"
			}
			if story.speed == 0 {
				story.speed = understudy.Instant
			}
			s := &struck{
				workspace: newCommand(t, programs.Terraform, fast).copy(t, story.module),
				// A task is read once, however busy the machine is: some presets count requests.
				sandbox: understudy.StartT(t, understudy.Options{Speed: story.speed, TaskHold: 10 * time.Second}),
			}
			s.env = append(s.env, s.sandbox.Environ()...)
			story.tell(s)
		})
	}
}

// Every preset has its story, and no story is of a preset that is gone.
func TestEveryFaultPresetIsTold(t *testing.T) {
	t.Parallel()
	presets := rediscloud.Presets()
	untold := map[string]bool{}
	for _, p := range presets.All {
		untold[p.Name] = true
	}
	told := map[string]bool{}
	for name := range faultStories() {
		preset, _, _ := strings.Cut(name, ", ")
		if !untold[preset] && !told[preset] {
			t.Errorf("the story %q is of a preset that is not there", name)
		}
		delete(untold, preset)
		told[preset] = true
	}
	for name := range untold {
		t.Errorf("no story has the preset %s", name)
	}
}

// struck is a module in an account in which something goes wrong.
type struck struct {
	*workspace
	sandbox *understudy.Sandbox
}

// arm arms a preset, with what is otherwise than in it.
func (s *struck) arm(preset, rule string) {
	s.t.Helper()
	if _, err := s.sandbox.Faults().Arm(s.t.Context(), preset, rule); err != nil {
		s.t.Fatal(err)
	}
}

func (s *struck) clear() {
	s.t.Helper()
	s.do(s.sandbox.Faults().Clear(s.t.Context()))
}

// do checks that something worked.
func (s *struck) do(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// pass lets time pass in the account.
func (s *struck) pass(d time.Duration) {
	s.t.Helper()
	_, err := s.sandbox.Clock().Advance(s.t.Context(), d)
	s.do(err)
}

// takes says how long something takes in the account.
func (s *struck) takes(work, length string) {
	s.t.Helper()
	s.do(s.sandbox.Clock().SetDurations(s.t.Context(), understudy.DurationsChange{
		Lengths: map[string]string{work: length},
	}))
}

// hits is how often the rules have struck.
func (s *struck) hits() (n int64) {
	s.t.Helper()
	rules, err := s.sandbox.Faults().List(s.t.Context())
	s.do(err)
	for _, r := range rules {
		n += r.Hits
	}
	return n
}

// wantHits checks that the rules have struck so often.
func (s *struck) wantHits(n int64) {
	s.t.Helper()
	if got := s.hits(); got != n {
		s.t.Errorf("%d hits, want %d", got, n)
	}
}

// wantFailure runs a command that has to fail, and to say something.
func (s *struck) wantFailure(says string, args ...string) {
	s.t.Helper()
	status, out := s.run(args...)
	if status == 0 || !strings.Contains(plain(out), says) {
		s.t.Fatalf("terraform %s: got status %d, want a failure that says %q:\n%s",
			strings.Join(args, " "), status, says, out)
	}
	if s.hits() == 0 {
		s.t.Error("no hit is recorded")
	}
}

// plain is what a command said on one line. Long errors are broken into lines, behind a bar.
func plain(out string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(out)), " ")
}

// add adds a file to the module; one that is called override.tf changes what others describe.
func (s *struck) add(file, text string) {
	s.t.Helper()
	s.do(os.WriteFile(filepath.Join(s.dir, file), []byte(text), 0o600))
}

// wantState checks which resources Terraform knows of.
func (s *struck) wantState(addresses ...string) {
	s.t.Helper()
	out, err := s.exec("state", "list").Output()
	s.do(err)
	var known []string
	for address := range strings.Lines(string(out)) {
		if !strings.HasPrefix(address, "data.") {
			known = append(known, strings.TrimSpace(address))
		}
	}
	if got, want := strings.Join(known, " "), strings.Join(addresses, " "); got != want {
		s.t.Errorf("Terraform knows of %q, want %q", got, want)
	}
}

// subscriptions counts those of the account, whatever Terraform knows of them, when all that was asked for is done: a
// provider that gave up did not wait for it.
func (s *struck) subscriptions() int {
	s.t.Helper()
	s.do(s.sandbox.WaitIdle(s.t.Context()))
	var list struct {
		Subscriptions []any `json:"subscriptions"`
	}
	s.ask(http.MethodGet, "/subscriptions", "", &list)
	return len(list.Subscriptions)
}

// wantSubscriptions checks how many there are.
func (s *struck) wantSubscriptions(n int, which string) {
	s.t.Helper()
	if got := s.subscriptions(); got != n {
		s.t.Errorf("there are %d subscriptions, want %d: %s", got, n, which)
	}
}

// ask sends a request without Terraform.
func (s *struck) ask(method, path, body string, answer any) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.sandbox.URL+path, strings.NewReader(body))
	s.do(err)
	req.Header.Set("X-Api-Key", s.sandbox.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.sandbox.Keys.SecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	s.do(err)
	defer res.Body.Close()
	if res.StatusCode >= http.StatusMultipleChoices {
		s.t.Fatalf("%s %s: got status %d", method, path, res.StatusCode)
	}
	s.do(json.NewDecoder(res.Body).Decode(answer))
}

// askTask sends a request that is answered with a task, and returns what came of it.
func (s *struck) askTask(method, path, body string, resource any) {
	s.t.Helper()
	var task struct {
		ID       string `json:"taskId"`
		Status   string `json:"status"`
		Response struct {
			Resource json.RawMessage `json:"resource"`
		} `json:"response"`
	}
	s.ask(method, path, body, &task)
	s.ask(http.MethodGet, "/tasks/"+task.ID, "", &task) // which waits for its end
	if task.Status != "processing-completed" {
		s.t.Fatalf("%s %s: the task is %+v", method, path, task)
	}
	if resource != nil {
		s.do(json.Unmarshal(task.Response.Resource, resource))
	}
}

var (
	applied   = []string{"apply", "-auto-approve"}
	destroyed = []string{"destroy", "-auto-approve"}
)
