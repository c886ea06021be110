package rds

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// instance is what there is of a DB instance beyond what every resource has.
type instance struct {
	UID string `json:"uid"` // its id for clients
	settings
}

// Kind of all DB instances.
func (instance) Kind() cloud.Kind { return cloud.Kind{Name: "instance", FirstID: 1} }

// settings are what a client says of a new DB instance, with what it need not say filled in.
type settings struct {
	Name             string          `json:"name"`
	Datastore        datastore       `json:"datastore"`
	HA               *ha             `json:"ha,omitempty"`
	ConfigurationID  string          `json:"configuration_id,omitempty"`
	Port             string          `json:"port,omitempty"`
	Password         string          `json:"password,omitempty"`
	BackupStrategy   *backupStrategy `json:"backup_strategy,omitempty"`
	EnterpriseID     string          `json:"enterprise_project_id,omitempty"`
	DiskEncryptionID string          `json:"disk_encryption_id,omitempty"`
	FlavorRef        string          `json:"flavor_ref"`
	Volume           volume          `json:"volume"`
	Region           string          `json:"region"`
	AvailabilityZone string          `json:"availability_zone"`
	VPC              string          `json:"vpc_id"`
	Subnet           string          `json:"subnet_id"`
	SecurityGroup    string          `json:"security_group_id"`
	ChargeInfo       *chargeInfo     `json:"charge_info,omitempty"`
	TimeZone         string          `json:"time_zone,omitempty"`
	Tags             []tag           `json:"tags,omitempty"`
}

type datastore struct {
	Type    string `json:"type"`
	Version string `json:"version"`
}

type ha struct {
	Mode            string `json:"mode,omitempty"`
	ReplicationMode string `json:"replication_mode,omitempty"`
}

type volume struct {
	Type string `json:"type"`
	Size int32  `json:"size"`
}

type backupStrategy struct {
	StartTime string `json:"start_time"`
	KeepDays  int32  `json:"keep_days"`
}

type chargeInfo struct {
	Mode string `json:"charge_mode"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// The defaults. doc: create-instance
func (s *settings) complete() {
	if s.Port == "" {
		s.Port = "3306"
	}
	if s.BackupStrategy == nil {
		s.BackupStrategy = &backupStrategy{StartTime: "02:00-03:00", KeepDays: 7}
	}
	if s.BackupStrategy.KeepDays == 0 {
		s.BackupStrategy.KeepDays = 7
	}
	if s.ChargeInfo == nil {
		s.ChargeInfo = &chargeInfo{Mode: "postPaid"}
	}
	if s.TimeZone == "" {
		s.TimeZone = "UTC"
	}
}

// highlyAvailable reports whether there is a standby.
func (s *settings) highlyAvailable() bool { return s.HA != nil && strings.EqualFold(s.HA.Mode, "Ha") }

// uid is the id of the DB instance that a task makes: 32 hexadecimal digits and a suffix for MySQL. It follows from the
// task, so that it is known before there is anything.
func uid(task uuid.UUID) string { return hex.EncodeToString(task[:]) + "in01" }

// nodeUID is that of a node, by its number.
func nodeUID(instance string, n int) string {
	sum := sha256.Sum256([]byte(instance + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16]) + "no01"
}

// find returns the DB instance with an id of clients, also one that is yet to be made, which has no ID; ok is false if
// there is none.
func find(ctx context.Context, tx *store.Tx, id string) (found cloud.Resource[instance], ok bool, err error) {
	all, err := instances(ctx, tx)
	if err != nil {
		return found, false, err
	}
	for _, one := range all {
		if one.Body.UID == id {
			return one, true, nil
		}
	}
	return found, false, nil
}

// instances returns all DB instances of the account, the oldest first. That of a job that waits for its turn is there
// already, without an ID: clients take an empty list for a creation that came to nothing.
func instances(ctx context.Context, tx *store.Tx) ([]cloud.Resource[instance], error) {
	// The tasks first: what is made between the two questions is there twice, and not never.
	waiting, err := tx.Unfinished(ctx, "createInstance")
	if err != nil {
		return nil, err
	}
	all, err := store.All[instance](ctx, tx)
	if err != nil {
		return nil, err
	}
	made := map[string]bool{}
	for _, one := range all {
		made[one.Body.UID] = true
	}
	for _, task := range waiting {
		one, err := planned(task)
		if err != nil {
			return nil, err
		}
		if !made[one.Body.UID] {
			all = append(all, one)
		}
	}
	return all, nil
}

// planned is the DB instance that a task is to make.
func planned(task store.Asked) (r cloud.Resource[instance], err error) {
	id, err := uuid.Parse(task.ID)
	if err != nil {
		return r, fmt.Errorf("task: %w", err)
	}
	body, err := bodyOf(id, task.Request)
	if err != nil {
		return r, err
	}
	return cloud.Resource[instance]{
		Name: body.Name, Status: cloud.StatusPending, CreatedAt: task.AcceptedAt, UpdatedAt: task.AcceptedAt, Body: body,
	}, nil
}

// bodyOf is the body of the DB instance that a task with a stored request is to make.
func bodyOf(task uuid.UUID, request []byte) (body instance, err error) {
	var asked struct {
		Body settings `json:"body"`
	}
	if err := json.Unmarshal(request, &asked); err != nil {
		return body, fmt.Errorf("request of task %s: %w", task, err)
	}
	asked.Body.complete()
	return instance{UID: uid(task), settings: asked.Body}, nil
}

// stamp is how times are written; empty while there is none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05-0700")
}
