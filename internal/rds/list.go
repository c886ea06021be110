package rds

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type listInput struct {
	Project   string `path:"project_id" json:"-"`
	ID        string `query:"id" json:"-"`
	Name      string `query:"name" json:"-"`
	Type      string `query:"type" json:"-"`
	Datastore string `query:"datastore_type" json:"-"`
	VPC       string `query:"vpc_id" json:"-"`
	Subnet    string `query:"subnet_id" json:"-"`
	Offset    int32  `query:"offset" json:"-"`
	Limit     int32  `query:"limit" json:"-"`
	Tags      string `query:"tags" json:"-"`
}

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

type instanceList struct {
	Instances []instanceView `json:"instances"`
	Total     int            `json:"total_count"`
}

func list(ctx context.Context, tx *store.Tx, in listInput) (out instanceList, err error) {
	all, err := in.candidates(ctx, tx)
	if err != nil {
		return out, err
	}
	fitting := []instanceView{}
	for _, one := range all {
		if view := show(one); in.takes(view) {
			fitting = append(fitting, view)
		}
	}
	return instanceList{page(fitting, in.Offset, cmp.Or(in.Limit, 100)), len(fitting)}, nil
}

// candidates are the DB instances that may be asked for. One that is asked for by its id is looked up.
func (in listInput) candidates(ctx context.Context, tx *store.Tx) ([]cloud.Resource[instance], error) {
	if !uidSyntax.MatchString(in.ID) {
		return instances(ctx, tx)
	}
	one, ok, err := look(ctx, tx, in.ID)
	if err != nil || !ok {
		return nil, err
	}
	return []cloud.Resource[instance]{one}, nil
}

// takes reports whether a DB instance is one of those that are asked for.
func (in listInput) takes(v instanceView) bool {
	switch {
	case !fits(in.ID, v.ID),
		!fits(in.Name, v.Name),
		in.Type != "" && in.Type != v.Type,
		in.Datastore != "" && in.Datastore != v.Datastore.Type,
		in.VPC != "" && in.VPC != v.VPC,
		in.Subnet != "" && in.Subnet != v.Subnet:
		return false
	}
	for pair := range strings.SplitSeq(in.Tags, ",") {
		key, value, _ := strings.Cut(pair, "=")
		if in.Tags != "" && !slices.ContainsFunc(v.Tags, func(t tag) bool {
			return t.Key == key && (value == "" || t.Value == value)
		}) {
			return false
		}
	}
	return true
}

// fits reports whether a text is what is asked for: anything, itself, or, after an asterisk, a part of it.
func fits(asked, text string) bool {
	part, contains := strings.CutPrefix(asked, "*")
	return asked == "" || asked == text || contains && strings.Contains(text, part)
}

// status is what clients read of a DB instance. There is none for a deletion: it is shown as it was until it is gone.
var status = map[cloud.Status]string{
	cloud.StatusPending: "BUILD", cloud.StatusActive: "ACTIVE", cloud.StatusDeleting: "ACTIVE",
	cloud.StatusError: "FAILED", statusRebooting: "REBOOTING",
}

// statusOf is the word for a status. A state by a fault rule is the word itself.
func statusOf(s cloud.Status) string { return cmp.Or(status[s], string(s)) }

func show(r cloud.Resource[instance]) instanceView {
	b := r.Body
	port, _ := strconv.Atoi(b.Port) // checked when it was made
	v := instanceView{
		ID: b.UID, Name: r.Name, Status: statusOf(r.Status), Type: "Single", Port: port, Datastore: b.Datastore,
		CPU: "2", Mem: "4", Region: b.Region, VPC: b.VPC, Subnet: b.Subnet, SecurityGroup: b.SecurityGroup,
		FlavorRef: b.FlavorRef, Volume: b.Volume, UserName: "root", PrivateIPs: []string{}, PublicIPs: []string{},
		SwitchStrategy: "reliability", Maintenance: "02:00-06:00", TimeZone: b.TimeZone, BackupStrategy: b.BackupStrategy,
		EnterpriseID: b.EnterpriseID, EncryptionID: b.DiskEncryptionID, ChargeInfo: b.ChargeInfo, Related: []struct{}{},
		Tags: append([]tag{}, b.Tags...),
	}
	if v.Status != "BUILD" {
		v.Created, v.Updated = stamp(&r.CreatedAt), stamp(&r.UpdatedAt)
		v.PrivateIPs = []string{b.address(r.ID)}
	}
	if b.highlyAvailable() {
		v.Type, v.HA = "Ha", &ha{ReplicationMode: b.HA.ReplicationMode}
	}
	for i, zone := range strings.Split(b.AvailabilityZone, ",") {
		v.Nodes = append(v.Nodes, node{
			ID: nodeUID(b.UID, i), Name: r.Name + "_node" + strconv.Itoa(i), Role: [...]string{"master", "slave"}[i],
			Status: v.Status, Zone: zone,
		})
	}
	return v
}
