package rds

import "strings"

// settings are what a client says of a new DB instance, with what it need not say filled in. The password is none of
// them: nothing shows it.
type settings struct {
	echoed

	DataVIP      string        `json:"data_vip,omitempty"`
	TimeZone     string        `json:"time_zone,omitempty"`
	Tags         []tag         `json:"tags,omitempty"`
	Unchangeable *unchangeable `json:"unchangeable_param,omitempty"`
}

// echoed are those that the answer to the creation repeats.
type echoed struct {
	Name             string          `json:"name"`
	Datastore        *datastore      `json:"datastore"`
	HA               *ha             `json:"ha,omitempty"`
	ConfigurationID  string          `json:"configuration_id,omitempty"`
	Port             string          `json:"port"`
	BackupStrategy   *backupStrategy `json:"backup_strategy"`
	EnterpriseID     string          `json:"enterprise_project_id,omitempty"`
	DiskEncryptionID string          `json:"disk_encryption_id,omitempty"`
	FlavorRef        string          `json:"flavor_ref"`
	Volume           volume          `json:"volume"`
	Region           string          `json:"region"`
	AvailabilityZone string          `json:"availability_zone"`
	VPC              string          `json:"vpc_id"`
	Subnet           string          `json:"subnet_id"`
	SecurityGroup    string          `json:"security_group_id"`
	ChargeInfo       *chargeInfo     `json:"charge_info"`
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
	KeepDays  *int32 `json:"keep_days"`
}

type chargeInfo struct {
	Mode string `json:"charge_mode"`
}

type tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type unchangeable struct {
	LowerCaseTableNames string `json:"lower_case_table_names,omitempty"`
}

// complete fills in the defaults. doc: create-instance
func (s *settings) complete() {
	if s.Port == "" {
		s.Port = "3306"
	}
	if s.BackupStrategy == nil {
		s.BackupStrategy = &backupStrategy{StartTime: "02:00-03:00"}
	}
	if s.BackupStrategy.KeepDays == nil {
		s.BackupStrategy.KeepDays = new(int32(7))
	}
	if s.ChargeInfo == nil {
		s.ChargeInfo = &chargeInfo{Mode: "postPaid"}
	}
	if s.TimeZone == "" {
		s.TimeZone = "UTC"
	}
	s.Datastore.Type = engineName // however it was written
}

// highlyAvailable reports whether there is a standby.
func (s *settings) highlyAvailable() bool { return s.HA != nil && strings.EqualFold(s.HA.Mode, "Ha") }
