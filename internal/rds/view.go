package rds

import (
	"cmp"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// instanceView is a DB instance in a list. doc: list-instances
type instanceView struct {
	ID             string          `json:"id"`
	Name           string          `json:"name"`
	Status         string          `json:"status"`
	Type           string          `json:"type"`
	Port           int             `json:"port"`
	Datastore      datastore       `json:"datastore"`
	HA             *ha             `json:"ha,omitempty"`
	Nodes          []node          `json:"nodes"`
	CPU            string          `json:"cpu"`
	Mem            string          `json:"mem"`
	Created        string          `json:"created"`
	Updated        string          `json:"updated"`
	Region         string          `json:"region"`
	VPC            string          `json:"vpc_id"`
	Subnet         string          `json:"subnet_id"`
	SecurityGroup  string          `json:"security_group_id"`
	FlavorRef      string          `json:"flavor_ref"`
	Volume         volume          `json:"volume"`
	SSL            bool            `json:"enable_ssl"`
	UserName       string          `json:"db_user_name"`
	PrivateIPs     []string        `json:"private_ips"`
	PublicIPs      []string        `json:"public_ips"`
	SwitchStrategy string          `json:"switch_strategy"`
	Maintenance    string          `json:"maintenance_window"`
	TimeZone       string          `json:"time_zone"`
	BackupStrategy *backupStrategy `json:"backup_strategy"`
	EnterpriseID   string          `json:"enterprise_project_id"`
	EncryptionID   string          `json:"disk_encryption_id"`
	ChargeInfo     *chargeInfo     `json:"charge_info"`
	Related        []struct{}      `json:"related_instance"`
	Tags           []tag           `json:"tags"`
}

type node struct {
	ID     string `json:"id"`
	Name   string `json:"name"`
	Role   string `json:"role"`
	Status string `json:"status"`
	Zone   string `json:"availability_zone"`
}

// words are what clients read of the status of a DB instance. There is none for a deletion.
var words = map[cloud.Status]string{
	cloud.StatusPending: "BUILD", cloud.StatusActive: "ACTIVE", cloud.StatusError: "FAILED", statusRebooting: "REBOOTING",
}

// statusOf is what clients read of a DB instance: until it is gone, as it was before its deletion. A state by a fault
// rule is the word itself.
func statusOf(r cloud.Resource[instance]) string {
	status := r.Status
	if status == cloud.StatusDeleting {
		status = r.Body.Was
	}
	return cmp.Or(words[status], string(status))
}

func show(r cloud.Resource[instance]) instanceView {
	b := r.Body
	port, _ := strconv.Atoi(b.Port)                // checked when it was made,
	flavor, _ := flavorNamed(b.FlavorRef)          // this, too,
	engine, _ := versionNamed(b.Datastore.Version) // and this
	v := instanceView{
		ID: b.UID, Name: r.Name, Status: statusOf(r), Type: b.typ(), Port: port,
		Datastore: datastore{b.Datastore.Type, b.Datastore.Version, engine.Full},
		CPU:       strconv.Itoa(flavor.cpus), Mem: strconv.Itoa(flavor.ram()), FlavorRef: b.FlavorRef, Volume: b.Volume,
		Region: b.Region, VPC: b.VPC, Subnet: b.Subnet, SecurityGroup: b.SecurityGroup,
		UserName: "root", PrivateIPs: []string{}, PublicIPs: []string{}, SwitchStrategy: "reliability",
		Maintenance: "02:00-06:00", TimeZone: b.TimeZone, BackupStrategy: b.BackupStrategy,
		EnterpriseID: b.enterprise(), EncryptionID: b.DiskEncryptionID, ChargeInfo: b.ChargeInfo,
		Related: []struct{}{}, Tags: append([]tag{}, b.Tags...),
	}
	if v.Status != "BUILD" {
		v.Created, v.Updated = stamp(&r.CreatedAt), stamp(&r.UpdatedAt)
		v.PrivateIPs = []string{b.address(r.ID)}
	}
	if b.highlyAvailable() {
		v.HA = &ha{ReplicationMode: b.HA.ReplicationMode}
	}
	for i, zone := range strings.Split(b.AvailabilityZone, ",") {
		v.Nodes = append(v.Nodes, node{
			ID: nodeUID(b.UID, i), Name: r.Name + "_node" + strconv.Itoa(i), Role: [...]string{"master", "slave"}[i],
			Status: v.Status, Zone: strings.TrimSpace(zone),
		})
	}
	return v
}
