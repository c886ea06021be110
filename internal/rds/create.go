package rds

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const lengthCreation cloud.Length = "instance.creation"

type createInput struct {
	Project string `path:"project_id" json:"-"`
	settings
}

// checkCreate refuses a request at once. doc: create-instance
func checkCreate(_ context.Context, _ *store.Tx, in createInput) error {
	for _, check := range []func(*settings) error{
		checkName, checkDatastore, checkHA, checkPort, checkPassword, checkVolume, checkBackup, checkZones, checkTerms,
		checkRest,
	} {
		if err := check(&in.settings); err != nil {
			return err
		}
	}
	return nil
}

var nameSyntax = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{3,63}$`)

func checkName(s *settings) error {
	if !nameSyntax.MatchString(s.Name) {
		return cloud.Errorf("DBS.200021",
			"The name must have 4 to 64 letters, digits, hyphens and underscores, and begin with a letter.")
	}
	return nil
}

func checkDatastore(s *settings) error {
	if s.Datastore.Type != "MySQL" {
		return cloud.Errorf("DBS.200040", "The engine must be MySQL.")
	}
	if !slices.Contains([]string{"5.6", "5.7", "8.0"}, s.Datastore.Version) {
		return cloud.Errorf("DBS.200040", "The version of MySQL must be 5.6, 5.7 or 8.0.")
	}
	return nil
}

func checkHA(s *settings) error {
	switch {
	case s.HA == nil || strings.EqualFold(s.HA.Mode, "Single"):
		return nil
	case !s.highlyAvailable():
		return cloud.Errorf("DBS.200051", "The HA mode must be Ha or Single.")
	case !slices.Contains([]string{"async", "semisync"}, s.HA.ReplicationMode):
		return cloud.Errorf("DBS.200043", "The replication mode must be async or semisync.")
	}
	return nil
}

func checkPort(s *settings) error {
	if s.Port == "" {
		return nil
	}
	port, err := strconv.Atoi(s.Port)
	if err != nil || port < 1024 || port > 65535 || port == 12017 || port == 33071 {
		return cloud.Errorf("DBS.200001", "The port must be 1024 to 65535, and not 12017 or 33071.")
	}
	return nil
}

const passwordSpecials = "~!@#$%^*-_=+?,()&"

func checkPassword(s *settings) error {
	if s.Password == "" {
		return nil
	}
	classes := map[int]bool{}
	for _, r := range s.Password {
		switch {
		case r >= 'a' && r <= 'z':
			classes[0] = true
		case r >= 'A' && r <= 'Z':
			classes[1] = true
		case r >= '0' && r <= '9':
			classes[2] = true
		case strings.ContainsRune(passwordSpecials, r):
			classes[3] = true
		default:
			classes[-1] = true
		}
	}
	if classes[-1] || len(classes) < 3 || len(s.Password) < 8 || len(s.Password) > 32 {
		return cloud.Errorf("DBS.200052",
			"The password must have 8 to 32 characters of three of these: lower case, upper case, digits, %s", passwordSpecials)
	}
	return nil
}

func checkVolume(s *settings) error {
	switch {
	case !slices.Contains([]string{"COMMON", "ULTRAHIGH", "ULTRAHIGHPRO", "CLOUDSSD", "ESSD", "LOCALSSD"}, s.Volume.Type):
		return cloud.Errorf("DBS.200026", "The volume type is not known.")
	case s.Volume.Size < 40 || s.Volume.Size > 4000 || s.Volume.Size%10 != 0:
		return cloud.Errorf("DBS.200023", "The size must be 40 to 4000 GB, in steps of 10.")
	}
	return nil
}

var startTime = regexp.MustCompile(`^([01]\d|2[0-3]):(00|15|30|45)-([01]\d|2[0-3]):(00|15|30|45)$`)

func checkBackup(s *settings) error {
	b := s.BackupStrategy
	if b == nil {
		return nil
	}
	parts := startTime.FindStringSubmatch(b.StartTime)
	if parts == nil || parts[2] != parts[4] {
		return cloud.Errorf("DBS.200001",
			"The start time of backups must be hh:mm-HH:MM, an hour, at minutes 00, 15, 30 or 45.")
	}
	from, _ := strconv.Atoi(parts[1])
	to, _ := strconv.Atoi(parts[3])
	if (from+1)%24 != to || b.KeepDays < 0 || b.KeepDays > 732 {
		return cloud.Errorf("DBS.200001", "Backups begin within an hour and are kept for 1 to 732 days.")
	}
	return nil
}

// checkZones asks for a zone for each node.
func checkZones(s *settings) error {
	nodes := 1
	if s.highlyAvailable() {
		nodes = 2
	}
	zones := strings.Split(s.AvailabilityZone, ",")
	if len(zones) != nodes || slices.Contains(zones, "") {
		return cloud.Errorf("DBS.200025", "There must be %d availability zones, separated by commas.", nodes)
	}
	return nil
}

var timeZone = regexp.MustCompile(`^UTC([+-](0\d|1[0-2]):00)?$`)

func checkTerms(s *settings) error {
	switch {
	case s.ChargeInfo != nil && s.ChargeInfo.Mode != "postPaid":
		return cloud.Errorf("DBS.200001", "The charge mode must be postPaid.")
	case s.TimeZone != "" && !timeZone.MatchString(s.TimeZone):
		return cloud.Errorf("DBS.200001", "The time zone must be UTC, or from UTC-12:00 to UTC+12:00, in whole hours.")
	}
	return nil
}

var flavor = regexp.MustCompile(`^rds\.mysql\.[a-z0-9.]+$`)

func checkRest(s *settings) error {
	switch {
	case !flavor.MatchString(s.FlavorRef):
		return cloud.Errorf("DBS.200054", "The flavor is none of MySQL.")
	case s.highlyAvailable() != strings.HasSuffix(s.FlavorRef, ".ha"):
		return cloud.Errorf("DBS.200054", "The flavor does not fit the HA mode.")
	case s.Region == "":
		return cloud.Errorf("DBS.200024", "The region is missing.")
	}
	return nil
}

// create makes the DB instance of a job.
func create(ctx context.Context, tx *store.Tx, in createInput) (out engine.Outcome, err error) {
	if err := checkCreate(ctx, tx, in); err != nil {
		return out, err
	}
	in.complete()
	if out.ResourceID, err = store.NextID[instance](ctx, tx); err != nil {
		return out, err
	}
	task := tx.OwnTask()
	if task == uuid.Nil {
		task = seededTask(out.ResourceID)
	}
	made := cloud.Resource[instance]{
		ID: out.ResourceID, Name: in.Name, Status: cloud.StatusPending, Body: instance{uid(task), in.settings},
	}
	out.Resource = creationOf(made)
	store.Insert(tx, made)
	tx.Plan(cloud.Step{Kind: made.Body.Kind(), ID: out.ResourceID, Takes: lengthCreation, Status: cloud.StatusActive})
	return out, nil
}
