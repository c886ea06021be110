package catalog

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
)

func fromJSON[T any](tb testing.TB, text string) (v T) {
	tb.Helper()
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		tb.Fatalf("%s: %v", text, err)
	}
	return v
}

func inRAM() Subscription {
	return Subscription{Provider: aws, Region: "eu-west-1", MemoryStorage: ram, PublicAccess: true}
}

func inFlash() Subscription {
	sub := inRAM()
	sub.MemoryStorage = ramAndFlash
	return sub
}

// pemOf is a text in which JSON can carry a certificate.
func pemOf(text string) string { return strings.ReplaceAll(text, "\n", `\n`) }

func TestRulesOfANewDatabase(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	near := neighbours{names: map[string]bool{"taken": true}, ports: map[int64]bool{12000: true}}
	tooMany := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }

	for _, tt := range []struct {
		sub  Subscription
		spec string // beside a size and a name, unless it has its own
		want cloud.Code
	}{
		{inRAM(), `{}`, ""},
		{inRAM(), `{"name": "taken"}`, cloud.DatabaseNameExists},
		{inRAM(), `{"name": ""}`, cloud.DatabaseNameInvalid},
		{inRAM(), `{"name": "a"}`, ""},
		{inRAM(), `{"name": "1st"}`, cloud.DatabaseNameInvalid},
		{inRAM(), `{"name": "a_b"}`, cloud.DatabaseNameInvalid},
		{inRAM(), `{"name": "ab-"}`, cloud.DatabaseNameInvalid},
		{inRAM(), `{"name": "a123456789b123456789c123456789d123456789"}`, ""},
		{inRAM(), `{"name": "a123456789b123456789c123456789d123456789e"}`, cloud.DatabaseNameTooLong},
		{inRAM(), `{"port": 9999}`, cloud.DatabasePortInvalid},
		{inRAM(), `{"port": 20000}`, cloud.DatabasePortInvalid},
		{inRAM(), `{"port": 19999}`, ""},
		{inRAM(), `{"port": 12000}`, cloud.DatabasePortUnavailable},
		{inRAM(), `{"datasetSizeInGb": null}`, cloud.DatabaseSizeMissing},
		{inRAM(), `{"memoryLimitInGb": 1}`, cloud.DatabaseSizeTwice},
		{inRAM(), `{"datasetSizeInGb": 0.01}`, cloud.DatabaseSizeTooSmall},
		{inRAM(), `{"datasetSizeInGb": 0.05}`, cloud.DatabaseSizeTooSmall},
		{inRAM(), `{"datasetSizeInGb": -1}`, cloud.DatabaseSizeTooSmall},
		{inRAM(), `{"datasetSizeInGb": null, "memoryLimitInGb": 0.1}`, ""},
		{inRAM(), `{"datasetSizeInGb": 1e9}`, cloud.DatabaseSizeTooBig},
		{inRAM(), `{"throughputMeasurement": {"by": "operations-per-second", "value": 0}}`, cloud.ThroughputInvalid},
		{inRAM(), `{"throughputMeasurement": {"by": "operations-per-second", "value": 10000001}}`, cloud.DatabaseThroughputTooBig},
		{inRAM(), `{"throughputMeasurement": {"by": "number-of-shards", "value": 2}}`, ""},
		{inRAM(), `{"throughputMeasurement": {"by": "number-of-shards", "value": 2}, "modules": [{"name": "RediSearch"}]}`, cloud.SearchThroughputBy},
		{inRAM(), `{"localThroughputMeasurement": [{"region": "eu-west-1"}]}`, cloud.LocalThroughputSingleRegion},
		{inRAM(), `{"protocol": "memcached"}`, ""},
		{inRAM(), `{"protocol": "memcached", "saslUsername": "mc", "saslPassword": "secret"}`, ""},
		{inRAM(), `{"protocol": "memcached", "saslUsername": ""}`, cloud.DatabaseSaslUserBlank},
		{inRAM(), `{"protocol": "memcached", "saslPassword": ""}`, cloud.DatabaseSaslPasswordBlank},
		{inRAM(), `{"protocol": "memcached", "saslPassword": "` + strings.Repeat("x", 49) + `"}`, ""},
		{inRAM(), `{"protocol": "memcached", "saslPassword": "` + strings.Repeat("x", 50) + `"}`, cloud.DatabaseSaslPasswordTooLong},
		{inRAM(), `{"protocol": "memcached", "redisVersion": "7.4", "modules": [{"name": "RedisJSON"}]}`, cloud.DatabaseMemcachedModules},
		{inRAM(), `{"protocol": "memcached", "password": "secret"}`, cloud.DatabaseMemcachedPassword},
		{inRAM(), `{"protocol": "memcached", "supportOSSClusterApi": true}`, cloud.DatabaseMemcachedCluster},
		{inFlash(), `{"protocol": "memcached"}`, cloud.DatabaseMemcachedFlash},
		{inRAM(), `{"saslUsername": "mc"}`, cloud.DatabaseRedisSaslUser},
		{inRAM(), `{"saslPassword": "secret"}`, cloud.DatabaseRedisSaslPassword},
		{inRAM(), `{"password": ""}`, cloud.DatabasePasswordBlank},
		{inRAM(), `{"password": "` + strings.Repeat("x", 50) + `"}`, cloud.DatabasePasswordTooLong},
		{inRAM(), `{"useExternalEndpointForOSSClusterApi": true}`, cloud.DatabaseExternalEndpoint},
		{inRAM(), `{"useExternalEndpointForOSSClusterApi": true, "supportOSSClusterApi": true}`, ""},
		{inRAM(), `{"shardingType": "custom-regex-rules"}`, cloud.DatabaseShardingNotSupported},
		{inRAM(), `{"sourceIp": ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]}`, ""},
		{inRAM(), `{"sourceIp": ["10.0.0.0/33"]}`, cloud.DatabaseSourceIPInvalid},
		{inRAM(), `{"sourceIp": [` + tooMany(`"10.0.0.0/8"`, 33) + `]}`, cloud.DatabaseSourceIPLimit},
		{inFlash(), `{"ramPercentage": 30, "averageItemSizeInBytes": 1000}`, ""},
		{inFlash(), `{"ramPercentage": 25}`, cloud.DatabaseRAMPercentageInvalid},
		{inFlash(), `{"averageItemSizeInBytes": -1}`, cloud.DatabaseItemSizeInvalid},
		{inRAM(), `{"alerts": [{"name": "dataset-size", "value": 100}, {"name": "syncsource-error", "value": 0}]}`, ""},
		{inRAM(), `{"alerts": [{"name": "dataset-size", "value": 101}]}`, cloud.DatabaseAlertValueInvalid},
		{inRAM(), `{"alerts": [{"name": "latency", "value": 1}, {"name": "latency", "value": 2}]}`, cloud.DatabaseAlertInvalid},
		{inRAM(), `{"alerts": [{"name": "connections-limit", "value": 80}]}`, cloud.DatabaseAlertNotSupported},
		{inRAM(), `{"replicaOf": ["redis://:secret@redis-12000.c1.example:12000"]}`, ""},
		{inRAM(), `{"replicaOf": ["http://example"]}`, cloud.DatabaseReplicaInvalid},
		{inRAM(), `{"replica": {"syncSources": [{"endpoint": "nonsense"}]}}`, cloud.DatabaseReplicaInvalid},
		{inRAM(), `{"replicaOf": [` + tooMany(`"redis://a:1"`, 33) + `]}`, cloud.DatabaseReplicaLimit},
		{inRAM(), `{"redisVersion": "5.0"}`, cloud.DatabaseVersionInvalid},
		{inRAM(), `{"redisVersion": "8.0"}`, cloud.DatabaseVersionNotSupported}, // no new databases
		{inRAM(), `{"respVersion": "best_resp_100"}`, cloud.BadRequest},
		{inRAM(), `{"redisVersion": "6.2", "respVersion": "resp3"}`, cloud.DatabaseRespNotSupported},
		{inRAM(), `{"redisVersion": "6.2", "respVersion": "resp2"}`, ""},
		{inRAM(), `{"dataEvictionPolicy": "allkeys-lrm"}`, cloud.DatabaseEvictionVersion},
		{inRAM(), `{"dataEvictionPolicy": "allkeys-lrm", "redisVersion": "8.6"}`, ""},
		{inRAM(), `{"redisVersion": "8.2", "modules": [{"name": "RediSearch"}]}`, cloud.DatabaseModulesBundled},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 5}}]}`, ""},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"colour": 5}}]}`, cloud.DatabaseModuleParameter},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": "5"}}]}`, cloud.SearchDocumentsNotInteger},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 1.5}}]}`, cloud.SearchDocumentsNotInteger},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 0}}]}`, cloud.SearchDocumentsRange},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "searchlight"}]}`, cloud.DatabaseModuleInvalid},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RedisJSON"}, {"name": "RedisJSON"}]}`, cloud.DatabaseModuleTwice},
		{inRAM(), `{"queryPerformanceFactor": "3x"}`, cloud.DatabaseFactorInvalid},
		{inRAM(), `{"queryPerformanceFactor": "2x", "redisVersion": "6.2"}`, cloud.DatabaseFactorNotSupported},
		{inRAM(), `{"queryPerformanceFactor": "2x"}`, cloud.DatabaseFactorNeedsSearch},
		{inRAM(), `{"queryPerformanceFactor": "2x", "modules": [{"name": "RedisJSON"}]}`, cloud.DatabaseFactorNeedsSearch},
		{inRAM(), `{"queryPerformanceFactor": "2x", "redisVersion": "7.4"}`, cloud.DatabaseFactorNeedsSearch},
		{inRAM(), `{"remoteBackup": {"active": true, "interval": "every-12-hours", "timeUTC": "15:00", "storageType": "aws-s3", "storagePath": "s3://b/p"}}`, ""},
		{inRAM(), `{"remoteBackup": {"active": false}}`, ""},
		{inRAM(), `{"remoteBackup": {"active": true}}`, cloud.DatabaseBackupInterval},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "24:00"}}`, cloud.DatabaseBackupTime},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "3:00"}}`, cloud.DatabaseBackupTime},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "03:30"}}`, cloud.DatabaseBackupTime},
		{inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "timeUTC": "03:00"}}`, cloud.DatabaseBackupTimeMismatch},
		{inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "storageType": "tape"}}`, cloud.DatabaseBackupStorage},
		{inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "storageType": "ftp", "storagePath": "b"}}`, cloud.DatabaseBackupPath},
		{inRAM(), `{"periodicBackupPath": "gs://b/p"}`, ""},
		{inRAM(), `{"periodicBackupPath": "tape://b/p"}`, cloud.DatabaseBackupStorage},
		{inRAM(), `{"periodicBackupPath": "gs://b/p", "remoteBackup": {"active": true}}`, cloud.DatabaseBackupTwice},
		{inRAM(), `{"enableTls": true, "clientTlsCertificates": ["nonsense"]}`, cloud.DatabaseCertInvalid},
		{inRAM(), `{"clientSslCertificate": "` + pemOf(strings.Replace(certificatePEM, "MII", "MIX", 1)) + `"}`, cloud.DatabaseCertInvalid},
		{inRAM(), `{"enableTls": false, "clientSslCertificate": "` + pemOf(certificatePEM) + `"}`, cloud.DatabaseCertWithoutTLS},
		{inRAM(), `{"clientTlsCertificates": ["` + pemOf(certificatePEM) + `"]}`, cloud.DatabaseCertWithoutTLS},
	} {
		spec := fromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		err := c.checkSearch(tt.sub, spec)
		if err == nil {
			_, err = c.designDatabase(tt.sub, spec, near)
		}
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.spec, got, err, tt.want)
		}
	}
}

func TestDefaultsFollowTheSubscriptionAndTheVersion(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
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
		spec := fromJSON[DatabaseSpec](t, tt.spec)
		spec.Name, spec.DatasetGB = "orders", new(float64)
		*spec.DatasetGB = 1
		d, err := c.designDatabase(tt.sub, spec, neighbours{})
		if err != nil {
			t.Errorf("%s: %v", tt.spec, err)
		}
		if d.RedisVersion != tt.version || d.RespVersion != tt.resp || d.RAMPercentage != tt.ramPercentage {
			t.Errorf("%s: got version %q, RESP %q, RAM %d %%, want %q, %q, %d %%",
				tt.spec, d.RedisVersion, d.RespVersion, d.RAMPercentage, tt.version, tt.resp, tt.ramPercentage)
		}
	}
}

func TestRulesOfAChange(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	const id = 51_000_001
	for _, tt := range []struct {
		spec, change string
		want         cloud.Code
	}{
		{`{}`, `{}`, ""},
		{`{}`, `{"throughputMeasurement": {"by": "number-of-shards", "value": 1}}`, cloud.DatabaseThroughputBy},
		{`{}`, `{"enableDefaultUser": false}`, ""},
		{`{}`, `{"enableDefaultUser": false, "password": "new"}`, cloud.DatabaseUserAndPassword},
		{`{"password": "old"}`, `{"enableDefaultUser": false, "password": "old"}`, ""},
		{`{"protocol": "memcached"}`, `{"enableDefaultUser": true}`, ""},
		{`{"protocol": "memcached"}`, `{"enableDefaultUser": false}`, cloud.DatabaseMemcachedUser},
		{`{"supportOSSClusterApi": true, "useExternalEndpointForOSSClusterApi": true}`, `{"supportOSSClusterApi": false}`, cloud.DatabaseExternalEndpoint},
		{`{}`, `{"regexRules": ["user-(?<tag>.*)"]}`, ""},
		{`{"supportOSSClusterApi": true}`, `{"regexRules": ["user-(?<tag>.*)"]}`, cloud.DatabaseClusterRegexRules},
		{`{"supportOSSClusterApi": true}`, `{"regexRules": [".*\\{(?<tag>.*)\\}.*", "(?<tag>.*)"]}`, ""},
		{`{}`, `{"regexRules": ["user-(.*)"]}`, cloud.DatabaseRegexRules},
		{`{}`, `{"regexRules": ["(?<tag>.*"]}`, cloud.DatabaseRegexRules},
		{`{}`, `{"datasetSizeInGb": 1, "memoryLimitInGb": 2}`, cloud.DatabaseSizeTwice},
	} {
		spec := fromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		d, err := c.designDatabase(inRAM(), spec, neighbours{})
		if err != nil {
			t.Fatalf("%s: %v", tt.spec, err)
		}
		if err = fromJSON[databaseUpdateRequest](t, tt.change).change(id, &d); err == nil {
			err = c.checkSettings(d, c.versionOf(d))
		}
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s changed by %s: got %q (%v), want %q", tt.spec, tt.change, got, err, tt.want)
		}
	}

	without := Database{NoDefaultUser: true}
	if got := codeOf(t, fromJSON[databaseUpdateRequest](t, `{"password": "new"}`).change(id, &without)); got != cloud.DatabasePasswordNoUser {
		t.Errorf("password of a default user that is off: got %q, want %q", got, cloud.DatabasePasswordNoUser)
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
		if err := fromJSON[databaseSettings](t, tt.change).applyTo(&d); err != nil {
			t.Errorf("%.60s: %v", tt.change, err)
		}
		if d.TLS != tt.tls || d.mutualTLS() != tt.mutual {
			t.Errorf("after %.60s: got TLS %v, client certificates %v, want %v, %v", tt.change, d.TLS, d.mutualTLS(), tt.tls, tt.mutual)
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
		if err := fromJSON[databaseSettings](t, tt.change).applyTo(&d); err != nil {
			t.Errorf("%s: %v", tt.change, err)
		}
		if d.DatasetGB != tt.dataset || d.memoryGB() != tt.memory {
			t.Errorf("after %s: got %v GB of data in %v GB, want %v in %v", tt.change, d.DatasetGB, d.memoryGB(), tt.dataset, tt.memory)
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
		{&Backup{Interval: "every-1-hours", Path: "s3://b"}, backupView{Enabled: true, Interval: "every-1-hours", Destination: "s3://b"}},
		{&Backup{Interval: every24Hours, TimeUTC: "15:00"}, backupView{Enabled: true, Interval: every24Hours, TimeUTC: "15:00"}},
		{&Backup{Interval: every12Hours, TimeUTC: "15:00"}, backupView{Enabled: true, Interval: every12Hours, TimeUTC: "03:00"}},
		{&Backup{Interval: every12Hours, TimeUTC: "12:00"}, backupView{Enabled: true, Interval: every12Hours, TimeUTC: "00:00"}},
	} {
		if diff := cmp.Diff(tt.want, tt.backup.show().inTheMorning()); diff != "" {
			t.Errorf("%+v: want (-), got (+):\n%s", tt.backup, diff)
		}
	}
}

func TestFreePort(t *testing.T) {
	t.Parallel()
	near := neighbours{ports: map[int64]bool{}}
	for id := range int64(10_000) {
		port, err := near.freePort(id)
		if err != nil || near.checkPort(port) != nil {
			t.Fatalf("port number %d: got %d, %v", id, port, err)
		}
		near.ports[port] = true
	}
	if _, err := near.freePort(7); codeOf(t, err) != cloud.DatabasePortUnavailable {
		t.Errorf("with all ports in use: got %v, want %s", err, cloud.DatabasePortUnavailable)
	}
}

func TestDerived(t *testing.T) {
	t.Parallel()
	const id = 51_000_001
	if a, b := derivedPassword(id, "password"), derivedPassword(id+1, "password"); len(a) != 32 || a == b || a != derivedPassword(id, "password") {
		t.Errorf("got passwords %q and %q, want 32 characters that follow from the id", a, b)
	}
	if got := derivedHex(id, "vpc", 17); len(got) != 17 || strings.Trim(got, "0123456789abcdef") != "" {
		t.Errorf("got %q, want 17 hexadecimal digits", got)
	}
	if got := strings.Split(derivedHost(id, "public endpoint"), "-"); len(got) != 4 || len(got[3]) != 5 {
		t.Errorf("got %q, want three words and five digits", got)
	}
	d := Database{Provider: gcp, Region: "us-central1", MultiAZ: true, Port: 12345}
	fixed, dynamic := d.endpoints(id, 100_001)
	if fixed.Public != "" || dynamic.Public != "" {
		t.Errorf("got public endpoints %q, %q without public access", fixed.Public, dynamic.Public)
	}
	if want := "redis-12345.internal." + clusterDomain(100_001, gcp, "us-central1", true) + ":12345"; fixed.Private != want {
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
