package subscription

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
)

func inRAM() Subscription {
	return Subscription{Provider: catalog.AWS, Region: "eu-west-1", MemoryStorage: catalog.RAM, PublicAccess: true}
}

func inFlash() Subscription {
	sub := inRAM()
	sub.MemoryStorage = catalog.RAMAndFlash
	return sub
}

// pemOf is a text in which JSON can carry a certificate.
func pemOf(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

func TestDefaultsFollowTheSubscriptionAndTheVersion(t *testing.T) {
	t.Parallel()
	inVersion := func(v string) Subscription {
		sub := inRAM()
		sub.RedisVersion = v
		return sub
	}
	for _, tt := range []struct {
		sub           Subscription
		spec          string
		version, resp string
		ramPercentage int
	}{
		{inRAM(), `{}`, "8.2", resp3, 0},
		{inFlash(), `{}`, "8.2", resp3, 20},
		{inRAM(), `{"redisVersion": "6.2"}`, "6.2", resp2, 0},
		{inVersion("7.2"), `{}`, "7.2", resp3, 0},
		{inVersion("7.2"), `{"redisVersion": "7.4"}`, "7.4", resp3, 0},
		{inRAM(), `{"modules": [{"name": "RedisJSON"}]}`, "7.4", resp3, 0},
		{inRAM(), `{"protocol": "memcached"}`, "8.2", "", 0},
	} {
		spec := cloudtest.FromJSON[DatabaseSpec](t, tt.spec)
		spec.Name, spec.DatasetGB = "orders", new(float64)
		*spec.DatasetGB = 1
		d, err := designDatabase(tt.sub, spec, siblings{})
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
		}
		if d.RedisVersion != tt.version || d.RespVersion != tt.resp || d.RAMPercentage != tt.ramPercentage {
			t.Errorf("%s: got version %q, RESP %q, RAM %d %%, want %q, %q, %d %%",
				tt.spec, d.RedisVersion, d.RespVersion, d.RAMPercentage, tt.version, tt.resp, tt.ramPercentage)
		}
	}
}

// One change after the other, as clients make them to go from one way of
// authentication to the next.
func TestClientCertificates(t *testing.T) {
	t.Parallel()
	text := pemOf(certificatePEM)
	var d Database
	for _, tt := range []struct {
		change      string
		tls, mutual bool
	}{
		{`{"enableTls": false}`, false, false},
		{`{"clientSslCertificate": "` + text + `"}`, false, true},
		{`{}`, false, true},
		{`{"enableTls": true, "clientTlsCertificates": ["` + text + `"]}`, true, true},
		{`{"clientSslCertificate": ""}`, true, true},
		{`{"enableTls": true, "clientTlsCertificates": null}`, true, false},
		{`{"enableTls": true, "clientSslCertificate": "` + text + `", "clientTlsCertificates": null}`, true, true},
		{`{"clientTlsCertificates": []}`, true, false},
		{`{"clientTlsCertificates": [{"publicCertificatePEMString": "` + text + `"}]}`, true, true},
		{`{"enableTls": false}`, false, false},
		{`{"enableTls": true}`, true, false},
	} {
		if err := cloudtest.FromJSON[databaseSettings](t, tt.change).applyTo(&d); err != nil {
			t.Errorf("%.60s: %v", tt.change, err)
		}
		if d.TLS != tt.tls || d.mutualTLS() != tt.mutual {
			t.Errorf("after %.60s: got TLS %v, client certificates %v, want %v, %v",
				tt.change, d.TLS, d.mutualTLS(), tt.tls, tt.mutual)
		}
	}
}

func TestSizeFollowsReplication(t *testing.T) {
	t.Parallel()
	d := Database{Replication: true}
	for _, tt := range []struct {
		change          string
		dataset, memory float64
	}{
		{`{"datasetSizeInGb": 2}`, 2, 4},
		{`{"memoryLimitInGb": 3}`, 1.5, 3},
		{`{"replication": false}`, 1.5, 1.5},
		{`{"replication": true, "memoryLimitInGb": 0.5}`, 0.25, 0.5},
		{`{"replication": false, "memoryLimitInGb": 0.7}`, 0.7, 0.7},
	} {
		if err := cloudtest.FromJSON[databaseSettings](t, tt.change).applyTo(&d); err != nil {
			t.Errorf("%s: %v", tt.change, err)
		}
		if d.DatasetGB != tt.dataset || d.memoryGB() != tt.memory {
			t.Errorf("after %s: got %v GB of data in %v GB, want %v in %v",
				tt.change, d.DatasetGB, d.memoryGB(), tt.dataset, tt.memory)
		}
	}
}

func TestBackupView(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		backup *Backup
		want   backupView
	}{
		{nil, backupView{}},
		{
			&Backup{Interval: "every-1-hours", Path: "s3://b"},
			backupView{Enabled: true, Interval: "every-1-hours", Destination: "s3://b"},
		},
		{
			&Backup{Interval: every24Hours, TimeUTC: "15:00"},
			backupView{Enabled: true, Interval: every24Hours, TimeUTC: "15:00"},
		},
		{
			&Backup{Interval: every12Hours, TimeUTC: "15:00"},
			backupView{Enabled: true, Interval: every12Hours, TimeUTC: "03:00"},
		},
		{
			&Backup{Interval: every12Hours, TimeUTC: "12:00"},
			backupView{Enabled: true, Interval: every12Hours, TimeUTC: "00:00"},
		},
	} {
		if diff := cmp.Diff(tt.want, tt.backup.show().inTheMorning()); diff != "" {
			t.Errorf("%+v: want (-), got (+):\n%s", tt.backup, diff)
		}
	}
}

func TestFreePort(t *testing.T) {
	t.Parallel()
	taken := siblings{ports: map[int64]bool{}}
	for id := range int64(10_000) {
		port, err := taken.freePort(id)
		if err != nil || taken.checkPort(port) != nil {
			t.Fatalf("port number %d: got %d, %v", id, port, err)
		}
		taken.ports[port] = true
	}
	if _, err := taken.freePort(7); cloudtest.CodeOf(t, err) != "DATABASE_PORT_IS_UNAVAILABLE" {
		t.Errorf("with all ports in use: got %v, want %s", err, "DATABASE_PORT_IS_UNAVAILABLE")
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	const id = 51_000_001
	if a, b := derive.Password(id, "password"), derive.Password(id+1, "password"); len(a) != 32 || a == b ||
		a != derive.Password(id, "password") {
		t.Errorf("got passwords %q and %q, want 32 characters that follow from the id", a, b)
	}
	if got := derive.Hex(id, "vpc", 17); len(got) != 17 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("got %q, want 17 hexadecimal digits", got)
	}
	if got := strings.Split(derive.Host(id, "public endpoint"), "-"); len(got) != 4 || len(got[3]) != 5 {
		t.Errorf("got %q, want three words and five digits", got)
	}
	d := Database{Provider: catalog.GCP, Region: "us-central1", MultiAZ: true, Port: 12345}
	fixed, dynamic := d.Endpoints(id, 100_001)
	if fixed.Public != "" || dynamic.Public != "" {
		t.Errorf("got public endpoints %q, %q without public access", fixed.Public, dynamic.Public)
	}
	want := "redis-12345.internal." + clusterDomain(100_001, catalog.GCP, "us-central1", true) + ":12345"
	if fixed.Private != want {
		t.Errorf("got private endpoint %q, want %q", fixed.Private, want)
	}
}

func TestTagRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		key, value string
		want       string // key; empty: refused
	}{
		{"team", "checkout", "team"},
		{"costCenter", "A 1", "costcenter"},
		{"a.b-c_d+e@f:g h", "-_.+@:", "a.b-c_d+e@f:g h"},
		{"", "x", ""},
		{"team", "", ""},
		{"team!", "x", ""},
		{strings.Repeat("k", 64), "x", strings.Repeat("k", 64)},
		{strings.Repeat("k", 65), "x", ""},
	} {
		tag, err := tagSpec{tt.key, tt.value}.tag(time.Unix(0, 0))
		if tag.Key != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("tag %q=%q: got key %q, error %v, want %q", tt.key, tt.value, tag.Key, err, tt.want)
		}
	}
}
