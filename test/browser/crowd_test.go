package browser

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// A crowd works for a while, on ten thousand accounts: the page goes on showing it, and can be used.
func TestCrowdDoesNotFreezeThePage(t *testing.T) {
	t.Parallel()
	const accounts, workers, each = 10_000, 4, 400
	key := func(n int) string { return fmt.Sprintf("crowd-%06d", n) }
	var keys []map[string]any
	for n := range accounts {
		keys = append(keys, map[string]any{
			"name": key(n), "apiKey": key(n), "apiSecretKey": key(n), "account": 2000 + n,
		})
	}
	file := filepath.Join(t.TempDir(), "keys.json")
	text, err := json.Marshal(keys)
	if err == nil {
		err = os.WriteFile(file, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	s := serve(t, "--keys-file", file, "--speed", "20", "--log-level", "warn")
	b := openTab(t, s.base)
	b.open("/ui/")
	b.untilLive()
	eval[bool](b, `(window.longest = 0, new PerformanceObserver(list => {
		for (const e of list.getEntries()) longest = Math.max(longest, e.duration);
	}).observe({type: "longtask"}), true)`)

	began := time.Now()
	var working sync.WaitGroup
	for w := range workers {
		working.Go(func() {
			draw := rand.New(rand.NewPCG(1, uint64(w)))
			for i := range each {
				body := fmt.Sprintf(`{"name": "rule-%d-%d", "redisRule": "+get"}`, w, i)
				if err := s.post(key(draw.IntN(accounts)), "/acl/redisRules", body); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	b.until("somebody is at work", `!!document.querySelector(".lane .now a")`)
	working.Wait()
	t.Logf("%.0f tasks a second", workers*each/time.Since(began).Seconds())
	if elements := eval[int](b, `document.querySelectorAll("*").length`); elements > 5000 {
		t.Errorf("the page has %d elements", elements)
	}
	longest := eval[float64](b, "longest")
	t.Logf("at its busiest, the page was not to be used for %.0f ms", longest)
	if longest > 2000 { // 200 where the machine has nothing else to do
		t.Errorf("the page was not to be used for %.0f ms", longest)
	}
	b.untilLive()
}

// post asks for a change by a pair of keys of one text.
func (s *server) post(key, path, body string) error {
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, s.URL+path, bytes.NewReader([]byte(body)))
	if err != nil {
		return err
	}
	req.Header.Set("X-Api-Key", key)
	req.Header.Set("X-Api-Secret-Key", key)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	_ = res.Body.Close()
	if res.StatusCode != http.StatusAccepted {
		return fmt.Errorf("POST %s: %s", path, res.Status)
	}
	return nil
}
