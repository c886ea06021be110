package rds

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/google/uuid"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/core/sdkerr"
	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

// refused says what the SDK has to make of a refusal.
func (p *project) refused(err error, status int, code string) bool {
	p.Helper()
	got, ok := errors.AsType[*sdkerr.ServiceResponseError](err)
	if !ok {
		p.Errorf("got the error %v, want %s", err, code)
		return false
	}
	if got.StatusCode != status || got.ErrorCode != code ||
		got.ErrorMessage == "" || strings.HasPrefix(got.ErrorMessage, "{") { // what is no error to the SDK, it shows whole
		p.Errorf("got %d, %q, %q, want %d, %s", got.StatusCode, got.ErrorCode, got.ErrorMessage, status, code)
		return false
	}
	if _, err := uuid.Parse(got.RequestId); err != nil {
		p.Errorf("%s: the id of the request is %q", code, got.RequestId)
	}
	return true
}

func refusedCreations(p *project) {
	for name, test := range map[string]struct {
		code   string
		change func(*model.InstanceRequest)
	}{
		"name of three letters":      {"DBS.200021", func(b *model.InstanceRequest) { b.Name = "abc" }},
		"name of too many letters":   {"DBS.200021", func(b *model.InstanceRequest) { b.Name = strings.Repeat("a", 65) }},
		"name with a blank":          {"DBS.200021", func(b *model.InstanceRequest) { b.Name = "my orders" }},
		"name that begins otherwise": {"DBS.200021", func(b *model.InstanceRequest) { b.Name = "1orders" }},
		"PostgreSQL": {"DBS.200040", func(b *model.InstanceRequest) {
			b.Datastore = &model.Datastore{Type: enum[model.DatastoreType]("PostgreSQL"), Version: "16"}
		}},
		"unknown version": {"DBS.200040", func(b *model.InstanceRequest) { b.Datastore.Version = "4.1" }},
		"unknown HA mode": {"DBS.200051", func(b *model.InstanceRequest) {
			highlyAvailable(b).Ha.Mode = enum[model.HaMode]("Triple")
		}},
		"replication of another engine": {"DBS.200043", func(b *model.InstanceRequest) {
			highlyAvailable(b).Ha.ReplicationMode = enum[model.HaReplicationMode]("sync")
		}},
		"weak password":    {"DBS.200052", func(b *model.InstanceRequest) { b.Password = new("password") }},
		"short password":   {"DBS.200052", func(b *model.InstanceRequest) { b.Password = new("Ab-1") }},
		"small volume":     {"DBS.200023", func(b *model.InstanceRequest) { b.Volume.Size = 30 }},
		"large volume":     {"DBS.200023", func(b *model.InstanceRequest) { b.Volume.Size = 4010 }},
		"volume of no ten": {"DBS.200023", func(b *model.InstanceRequest) { b.Volume.Size = 45 }},
		"unknown volume": {"DBS.200026", func(b *model.InstanceRequest) {
			b.Volume.Type = enum[model.VolumeType]("FLOPPY")
		}},
		"unknown flavor":         {"DBS.200054", func(b *model.InstanceRequest) { b.FlavorRef = "rds.pg.n1.large.2" }},
		"flavor of another mode": {"DBS.200054", func(b *model.InstanceRequest) { b.FlavorRef += ".ha" }},
		"no region":              {"DBS.200024", func(b *model.InstanceRequest) { b.Region = "" }},
		"two zones for one node": {"DBS.200025", func(b *model.InstanceRequest) { b.AvailabilityZone += ",cn-north-4b" }},
		"one zone for two nodes": {"DBS.200025", func(b *model.InstanceRequest) {
			highlyAvailable(b).AvailabilityZone = "cn-north-4a"
		}},
		"port of the system": {"DBS.200001", func(b *model.InstanceRequest) { b.Port = new("12017") }},
		"low port":           {"DBS.200001", func(b *model.InstanceRequest) { b.Port = new("1023") }},
		"port in letters":    {"DBS.200001", func(b *model.InstanceRequest) { b.Port = new("mysql") }},
		"backups at no quarter": {"DBS.200001", func(b *model.InstanceRequest) {
			b.BackupStrategy = &model.BackupStrategy{StartTime: "02:10-03:10"}
		}},
		"backups kept for years": {"DBS.200001", func(b *model.InstanceRequest) {
			b.BackupStrategy = &model.BackupStrategy{StartTime: "02:00-03:00", KeepDays: new(int32(733))}
		}},
		"prepaid": {"DBS.200001", func(b *model.InstanceRequest) {
			b.ChargeInfo = &model.ChargeInfo{ChargeMode: enum[model.ChargeInfoChargeMode]("prePaid")}
		}},
		"half an hour's zone": {"DBS.200001", func(b *model.InstanceRequest) { b.TimeZone = new("UTC+05:30") }},
		"letters of tables": {"DBS.200001", func(b *model.InstanceRequest) {
			b.UnchangeableParam = &model.UnchangeableParam{LowerCaseTableNames: new("2")}
		}},
	} {
		body := order("refused")
		test.change(body)
		_, err := p.create("", body)
		if !p.refused(err, http.StatusBadRequest, test.code) {
			p.Errorf("that was for a %s", name)
		}
	}
	if instances, total := p.list(model.ListInstancesRequest{}); total != 0 {
		p.Errorf("got %v, want none", instances)
	}
}

// notOffered is what the SDK can ask for, and the server refuses as a whole.
func notOffered(p *project) {
	for name, change := range map[string]func(*model.InstanceRequest){
		"read replica": func(b *model.InstanceRequest) { b.ReplicaOfId = new("0123456789abcdef0123456789abcdefin01") },
		"trial run":    func(b *model.InstanceRequest) { b.DryRun = new(true) },
		"two at once":  func(b *model.InstanceRequest) { b.Count = new(int32(2)) },
		"from a backup": func(b *model.InstanceRequest) {
			b.RestorePoint = &model.RestorePoint{InstanceId: "0123456789abcdef0123456789abcdefin01"}
		},
	} {
		body := order("refused")
		change(body)
		_, err := p.create("", body)
		if !p.refused(err, http.StatusForbidden, "DBS.200044") {
			p.Errorf("that was for a %s", name)
		}
	}
	if instances, total := p.list(model.ListInstancesRequest{}); total != 0 {
		p.Errorf("got %v, want none", instances)
	}
}

func refusedRequests(p *project) {
	_, err := p.client.ListInstances(&model.ListInstancesRequest{Limit: new(int32(101))})
	p.refused(err, http.StatusBadRequest, "DBS.200001")
	_, err = p.client.ListInstances(&model.ListInstancesRequest{Limit: new(int32(0))})
	p.refused(err, http.StatusBadRequest, "DBS.200001")
	_, err = p.client.ListInstances(&model.ListInstancesRequest{Offset: new(int32(-1))})
	p.refused(err, http.StatusBadRequest, "DBS.200001")
	_, err = p.client.ListInstances(&model.ListInstancesRequest{
		Type: new(enum[model.ListInstancesRequestType]("Triple")),
	})
	p.refused(err, http.StatusBadRequest, "DBS.200001")
	_, err = p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: "orders"})
	p.refused(err, http.StatusBadRequest, "DBS.280404")
	id := p.active(order("orders")).instance
	_, err = p.client.UpdateInstanceName(&model.UpdateInstanceNameRequest{
		InstanceId: id, Body: &model.ModifiyInstanceNameRequest{Name: "no"},
	})
	p.refused(err, http.StatusBadRequest, "DBS.200021")
}

func notFound(p *project) {
	const id = "0123456789abcdef0123456789abcdefin01"
	_, err := p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: id})
	p.refused(err, http.StatusNotFound, "DBS.200002")
	_, err = p.client.UpdateInstanceName(&model.UpdateInstanceNameRequest{
		InstanceId: id, Body: &model.ModifiyInstanceNameRequest{Name: "orders"},
	})
	p.refused(err, http.StatusNotFound, "DBS.200002")
	_, err = p.client.StartInstanceRestartAction(&model.StartInstanceRestartActionRequest{
		InstanceId: id, Body: &model.InstanceRestartRequsetBody{Restart: &model.RestartConfiguration{}},
	})
	p.refused(err, http.StatusNotFound, "DBS.200002")
	for _, job := range []string{uuid.NewString(), "no-job"} {
		_, err = p.client.ListJobInfo(&model.ListJobInfoRequest{Id: job})
		p.refused(err, http.StatusBadRequest, "DBS.200543")
	}
	if one, ok := p.show(id); ok {
		p.Errorf("there is %v", one)
	}
	made := p.active(order("orders"))
	p.remove(made.instance)
	_, err = p.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: made.instance})
	p.refused(err, http.StatusNotFound, "DBS.200002")
}

// severalProjects see nothing of each other, and their tokens are their own.
func severalProjects(one *project) {
	other := one.another()
	token := uuid.NewString()
	made := one.mustCreate(token, order("orders"))
	one.done(made.job)
	if instances, total := other.list(model.ListInstancesRequest{}); total != 0 {
		other.Errorf("the other project has %v", instances)
	}
	_, err := other.client.ListJobInfo(&model.ListJobInfoRequest{Id: made.job})
	other.refused(err, http.StatusBadRequest, "DBS.200543")
	_, err = other.client.DeleteInstance(&model.DeleteInstanceRequest{InstanceId: made.instance})
	other.refused(err, http.StatusNotFound, "DBS.200002")
	if got := other.mustCreate(token, order("orders")); got == made {
		other.Errorf("under the same token the other project got %v, too", got)
	}
	// Its keys are good for itself alone.
	_, err = connect(one.T, one.server.root, one.id, other.id, other.secret).ListInstances(&model.ListInstancesRequest{})
	one.refused(err, http.StatusForbidden, "DBS.280056")
}

// failure is the code of an error as it is sent.
func (p *project) failure(text []byte) string {
	p.Helper()
	var got struct {
		Code    string `json:"error_code"`
		Message string `json:"error_msg"`
	}
	if err := json.Unmarshal(text, &got); err != nil || got.Message == "" {
		p.Errorf("got %s, want a code and a message", text)
	}
	return got.Code
}
