package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// activeActiveUpdate changes what it names: for all regions, and then for some.
type activeActiveUpdate struct {
	Subscription int64   `path:"subscriptionId" json:"-"`
	ID           int64   `path:"databaseId" json:"-"`
	Name         *string `json:"name"`
	DryRun       bool    `json:"dryRun"`
	commonSettings
	AutoMinorUpgrade *bool         `json:"autoMinorVersionUpgrade"`
	QueryFactor      *string       `json:"queryPerformanceFactor"`
	Persistence      *string       `json:"globalDataPersistence"`
	Password         *string       `json:"globalPassword"`
	DefaultUser      *bool         `json:"globalEnableDefaultUser"`
	SourceIPs        *[]string     `json:"globalSourceIp"`
	Alerts           *[]Alert      `json:"globalAlerts"`
	Regions          []localUpdate `json:"regions"`
}

// localUpdate changes what it names in one region.
type localUpdate struct {
	Region       string           `json:"region"`
	Throughput   *localThroughput `json:"localThroughputMeasurement"`
	Persistence  *string          `json:"dataPersistence"`
	Password     *string          `json:"password"`
	DefaultUser  *bool            `json:"enableDefaultUser"`
	SourceIPs    *[]string        `json:"sourceIp"`
	Alerts       *[]Alert         `json:"alerts"`
	RespVersion  *string          `json:"respVersion"`
	RemoteBackup *backupSpec      `json:"remoteBackup"`
}

func updateActiveActiveDatabase(
	ctx context.Context, tx *store.Tx, in activeActiveUpdate,
) (out engine.Outcome, err error) {
	db, err := ProDatabases.lock(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	if !db.Body.ActiveActive() {
		return out, cloud.Errorf("UPDATING_LOCAL_PROPERTIES_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
			"Database %d is not Active-Active: it has no regions of its own.", db.ID)
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	return changeDatabase(ctx, tx, db, in.Name, in.DryRun, func(d *Database) error { return in.change(db.ID, d) })
}

// change puts what is said into the database with an id. What is said for all
// regions holds in every region, whatever it had of its own; then each region
// that is named has its say.
func (in activeActiveUpdate) change(id int64, d *Database) error {
	if err := checkActiveActiveSettings(in.QueryFactor, in.Alerts); err != nil {
		return err
	}
	err := databaseUpdateRequest{DefaultUser: in.DefaultUser, databaseSettings: in.settings()}.change(id, d)
	if err != nil {
		return err
	}
	locals := make([]Local, len(d.Locals))
	for i, l := range d.Locals {
		locals[i] = in.override(l)
	}
	d.Locals = locals
	seen := map[string]bool{}
	for _, region := range in.Regions {
		i := d.Local(region.Region)
		switch {
		case i < 0:
			return cloud.Errorf("ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS",
				"The database is not in region %q.", region.Region)
		case seen[region.Region]:
			return cloud.Errorf("ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE", "Region %s is there twice.", region.Region)
		}
		seen[region.Region] = true
		if err := region.change(&d.Locals[i]); err != nil {
			return err
		}
		if err := checkSettings(d.at(d.Locals[i]), versionOf(*d)); err != nil {
			return err
		}
	}
	return nil
}

func (in activeActiveUpdate) settings() databaseSettings {
	return databaseSettings{
		commonSettings:   in.commonSettings,
		AutoMinorUpgrade: in.AutoMinorUpgrade,
		QueryFactor:      in.QueryFactor,
		Persistence:      in.Persistence,
		Password:         in.Password,
		SourceIPs:        in.SourceIPs,
		Alerts:           in.Alerts,
	}
}

// override takes from a region what is said for all.
func (in activeActiveUpdate) override(l Local) Local {
	if in.Persistence != nil {
		l.Persistence = nil
	}
	if in.Password != nil {
		l.Password = nil
	}
	if in.DefaultUser != nil {
		l.NoDefaultUser = nil
	}
	if in.SourceIPs != nil {
		l.SourceIPs = nil
	}
	if in.Alerts != nil {
		l.Alerts = nil
	}
	return l
}

// change puts what is said into a region's part.
func (in localUpdate) change(l *Local) error {
	if err := checkActiveActiveSettings(nil, in.Alerts); err != nil {
		return err
	}
	if t := in.Throughput; t != nil {
		if t.Region != "" && t.Region != l.Region {
			return cloud.Errorf("ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS",
				"Throughput in %q is named for region %s.", t.Region, l.Region)
		}
		if err := t.applyTo(l); err != nil {
			return err
		}
	}
	var said Database // to check by the same rules as what is said for all
	if err := (databaseSettings{Password: in.Password}).applyPassword(&said); err != nil {
		return err
	}
	if in.RemoteBackup != nil {
		if err := (databaseSettings{RemoteBackup: in.RemoteBackup}).applyBackup(&said); err != nil {
			return err
		}
		l.Backup = said.Backup
	}
	take(&l.Persistence, in.Persistence)
	take(&l.Password, in.Password)
	take(&l.SourceIPs, in.SourceIPs)
	take(&l.Alerts, in.Alerts)
	take(&l.RespVersion, in.RespVersion)
	if in.DefaultUser != nil {
		off := !*in.DefaultUser
		l.NoDefaultUser = &off
	}
	return nil
}

// take takes over what is said in place of the setting for all regions.
func take[T any](setting **T, said *T) {
	if said != nil {
		*setting = said
	}
}
