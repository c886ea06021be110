package rds

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/lazy"
)

// checkCreate refuses a request at once. doc: create-instance
func checkCreate(in createInput) error {
	for _, check := range []func(*createInput) error{
		checkOffered, checkRequired, checkDatastore, checkCreatedName, checkHA, checkFlavor, checkVolume, checkZones,
		checkPort, checkPassword, checkBackup, checkCharge, checkTimeZone, checkAddress, checkUnchangeable, checkTags,
	} {
		if err := check(&in); err != nil {
			return err
		}
	}
	return nil
}

const codeParameter cloud.Code = "DBS.200001"

// wrong is the error of a parameter without a code of its own.
func wrong(format string, args ...any) error { return cloud.Errorf(codeParameter, format, args...) }

// checkOffered refuses what the real service has and this one has not.
func checkOffered(in *createInput) error {
	for _, one := range []struct {
		what  string
		asked bool
	}{
		{"Read replicas", in.ReplicaOf != ""},
		{"Trial runs", in.DryRun},
		{"Several DB instances at once", in.Count != nil && *in.Count != 1},
		{"Dedicated storage pools", in.DSSPool != ""},
		{"DB instances from backups", in.RestorePoint != nil},
		{"Serverless DB instances", in.Serverless != nil},
		{"Volumes that grow by themselves", in.AutoEnlarge != nil},
	} {
		if one.asked {
			return cloud.Errorf("DBS.200044", "%s are not offered here.", one.what)
		}
	}
	return nil
}

// checkRequired asks for what only a read replica goes without.
func checkRequired(in *createInput) error {
	for _, member := range []struct{ name, value string }{
		{"vpc_id", in.VPC}, {"subnet_id", in.Subnet}, {"security_group_id", in.SecurityGroup},
	} {
		if member.value == "" {
			return wrong("%s is missing.", member.name)
		}
	}
	if in.Datastore == nil {
		return wrong("datastore is missing.")
	}
	if in.Region == "" {
		return cloud.Errorf("DBS.200024", "The region is missing.")
	}
	return nil
}

func checkDatastore(in *createInput) error {
	return checkEngine(in.Datastore.Type, in.Datastore.Version)
}

func checkCreatedName(in *createInput) error { return checkName(in.Name) }

var nameSyntax = lazy.Regexp(`^[A-Za-z][A-Za-z0-9_\p{Han}-]{3,63}$`)

func checkName(name string) error {
	if !nameSyntax().MatchString(name) {
		return cloud.Errorf("DBS.200021",
			"The name must have 4 to 64 letters, digits, hyphens and underscores, and begin with a letter.")
	}
	return nil
}

func checkHA(in *createInput) error {
	switch {
	case in.HA == nil || strings.EqualFold(in.HA.Mode, "Single"):
		return nil
	case !in.highlyAvailable():
		return cloud.Errorf("DBS.200051", "The HA mode must be Ha or Single.")
	case !slices.Contains([]string{"async", "semisync"}, in.HA.ReplicationMode):
		return cloud.Errorf("DBS.200043", "The replication mode must be async or semisync.")
	}
	return nil
}

func checkFlavor(in *createInput) error {
	f, ok := flavorNamed(in.FlavorRef)
	switch {
	case !ok:
		return cloud.Errorf("DBS.200054", "The flavor is none of MySQL.")
	case in.highlyAvailable() != f.standby:
		return cloud.Errorf("DBS.200054", "The flavor does not fit the HA mode.")
	}
	return nil
}

var volumeTypes = []string{
	"COMMON", "HIGH", "ULTRAHIGH", "ULTRAHIGHPRO", "NVMESSD", "CLOUDSSD", "LOCALSSD", "ESSD",
}

func checkVolume(in *createInput) error {
	switch {
	case !slices.Contains(volumeTypes, in.Volume.Type):
		return cloud.Errorf("DBS.200026", "The volume type must be one of %s.", strings.Join(volumeTypes, ", "))
	case in.Volume.Size < 40 || in.Volume.Size > 4000 || in.Volume.Size%10 != 0:
		return cloud.Errorf("DBS.200023", "The size must be 40 to 4000 GB, in steps of 10.")
	}
	return nil
}

// checkZones asks for a zone for each node.
func checkZones(in *createInput) error {
	nodes := 1
	if in.highlyAvailable() {
		nodes = 2
	}
	zones := strings.Split(in.AvailabilityZone, ",")
	if len(zones) != nodes || slices.ContainsFunc(zones, func(zone string) bool { return strings.TrimSpace(zone) == "" }) {
		return cloud.Errorf("DBS.200025", "There must be %d availability zones, separated by commas.", nodes)
	}
	return nil
}

func checkPort(in *createInput) error {
	if in.Port == "" {
		return nil
	}
	port, err := strconv.Atoi(in.Port)
	if err != nil || in.Port != strconv.Itoa(port) || port < 1024 || port > 65535 || port == 12017 || port == 33071 {
		return wrong("The port must be 1024 to 65535, and not 12017 or 33071.")
	}
	return nil
}

const passwordSpecials = "~!@#$%^*-_=+?,()&"

func checkPassword(in *createInput) error {
	if in.Password == "" {
		return nil
	}
	const lower, upper, digits = "abcdefghijklmnopqrstuvwxyz", "ABCDEFGHIJKLMNOPQRSTUVWXYZ", "0123456789"
	kinds := 0
	for _, kind := range []string{lower, upper, digits, passwordSpecials} {
		if strings.ContainsAny(in.Password, kind) {
			kinds++
		}
	}
	strange := strings.Trim(in.Password, lower+upper+digits+passwordSpecials) != ""
	if strange || kinds < 3 || len(in.Password) < 8 || len(in.Password) > 32 {
		return cloud.Errorf("DBS.200052",
			"The password must have 8 to 32 characters of three of these: lower case, upper case, digits, %s", passwordSpecials)
	}
	return nil
}

var startTime = lazy.Regexp(`^([01]\d|2[0-3]):(00|15|30|45)-([01]\d|2[0-3]):(00|15|30|45)$`)

func checkBackup(in *createInput) error {
	b := in.BackupStrategy
	if b == nil {
		return nil
	}
	parts := startTime().FindStringSubmatch(b.StartTime)
	if parts == nil || parts[2] != parts[4] {
		return wrong("The start time of backups must be hh:mm-HH:MM, an hour, at minutes 00, 15, 30 or 45.")
	}
	from, _ := strconv.Atoi(parts[1])
	to, _ := strconv.Atoi(parts[3])
	if (from+1)%24 != to {
		return wrong("The start time of backups must be an hour.")
	}
	if b.KeepDays != nil && (*b.KeepDays < 0 || *b.KeepDays > 732) {
		return wrong("Backups are kept for 1 to 732 days, or not made at 0.")
	}
	return nil
}

func checkCharge(in *createInput) error {
	if in.ChargeInfo != nil && in.ChargeInfo.Mode != "postPaid" {
		return wrong("The charge mode must be postPaid: paying up front is not offered here.")
	}
	return nil
}

var zoneSyntax = lazy.Regexp(`^UTC([+-](0\d|1[0-2]):00)?$`)

func checkTimeZone(in *createInput) error {
	if in.TimeZone != "" && !zoneSyntax().MatchString(in.TimeZone) {
		return wrong("The time zone must be UTC-12:00 to UTC+12:00, in whole hours.")
	}
	return nil
}

func checkAddress(in *createInput) error {
	if ip, err := netip.ParseAddr(in.DataVIP); in.DataVIP != "" && (err != nil || !ip.Is4()) {
		return wrong("The data_vip must be an IPv4 address.")
	}
	return nil
}

func checkUnchangeable(in *createInput) error {
	if u := in.Unchangeable; u != nil && !slices.Contains([]string{"", "0", "1"}, u.LowerCaseTableNames) {
		return wrong("lower_case_table_names must be 0 or 1.")
	}
	return nil
}

const (
	maxTags     = 20
	maxTagKey   = 128
	maxTagValue = 255
)

var tagSyntax = lazy.Regexp(`^[\p{L}\p{N} _.:=+@-]*$`)

func checkTags(in *createInput) error {
	if len(in.Tags) > maxTags {
		return wrong("There may be %d tags.", maxTags)
	}
	keys := map[string]bool{}
	for _, t := range in.Tags {
		length := utf8.RuneCountInString(t.Key)
		switch {
		case length == 0 || length > maxTagKey || !tagSyntax().MatchString(t.Key) || strings.TrimSpace(t.Key) != t.Key ||
			strings.HasPrefix(t.Key, "sys"):
			return wrong("The key of a tag must have 1 to %d letters, digits, spaces and _.:=+-@, and not begin with sys.",
				maxTagKey)
		case utf8.RuneCountInString(t.Value) > maxTagValue || !tagSyntax().MatchString(t.Value):
			return wrong("The value of a tag must have up to %d letters, digits, spaces and _.:=+-@.", maxTagValue)
		case keys[t.Key]:
			return wrong("There are two tags %q.", t.Key)
		}
		keys[t.Key] = true
	}
	return nil
}
