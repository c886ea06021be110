package rds

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
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
	Unchangeable     *unchangeable   `json:"unchangeable_param,omitempty"`
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

type unchangeable struct {
	LowerCaseTableNames string `json:"lower_case_table_names,omitempty"`
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

// nodeUID is that of a node, by its number.
func nodeUID(instance string, n int) string {
	sum := sha256.Sum256([]byte(instance + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16]) + "no01"
}

// address is where clients of the database reach it, by its number.
func (instance) address(number int64) string {
	return fmt.Sprintf("192.168.%d.%d", number/250%250, number%250+2)
}

func (b instance) endpoint(number int64) string { return b.address(number) + ":" + b.Port }

// stamp is how times are written; empty while there is none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05-0700")
}
