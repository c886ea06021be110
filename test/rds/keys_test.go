package rds

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/uuid"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/region"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// programVariable makes the test process a user's program, which knows nothing but its environment.
const programVariable = "UNDERSTUDY_TEST_PROGRAM"

// program lists the DB instances.
func program() {
	here, err := region.SafeValueOf("cn-north-4")
	if err != nil {
		fmt.Println(err)
		return
	}
	client, err := sdk.RdsClientBuilder().WithRegion(here).WithHttpConfig(quiet()).SafeBuild()
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := sdk.NewRdsClient(client).ListInstances(&model.ListInstancesRequest{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, one := range *got.Instances {
		fmt.Println(one.Name)
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	s := start(t, "--speed", "0")
	demo := &project{T: t, server: s, id: s.APIKey, secret: s.SecretKey}
	demo.client = connect(t, s.root, demo.id, demo.id, demo.secret)
	demo.active(order("of-the-demo-account"))
	demo.wrongKeys()
	demo.changedOnTheirWay()
	demo.oddTexts()
	if instances, total := demo.list(model.ListInstancesRequest{}); total != 1 {
		t.Errorf("got %v, want one", instances)
	}
	demo.environment()
	demo.roles()
}

// wrongKeys: who signs with a secret that is not that of the key, or for a project that is not there, is refused.
func (p *project) wrongKeys() {
	for name, keys := range map[string]struct{ project, key, secret string }{
		"secret of nobody":  {p.id, p.id, "wrong"},
		"key of nobody":     {p.id, "nobody", p.secret},
		"project of nobody": {"nowhere", "nowhere", p.secret},
		"another project":   {"nowhere", p.id, p.secret},
	} {
		client := connect(p.T, p.server.root, keys.project, keys.key, keys.secret)
		_, err := client.ListInstances(&model.ListInstancesRequest{})
		list := p.refused(err, http.StatusForbidden, "DBS.280056")
		_, err = client.CreateInstance(&model.CreateInstanceRequest{Body: order("orders")})
		if !p.refused(err, http.StatusForbidden, "DBS.280056") || !list {
			p.Errorf("that was for a %s", name)
		}
	}
}

// changing is a way on which requests are changed that were signed.
type changing struct {
	http.RoundTripper
	change func(*http.Request)
}

// RoundTrip sends one request.
func (c changing) RoundTrip(req *http.Request) (*http.Response, error) {
	c.change(req)
	return c.RoundTripper.RoundTrip(req)
}

func (p *project) changedOnTheirWay() {
	for name, change := range map[string]func(*http.Request){
		"another body": func(r *http.Request) {
			text := `{"name": "changed"}`
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
		},
		"another query":   func(r *http.Request) { r.URL.RawQuery = "limit=1" },
		"another token":   func(r *http.Request) { r.Header.Set("X-Client-Token", uuid.NewString()) },
		"another date":    func(r *http.Request) { r.Header.Set("X-Sdk-Date", "20261129T155000Z") },
		"another project": func(r *http.Request) { r.URL.Path = strings.Replace(r.URL.Path, p.id, "nowhere", 1) },
		"no signature":    func(r *http.Request) { r.Header.Del("Authorization") },
		"another algorithm": func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "SHA256", "SM3", 1))
		},
	} {
		client := connectOver(p.T, changing{servetest.Wire(p.T), change}, p.server.root, p.id, p.id, p.secret)
		_, err := client.CreateInstance(&model.CreateInstanceRequest{
			XClientToken: new(uuid.NewString()), Body: order("orders"),
		})
		if !p.refused(err, http.StatusForbidden, "DBS.280056") {
			p.Errorf("that was for %s", name)
		}
	}
}

// oddTexts are signed as they are sent, however they are escaped there. An id has no slash, and no question mark: there
// the server takes a query to begin, as some clients escape it.
func (p *project) oddTexts() {
	inPath := strings.NewReplacer("/", "", "?", "")
	for _, text := range []string{"a b", "a+b", "a%2Bb", "ä/ö?&=#", "~*'()!$,;:@", "*", "", "\u00a0\U0001f600"} {
		got, err := p.client.ListInstances(&model.ListInstancesRequest{
			Name: new("none" + text), Tags: new("k=" + text), XLanguage: new(enum[model.ListInstancesRequestXLanguage]("en-us")),
		})
		if err != nil || *got.TotalCount != 0 {
			p.Errorf("%q: got %v, %v, want none", text, got, err)
		}
		_, err = p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: "none" + inPath.Replace(text)})
		p.refused(err, http.StatusBadRequest, "DBS.280404")
	}
}

// environment: what `understudy env` prints is all that the SDK needs.
func (p *project) environment() {
	other := found(p.T, p.server)
	other.active(order("of-another"))
	for name, test := range map[string]struct {
		args []string
		want string
	}{
		"demo account": {[]string{"env", "--format", "dotenv"}, "of-the-demo-account"},
		"another":      {[]string{"env", "--format", "dotenv", "--account", other.id}, "of-another"},
	} {
		cmd := exec.CommandContext(p.Context(), os.Args[0])
		cmd.Env = append(strings.Split(p.server.command(p.T, test.args...), "\n"), programVariable+"=yes")
		output, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(output)); got != test.want || err != nil {
			p.Errorf("%s: got %q, %v, want %q", name, got, err, test.want)
		}
	}
}

// roles: further keys of a project sign with their own secret, and do what their role may.
func (p *project) roles() {
	other := p.another()
	var made struct {
		APIKey       string `json:"apiKey"`
		APISecretKey string `json:"apiSecretKey"`
	}
	p.server.control(p.T, http.MethodPost, "/accounts/"+other.id+"/keys", map[string]string{
		"name": "watcher", "role": "Viewer",
	}, &struct{ Keys any }{&made})
	if made.APIKey == "" {
		p.Fatal("no keys")
	}
	watcher := connect(p.T, p.server.root, other.id, made.APIKey, made.APISecretKey)
	other.mustCreate("", order("orders"))
	got, err := watcher.ListInstances(&model.ListInstancesRequest{})
	if err != nil || *got.TotalCount != 1 {
		p.Errorf("the watcher sees %v, %v", got, err)
	}
	_, err = watcher.CreateInstance(&model.CreateInstanceRequest{Body: order("invoices")})
	p.refused(err, http.StatusForbidden, "DBS.200044")
	p.server.control(p.T, http.MethodDelete, "/accounts/"+other.id+"/keys/watcher", nil, nil)
	_, err = watcher.ListInstances(&model.ListInstancesRequest{})
	p.refused(err, http.StatusForbidden, "DBS.280056")
}

// With --accounts any the first AK that signs for a project makes it, and is the only one: parallel runs keep apart by
// choosing one.
func TestProjectsOfAnyName(t *testing.T) {
	t.Parallel()
	s := start(t, "--speed", "0", "--accounts", "any")
	var made []created
	for _, id := range []string{"run-17", "run-18"} {
		p := &project{T: t, server: s, id: id, client: connect(t, s.root, id, "ak-of-"+id, "sk")}
		made = append(made, p.active(order("orders")))
		if instances, total := p.list(model.ListInstancesRequest{}); total != 1 {
			t.Errorf("%s has %v, want one", id, instances)
		}
		_, err := connect(t, s.root, id, "another", "sk").ListInstances(&model.ListInstancesRequest{})
		p.refused(err, http.StatusForbidden, "DBS.280056")
	}
	if made[0] == made[1] {
		t.Errorf("both are %v", made[0])
	}
}
