package rds

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

var (
	instanceID = regexp.MustCompile(`^[0-9a-f]{32}in01$`)
	nodeID     = regexp.MustCompile(`^[0-9a-f]{32}no01$`)
)

// stamp is how times are written: no colon in the offset.
const stamp = "2006-01-02T15:04:05-0700"

func singleLife(p *project) {
	body := order("orders")
	body.Port, body.Password = new("8635"), new("Secret-77")
	body.BackupStrategy = &model.BackupStrategy{StartTime: "23:15-00:15", KeepDays: new(int32(12))}
	body.EnterpriseProjectId, body.DiskEncryptionId = new("0"), new("2gfdsh-844a-4023-a776-fc5c5fb71fb4")
	body.ConfigurationId, body.TimeZone = new("452408-ef4b-44c5-94be-305145fg"), new("UTC+08:00")
	body.ChargeInfo = &model.ChargeInfo{ChargeMode: enum[model.ChargeInfoChargeMode]("postPaid")}
	body.Tags = &[]model.TagWithKeyValue{{Key: "team", Value: "shop"}, {Key: "empty"}}
	body.UnchangeableParam = &model.UnchangeableParam{LowerCaseTableNames: new("0")}
	answer, err := p.create("", body)
	if err != nil {
		p.Fatal(err)
	}
	made := p.ids(answer)
	want := &model.CreateInstanceRespItem{
		Id: &made.instance, Name: "orders", Status: new("BUILD"), Datastore: body.Datastore, Port: body.Port,
		ConfigurationId: body.ConfigurationId, BackupStrategy: body.BackupStrategy,
		EnterpriseProjectId: body.EnterpriseProjectId, DiskEncryptionId: body.DiskEncryptionId,
		FlavorRef: body.FlavorRef, Volume: body.Volume, Region: body.Region, AvailabilityZone: body.AvailabilityZone,
		VpcId: body.VpcId, SubnetId: body.SubnetId, SecurityGroupId: body.SecurityGroupId, ChargeInfo: body.ChargeInfo,
	}
	p.same("the answer to the creation", answer.Instance, want)
	if !instanceID.MatchString(made.instance) || strings.Contains(answer.String(), "Secret-77") {
		p.Errorf("got %v", answer)
	}

	p.createdJob(made, "Single")
	shown := p.mustShow(made.instance)
	p.same("the instance", shown, model.InstanceResponse{
		Id: made.instance, Name: "orders", Status: "ACTIVE", Type: "Single", Port: 8635, Datastore: shown.Datastore,
		BackupStrategy:      &model.BackupStrategyForResponse{StartTime: "23:15-00:15", KeepDays: 12},
		EnterpriseProjectId: "0", DiskEncryptionId: *body.DiskEncryptionId, FlavorRef: body.FlavorRef,
		Volume: &model.VolumeForInstanceResponse{Type: enum[model.VolumeForInstanceResponseType]("CLOUDSSD"), Size: 40},
		Region: body.Region, VpcId: body.VpcId, SubnetId: body.SubnetId, SecurityGroupId: body.SecurityGroupId,
		ChargeInfo: &model.ChargeInfoResponse{ChargeMode: enum[model.ChargeInfoResponseChargeMode]("postPaid")},
		TimeZone:   "UTC+08:00", Tags: []model.TagResponse{{Key: "team", Value: "shop"}, {Key: "empty"}},
		DbUserName: "root", SwitchStrategy: "reliability", MaintenanceWindow: "02:00-06:00",
		PublicIps: []string{}, RelatedInstance: []model.RelatedInstance{}, Cpu: shown.Cpu, Mem: shown.Mem,
		Created: shown.Created, Updated: shown.Updated, PrivateIps: shown.PrivateIps, Nodes: shown.Nodes,
	})
	engine := shown.Datastore
	if engine.Type.Value() != "MySQL" || engine.Version != "8.0" || !strings.HasPrefix(*engine.CompleteVersion, "8.0.") {
		p.Errorf("got the engine %v", engine)
	}
	p.wantNodes(shown, "master")
	for _, text := range []string{shown.Created, shown.Updated} {
		if _, err := time.Parse(stamp, text); err != nil {
			p.Error(err)
		}
	}
	if _, err := strconv.Atoi(*shown.Cpu); err != nil {
		p.Error(err)
	}

	p.restart(made.instance)
	p.rename(made.instance, "purchases")
	if got := p.mustShow(made.instance); got.Name != "purchases" || got.Status != "ACTIVE" {
		p.Errorf("restarted and renamed it is %v", got)
	}
	p.remove(made.instance)
}

func highlyAvailableLife(p *project) {
	body := highlyAvailable(order("both"))
	answer, err := p.create("", body)
	if err != nil {
		p.Fatal(err)
	}
	made := p.ids(answer)
	p.same("the HA mode in the answer to the creation", answer.Instance.Ha, body.Ha)
	p.createdJob(made, "Ha")
	shown := p.mustShow(made.instance)
	if shown.Type != "Ha" || shown.Ha == nil || shown.Ha.ReplicationMode.Value() != "semisync" {
		p.Errorf("got %v", shown)
	}
	p.wantNodes(shown, "master", "slave")
	if a, b := shown.Nodes[0].AvailabilityZone, shown.Nodes[1].AvailabilityZone; a+","+b != body.AvailabilityZone {
		p.Errorf("the nodes are in %s and %s, want %s", a, b, body.AvailabilityZone)
	}
	p.restart(made.instance)
	p.remove(made.instance)
}

func defaults(p *project) {
	answer, err := p.create("", order("plain"))
	if err != nil {
		p.Fatal(err)
	}
	made := p.ids(answer)
	if *answer.Instance.Port != "3306" || *answer.Instance.BackupStrategy.KeepDays != 7 ||
		answer.Instance.ChargeInfo.ChargeMode.Value() != "postPaid" {
		p.Errorf("got %v", answer)
	}
	p.done(made.job)
	shown := p.mustShow(made.instance)
	if shown.Port != 3306 || shown.BackupStrategy.StartTime != "02:00-03:00" || shown.BackupStrategy.KeepDays != 7 ||
		shown.TimeZone != "UTC" || shown.Ha != nil || len(shown.Tags) != 0 {
		p.Errorf("got %v", shown)
	}
}

// createdJob waits for the job of a creation and says what it must be.
func (p *project) createdJob(made created, kind string) {
	p.Helper()
	job := p.done(made.job)
	shown := p.mustShow(made.instance)
	if job.Name != "CreateMysqlSingleHAInstance" || job.Id != made.job ||
		job.Instance.Id != made.instance || job.Instance.Name != shown.Name {
		p.Errorf("got %v", job)
	}
	entity := job.Entities.Instance
	if entity == nil || *entity.Type != kind || *entity.Datastore.Type != "MySQL" || *entity.Datastore.Version != "8.0" ||
		*entity.Endpoint != shown.PrivateIps[0]+":"+strconv.Itoa(int(shown.Port)) {
		p.Errorf("got %v", job)
	}
	resources := []string{made.instance}
	for _, node := range shown.Nodes {
		resources = append(resources, node.Id)
	}
	p.same("what the job has made", *job.Entities.ResourceIds, resources)
	p.ended(job)
}

// ended says what a job that is over must be.
func (p *project) ended(job *model.GetJobInfoResponseBodyJob) {
	p.Helper()
	if *job.Process != "" || job.FailReason != nil && *job.FailReason != "" {
		p.Errorf("got %v", job)
	}
	begun, err := time.Parse(stamp, job.Created)
	if err != nil {
		p.Error(err)
	}
	if end, err := time.Parse(stamp, *job.Ended); err != nil || end.Before(begun) {
		p.Errorf("it ended at %v (%v), and began at %v", end, err, begun)
	}
}

func (p *project) wantNodes(shown model.InstanceResponse, roles ...string) {
	p.Helper()
	var got []string
	ids := map[string]bool{}
	for _, node := range shown.Nodes {
		got = append(got, node.Role)
		ids[node.Id] = true
		if !nodeID.MatchString(node.Id) || node.Status != "ACTIVE" || node.AvailabilityZone == "" {
			p.Errorf("got %v", node)
		}
	}
	if !slices.Equal(got, roles) || len(ids) != len(roles) {
		p.Errorf("got the nodes %v, want %v", shown.Nodes, roles)
	}
}

func (p *project) restart(id string) {
	p.Helper()
	got, err := p.client.StartInstanceRestartAction(&model.StartInstanceRestartActionRequest{
		InstanceId: id, Body: &model.InstanceRestartRequsetBody{Restart: &model.RestartConfiguration{}},
	})
	if err != nil || got.JobId == nil || got.HttpStatusCode != http.StatusAccepted {
		p.Fatalf("restart: %v, %v", got, err)
	}
	job := p.done(*got.JobId)
	if job.Name != "RestartMysqlInstance" || job.Instance.Id != id {
		p.Errorf("got %v", job)
	}
	p.ended(job)
}

func (p *project) rename(id, name string) {
	p.Helper()
	got, err := p.client.UpdateInstanceName(&model.UpdateInstanceNameRequest{
		InstanceId: id, Body: &model.ModifiyInstanceNameRequest{Name: name},
	})
	if err != nil || got.HttpStatusCode != http.StatusOK {
		p.Fatalf("rename: %v, %v", got, err)
	}
}

// same holds something against what it must be.
func (p *project) same(what string, got, want any) {
	p.Helper()
	if diff := cmp.Diff(plain(p, want), plain(p, got)); diff != "" {
		p.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

// plain is a value of the SDK as JSON has it: the SDK's enumerations cannot be compared.
func plain(p *project, v any) (decoded any) {
	p.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		p.Fatal(err)
	}
	if err := json.Unmarshal(text, &decoded); err != nil {
		p.Fatal(err)
	}
	return decoded
}
