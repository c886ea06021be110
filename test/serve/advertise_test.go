package serve

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/server"
)

// Who reaches the server at another address than it knows of, as through a port of a container, is told that one.
func TestEnvironmentIsThatOfTheCaller(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	_, port, _ := strings.Cut(strings.TrimPrefix(s.ready.URL, "http://"), ":")
	port, _, _ = strings.Cut(port, "/")
	for _, caller := range []string{"http://localhost:" + port, "http://127.0.0.1:" + port} {
		status, got, errs := run(t, nil, "env", "--url", caller)
		for _, want := range []string{"REDISCLOUD_URL=" + caller + "/v1", "HUAWEICLOUD_SDK_REGION_RDS_CN_NORTH_4=" + caller} {
			if status != 0 || !strings.Contains(got, "export "+want+"\n") {
				t.Errorf("asked at %s: got %d %s%s, want %s", caller, status, got, errs, want)
			}
		}
	}
}

// What is advertised is told to everybody, and the server answers to its name; commands on the same machine reach it
// all the same.
func TestAdvertise(t *testing.T) {
	t.Parallel()
	const at = "https://sandbox.example:9000"
	s := startSandbox(t, "--advertise", at+"/")
	if s.ready.URL != at+"/v1" || s.ready.Dialects["rds"] != at+"/v3" {
		t.Errorf("the ready file has %+v", s.ready)
	}
	want := "export REDISCLOUD_URL=" + at + "/v1\n"
	s.until("the banner has the address", func() bool { return strings.Contains(s.stdout.String(), want) })
	if got := s.do("env"); !strings.Contains(got, want) {
		t.Errorf("got %s, want %s", got, want)
	}
	address, err := server.FindAddress(s.dir)
	if err != nil {
		t.Fatal(err)
	}
	for host, want := range map[string]int{"sandbox.example:9000": http.StatusOK, "other.example": http.StatusForbidden} {
		if got := calledAs(t, host, address.URL+"/openapi.yaml"); got != want {
			t.Errorf("called %s it answers %d, want %d", host, got, want)
		}
	}
	for _, wrong := range []string{"localhost:9000", "ftp://x", "http://", "http://x/v1", "http://u:p@x", "http://x?y"} {
		says := []string{fmt.Sprintf("--advertise %q", wrong)}
		wantRefusal(t, 2, says, nil, "serve", "--advertise", wrong)
	}
}
