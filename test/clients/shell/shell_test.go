package shell

import (
	"bytes"
	"context"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// limit is for a busy machine.
const limit = time.Minute

// endpoint is what a client of Redis connects to: the port is said twice.
var endpoint = regexp.MustCompile(`^redis-(\d+)\.c\d+\.us-east-1-\d+\.ec2\.cloud\.rlrcp\.com:(\d+)\n$`)

// A shell script that greps for what it needs makes a subscription, learns the endpoint of its database and deletes
// both.
func TestScript(t *testing.T) {
	t.Parallel()
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			server := speed.Start(t, servetest.Options{})
			ctx, cancel := context.WithTimeout(t.Context(), 2*limit)
			defer cancel()
			cmd := exec.CommandContext(ctx, "sh", "testdata/endpoint.sh")
			cmd.WaitDelay = time.Second // of a curl that outlives the script
			cmd.Env = append(os.Environ(), "REDISCLOUD_URL="+server.RecordedURL(),
				"REDISCLOUD_ACCESS_KEY="+server.APIKey, "REDISCLOUD_SECRET_KEY="+server.SecretKey,
				"TIMEOUT="+strconv.Itoa(int(limit.Seconds())), "INTERVAL=0.1", "no_proxy=127.0.0.1")
			var stdout, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &stdout, &stderr
			if err := cmd.Run(); err != nil || stderr.Len() > 0 {
				t.Fatalf("the script: %v, and says %s", err, &stderr)
			}
			if got := endpoint.FindStringSubmatch(stdout.String()); got == nil || got[1] != got[2] {
				t.Errorf("the script prints %q, want an endpoint", &stdout)
			}
			status, _, text := server.Do(http.MethodGet, "/subscriptions", nil)
			if status != http.StatusNotFound && !bytes.Contains(text, []byte(`"subscriptions" : [ ]`)) {
				t.Errorf("after the script: got %d %s, want no subscription", status, text)
			}
		})
	}
}
