package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/store"
)

// storySteps is how many requests a story has, those aside that wait for a task.
const storySteps = 300

// story is a client that does the same whenever it is answered the same.
type story struct {
	t       *testing.T
	url     string
	keys    sandbox.KeyPair
	choices *rand.Rand
	made    map[string][]string // paths by what is there
	answers []string
	before  func(step int) // nil: nothing is done before a step
}

// tell does all steps and returns all answers.
func (s *story) tell() []string {
	for step := range storySteps {
		if s.before != nil {
			s.before(step)
		}
		switch s.choices.IntN(8) {
		case 0:
			s.create("subscription", "/subscriptions",
				strings.Replace(subscriptionBody, `"first"`, fmt.Sprintf(`"sub %d"`, step), 1))
		case 1:
			if sub := s.one("subscription"); sub != "" {
				s.create("database", sub+"/databases", fmt.Sprintf(`{"name": "db-%d", "datasetSizeInGb": 1}`, step))
			}
		case 2:
			s.create("rule", "/acl/redisRules", fmt.Sprintf(`{"name": "rule-%d", "redisRule": "+@read ~%d:*"}`, step, step))
		case 3:
			if db := s.one("database"); db != "" {
				s.create("", db+"/backup", "{}")
			}
		case 4:
			if db := s.one("database"); db != "" {
				s.task(s.send(http.MethodPut, db, fmt.Sprintf(`{"name": "renamed-%d"}`, step)))
			}
		case 5: // what cannot be
			s.send(http.MethodPost, "/subscriptions", `{"name": 7, "unknown": true}`)
			s.send(http.MethodGet, "/tasks/none", "")
			s.send(http.MethodGet, fmt.Sprintf("/subscriptions/%d", step), "")
		case 6:
			kind := []string{"subscription", "database", "rule"}[s.choices.IntN(3)]
			if path := s.one(kind); path != "" && kind != "rule" {
				s.send(http.MethodGet, path, "")
			}
		case 7:
			if db := s.one("database"); db != "" && len(s.made["database"]) > 3 {
				s.task(s.send(http.MethodDelete, db, ""))
				s.made["database"] = slices.DeleteFunc(s.made["database"], func(path string) bool { return path == db })
			}
		}
		s.send(http.MethodGet, []string{"/subscriptions", "/acl/redisRules", "/logs", "/tasks"}[step%4], "")
	}
	return s.answers
}

// one chooses one of what is there; empty: there is none.
func (s *story) one(kind string) string {
	if all := s.made[kind]; len(all) > 0 {
		return all[s.choices.IntN(len(all))]
	}
	return ""
}

func (s *story) create(kind, path, body string) {
	if id := s.task(s.send(http.MethodPost, path, body)); id != 0 && kind != "" {
		s.made[kind] = append(s.made[kind], fmt.Sprintf("%s/%d", path, id))
	}
}

// task waits for the end of the task that an answer tells of, and returns the id of its resource.
func (s *story) task(answer string) int64 {
	var task struct {
		TaskID, Status string
		Response       struct{ ResourceID int64 }
	}
	if json.Unmarshal([]byte(answer), &task) != nil || task.TaskID == "" {
		return 0
	}
	for {
		line, body := s.ask(http.MethodGet, "/tasks/"+task.TaskID, "")
		if err := json.Unmarshal([]byte(body), &task); err != nil {
			s.t.Fatal(err)
		}
		if task.Status == "processing-completed" || task.Status == "processing-error" {
			s.answers = append(s.answers, line+body)
			return task.Response.ResourceID
		}
	}
}

// send sends a request and returns the body of its answer.
func (s *story) send(method, path, body string) string {
	line, answer := s.ask(method, path, body)
	s.answers = append(s.answers, line+answer)
	return answer
}

// ask sends a request and returns all of the answer but when it was sent.
func (s *story) ask(method, path, body string) (head, answer string) {
	s.t.Helper()
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, strings.NewReader(body))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Host = "localhost" // answers have links
	req.Header.Set("X-Api-Key", s.keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.keys.APISecretKey)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it is read
	if err != nil || res.StatusCode >= http.StatusInternalServerError {
		s.t.Fatalf("%s %s: %d %s %v", method, path, res.StatusCode, text, err)
	}
	res.Header.Del("Date")
	head = fmt.Sprintf("%s %s %d\n", method, path, res.StatusCode)
	for _, name := range slices.Sorted(maps.Keys(res.Header)) {
		head += fmt.Sprintf("%s: %s\n", name, res.Header[name])
	}
	return head, string(text)
}

// The same seed, the same requests and a clock that stands still make the same answers, byte for byte: again after a
// reset, and on another server.
func TestIDsFollowFromASeed(t *testing.T) {
	t.Parallel()
	var first []string
	tell := func(which string, f *fixture, url string, seed int64) []string {
		t.Helper()
		must(t, f, control.ResetAccount, control.ResetInput{
			AccountPath: account("Demo"), Reset: sandbox.Reset{Seed: &seed},
		})
		db, err := store.Open(t.Context(), url, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		if err := db.Freeze(t.Context(), 1000, time.Date(2026, 5, 20, 10, 30, 0, 0, time.UTC)); err != nil {
			t.Fatal(err)
		}
		s := story{
			t: t, url: f.URL, keys: sandbox.KeyPair{APIKey: f.APIKey, APISecretKey: f.APISecretKey},
			choices: rand.New(rand.NewPCG(1, 2)), made: map[string][]string{},
		}
		answers := s.tell()
		if made := s.made; len(made["subscription"]) < 10 || len(made["database"]) < 5 || len(made["rule"]) < 10 {
			t.Errorf("%s: the story made no more than %v", which, made)
		}
		return answers
	}
	for range 2 {
		var url string
		f := start(t, func(cfg *server.Config) { url = cfg.DatabaseURL })
		for _, which := range []string{"at first", "after a reset"} {
			answers := tell(which, f, url, 7)
			if first == nil {
				first = answers
			}
			for i := range max(len(answers), len(first)) {
				if i >= len(answers) || i >= len(first) || answers[i] != first[i] {
					t.Fatalf("%s, answer %d of %d and %d differs:\n%s\n%s", which, i, len(answers), len(first),
						answers[min(i, len(answers)-1)], first[min(i, len(first)-1)])
				}
			}
		}
		if slices.Equal(tell("with another seed", f, url, 8), first) {
			t.Error("another seed makes the same answers")
		}
	}
}
