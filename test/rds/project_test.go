package rds

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/auth/basic"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/config"
	sdk "github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// project is one program that uses the SDK, with a project of its own.
type project struct {
	*testing.T
	server     *server
	id, secret string // of the project; its id is also the access key
	stepped    bool   // its clock stands still
	client     *sdk.RdsClient
}

// found makes a project. Its clock runs like the server's.
func found(t *testing.T, s *server) *project {
	t.Helper()
	p := &project{T: t, server: s, id: strings.ReplaceAll(uuid.NewString(), "-", ""), secret: uuid.NewString()}
	s.control(t, http.MethodPost, "/accounts", map[string]string{
		"name": p.id, "apiKey": p.id, "apiSecretKey": p.secret,
	}, nil)
	p.client = connect(t, s.root, p.id, p.id, p.secret)
	return p
}

// freeze stops the project's clock: it is moved where a story waits.
func (p *project) freeze() {
	p.Helper()
	p.stepped = true
	p.server.control(p.T, http.MethodPut, "/accounts/"+p.id+"/clock", map[string]string{"mode": "frozen"}, nil)
}

// another makes one more project on the same server.
func (p *project) another() *project {
	p.Helper()
	other := found(p.T, p.server)
	if p.stepped {
		other.freeze()
	}
	return other
}

// connect makes a client as a user would.
func connect(t *testing.T, endpoint, project, key, secret string) *sdk.RdsClient {
	t.Helper()
	return connectOver(t, servetest.Wire(t), endpoint, project, key, secret)
}

// connectOver is connect for a client that sends its requests through something else.
func connectOver(t *testing.T, way http.RoundTripper, endpoint, project, key, secret string) *sdk.RdsClient {
	t.Helper()
	credentials, err := basic.NewCredentialsBuilder().WithProjectId(project).WithAk(key).WithSk(secret).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	client, err := sdk.RdsClientBuilder().WithEndpoint(endpoint).WithCredential(credentials).
		WithHttpConfig(quiet().WithHttpRoundTripper(way)).SafeBuild()
	if err != nil {
		t.Fatal(err)
	}
	return sdk.NewRdsClient(client)
}

// quiet says who the client is: else the SDK makes up an id for the machine and writes it into the home directory.
func quiet() *config.HttpConfig { return config.DefaultHttpConfig().WithUserAgent("understudy-test") }

// pass lets time pass for a project whose clock stands still.
func (p *project) pass(d time.Duration) {
	p.Helper()
	p.advance(map[string]any{"by": d.String()})
}

func (p *project) advance(how map[string]any) {
	p.Helper()
	p.server.control(p.T, http.MethodPost, "/accounts/"+p.id+"/clock/advance", how, nil)
}

// enum is a value of one of the SDK's enumerations, also one that it does not know.
func enum[E any, P interface {
	*E
	json.Unmarshaler
}](text string,
) (value E) {
	if err := P(&value).UnmarshalJSON([]byte(strconv.Quote(text))); err != nil {
		panic(err) // the SDK takes any text
	}
	return value
}

// order is a single DB instance without anything that need not be said.
func order(name string) *model.InstanceRequest {
	return &model.InstanceRequest{
		Name:             name,
		Datastore:        &model.Datastore{Type: enum[model.DatastoreType]("MySQL"), Version: "8.0"},
		FlavorRef:        "rds.mysql.n1.large.2",
		Volume:           &model.Volume{Type: enum[model.VolumeType]("CLOUDSSD"), Size: 40},
		Region:           "cn-north-4",
		AvailabilityZone: "cn-north-4a",
		VpcId:            "490a4a08-ef4b-44c5-94be-3051ef9e4fce",
		SubnetId:         "0e2eda62-1d42-4d64-a9d1-4e9aa9cd994f",
		SecurityGroupId:  "2a1f7fc8-3307-42a7-aa6f-42c8b9b8f8c5",
	}
}

// highlyAvailable makes an order one of a primary and a standby.
func highlyAvailable(body *model.InstanceRequest) *model.InstanceRequest {
	body.Ha = &model.Ha{
		Mode: enum[model.HaMode]("Ha"), ReplicationMode: enum[model.HaReplicationMode]("semisync"),
	}
	body.FlavorRef += ".ha"
	body.AvailabilityZone = "cn-north-4a,cn-north-4b"
	return body
}

// create asks for a DB instance, under a token unless that is empty.
func (p *project) create(token string, body *model.InstanceRequest) (*model.CreateInstanceResponse, error) {
	request := &model.CreateInstanceRequest{Body: body}
	if token != "" {
		request.XClientToken = &token
	}
	return p.client.CreateInstance(request)
}

// created is what the answer to a creation says: an id of the instance and one of the job.
type created struct{ instance, job string }

// mustCreate is create for one that is accepted.
func (p *project) mustCreate(token string, body *model.InstanceRequest) created {
	p.Helper()
	got, err := p.create(token, body)
	if err != nil {
		p.Fatalf("create %s: %v", body.Name, err)
	}
	return p.ids(got)
}

func (p *project) ids(got *model.CreateInstanceResponse) created {
	p.Helper()
	if got.HttpStatusCode != http.StatusAccepted || got.Instance == nil || got.Instance.Id == nil || got.JobId == nil {
		p.Fatalf("got %v with status %d, want an instance and a job", got, got.HttpStatusCode)
	}
	return created{*got.Instance.Id, *got.JobId}
}

// active makes a DB instance and waits until it is active.
func (p *project) active(body *model.InstanceRequest) created {
	p.Helper()
	made := p.mustCreate("", body)
	p.done(made.job)
	return made
}

func (p *project) job(id string) *model.GetJobInfoResponseBodyJob {
	p.Helper()
	got, err := p.client.ListJobInfo(&model.ListJobInfoRequest{Id: id})
	if err != nil {
		p.Fatalf("show job %s: %v", id, err)
	}
	return got.Job
}

// done waits until a job is completed.
func (p *project) done(id string) *model.GetJobInfoResponseBodyJob {
	p.Helper()
	job := p.ends(id)
	if job.Status.Value() != "Completed" {
		p.Fatalf("job %s is %v", id, job)
	}
	return job
}

// ends waits until a job ends.
func (p *project) ends(id string) *model.GetJobInfoResponseBodyJob {
	p.Helper()
	if p.stepped {
		p.advance(map[string]any{"idle": true})
	}
	var job *model.GetJobInfoResponseBodyJob
	for range 5 { // of what the sandbox waits at most within a request here
		if job = p.job(id); job.Status.Value() != "Running" {
			return job
		}
		p.server.control(p.T, http.MethodGet, "/wait?state=provisioned&timeout=50s&task="+id, nil, nil)
	}
	p.Fatalf("job %s is still %v", id, job)
	return nil
}

// list lists the DB instances that a request asks for.
func (p *project) list(request model.ListInstancesRequest) (instances []model.InstanceResponse, total int32) {
	p.Helper()
	got, err := p.client.ListInstances(&request)
	if err != nil {
		p.Fatalf("list %v: %v", request, err)
	}
	if got.Instances == nil || got.TotalCount == nil {
		p.Fatalf("list %v: got %v", request, got)
	}
	return *got.Instances, *got.TotalCount
}

// show returns one DB instance; ok is false if there is none.
func (p *project) show(id string) (instance model.InstanceResponse, ok bool) {
	p.Helper()
	instances, total := p.list(model.ListInstancesRequest{Id: &id})
	switch {
	case len(instances) == 0 && total == 0:
		return instance, false
	case len(instances) != 1 || total != 1 || instances[0].Id != id:
		p.Fatalf("list %s: got %v, %d in all", id, instances, total)
	}
	return instances[0], true
}

// mustShow is show for one that there is.
func (p *project) mustShow(id string) model.InstanceResponse {
	p.Helper()
	instance, ok := p.show(id)
	if !ok {
		p.Fatalf("%s is not listed", id)
	}
	return instance
}

// remove deletes a DB instance and waits until it is gone.
func (p *project) remove(id string) {
	p.Helper()
	got, err := p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: id})
	if err != nil || got.JobId == nil {
		p.Fatalf("delete %s: %v, %v", id, got, err)
	}
	p.done(*got.JobId)
	if one, ok := p.show(id); ok {
		p.Errorf("the job of the deletion is over, and there is still %v", one)
	}
}
