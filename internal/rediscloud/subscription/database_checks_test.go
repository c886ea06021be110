package subscription

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestRulesOfANewDatabase(t *testing.T) {
	t.Parallel()
	taken := siblings{names: map[string]bool{"taken": true}, ports: map[int64]bool{12000: true}}
	tooMany := func(item string, n int) string { return strings.TrimSuffix(strings.Repeat(item+",", n), ",") }

	for _, tt := range []struct {
		sub  Subscription
		spec string // beside a size and a name, unless it has its own
		want cloud.Code
	}{
		{inRAM(), `{}`, ""},
		{inRAM(), `{"name": "taken"}`, "DATABASE_NAME_EXISTS"},
		{inRAM(), `{"name": ""}`, "DATABASE_INVALID_NAME"},
		{inRAM(), `{"name": "a"}`, ""},
		{inRAM(), `{"name": "1st"}`, "DATABASE_INVALID_NAME"},
		{inRAM(), `{"name": "a_b"}`, "DATABASE_INVALID_NAME"},
		{inRAM(), `{"name": "ab-"}`, "DATABASE_INVALID_NAME"},
		{inRAM(), `{"name": "a123456789b123456789c123456789d123456789"}`, ""},
		{inRAM(), `{"name": "a123456789b123456789c123456789d123456789e"}`, "DATABASE_NAME_TOO_LONG"},
		{inRAM(), `{"port": 9999}`, "DATABASE_PORT_INVALID_VALUE"},
		{inRAM(), `{"port": 20000}`, "DATABASE_PORT_INVALID_VALUE"},
		{inRAM(), `{"port": 19999}`, ""},
		{inRAM(), `{"port": 12000}`, "DATABASE_PORT_IS_UNAVAILABLE"},
		{inRAM(), `{"datasetSizeInGb": null}`, "DATABASE_SIZE_LIMIT_NOT_DEFINED"},
		{inRAM(), `{"memoryLimitInGb": 1}`, "DATABASE_SIZE_LIMIT_INVALID_TOO_MANY_MEMORY_SPECIFICATIONS"},
		{inRAM(), `{"datasetSizeInGb": 0.01}`, "DATABASE_SIZE_TOO_SMALL"},
		{inRAM(), `{"datasetSizeInGb": 0.05}`, "DATABASE_SIZE_TOO_SMALL"},
		{inRAM(), `{"datasetSizeInGb": -1}`, "DATABASE_SIZE_TOO_SMALL"},
		{inRAM(), `{"datasetSizeInGb": null, "memoryLimitInGb": 0.1}`, ""},
		{inRAM(), `{"datasetSizeInGb": 1e9}`, "DATABASE_SIZE_TOO_BIG"},
		{inRAM(), `{"throughputMeasurement": {"by": "operations-per-second", "value": 0}}`, "PLANNER_INVALID_THROUGHPUT"},
		{
			inRAM(), `{"throughputMeasurement": {"by": "operations-per-second", "value": 10000001}}`,
			"DATABASE_THROUGHPUT_TOO_BIG",
		},
		{inRAM(), `{"throughputMeasurement": {"by": "number-of-shards", "value": 2}}`, ""},
		{
			inRAM(), `{"throughputMeasurement": {"by": "number-of-shards", "value": 2}, "modules": [{"name": "RediSearch"}]}`,
			"REDISEARCH_SUPPORTS_ONLY_OPERATIONS_PER_SECOND_AS_THROUGHPUT_MEASUREMENT",
		},
		{
			inRAM(), `{"localThroughputMeasurement": [{"region": "eu-west-1"}]}`,
			"LOCAL_THROUGHPUT_MEASUREMENT_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{inRAM(), `{"protocol": "memcached"}`, ""},
		{inRAM(), `{"protocol": "memcached", "saslUsername": "mc", "saslPassword": "secret"}`, ""},
		{inRAM(), `{"protocol": "memcached", "saslUsername": ""}`, "DATABASE_MEMCACHED_SASL_USERNAME_IS_BLANK"},
		{inRAM(), `{"protocol": "memcached", "saslPassword": ""}`, "DATABASE_MEMCACHED_SASL_PASSWORD_IS_BLANK"},
		{inRAM(), `{"protocol": "memcached", "saslPassword": "` + strings.Repeat("x", 49) + `"}`, ""},
		{
			inRAM(), `{"protocol": "memcached", "saslPassword": "` + strings.Repeat("x", 50) + `"}`,
			"DATABASE_MEMCACHED_SASL_PASSWORD_MAX_LENGTH",
		},
		{
			inRAM(), `{"protocol": "memcached", "redisVersion": "7.4", "modules": [{"name": "RedisJSON"}]}`,
			"DATABASE_MEMCACHED_CONTAINS_MODULES",
		},
		{inRAM(), `{"protocol": "memcached", "password": "secret"}`, "DATABASE_MEMCACHED_CONTAINS_REDIS_PASSWORD"},
		{
			inRAM(), `{"protocol": "memcached", "supportOSSClusterApi": true}`, "DATABASE_MEMCACHED_NOT_SUPPORT_OSS_CLUSTER_API",
		},
		{inFlash(), `{"protocol": "memcached"}`, "REDIS_ON_FLASH_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_ALLOWED"},
		{inRAM(), `{"saslUsername": "mc"}`, "DATABASE_CONTAIN_MEMCACHED_USERNAME"},
		{inRAM(), `{"saslPassword": "secret"}`, "DATABASE_CONTAIN_MEMCACHED_PASSWORD"},
		{inRAM(), `{"password": ""}`, "DATABASE_PASSWORD_IS_BLANK"},
		{inRAM(), `{"password": "` + strings.Repeat("x", 50) + `"}`, "DATABASE_PASSWORD_IS_TOO_LONG"},
		{inRAM(), `{"useExternalEndpointForOSSClusterApi": true}`, "DATABASE_EXTERNAL_ENDPOINT_WITHOUT_OSS_CLUSTER"},
		{inRAM(), `{"useExternalEndpointForOSSClusterApi": true, "supportOSSClusterApi": true}`, ""},
		{inRAM(), `{"shardingType": "custom-regex-rules"}`, "DATABASE_SHARDING_TYPE_IS_NOT_SUPPORTED"},
		{inRAM(), `{"sourceIp": ["10.0.0.0/8", "192.0.2.1", "2001:db8::/32"]}`, ""},
		{inRAM(), `{"sourceIp": ["10.0.0.0/33"]}`, "DATABASE_INVALID_SIP"},
		{inRAM(), `{"sourceIp": [` + tooMany(`"10.0.0.0/8"`, 33) + `]}`, "DATABASE_SIP_OVER_LIMIT"},
		{inFlash(), `{"ramPercentage": 30, "averageItemSizeInBytes": 1000}`, ""},
		{inFlash(), `{"ramPercentage": 25}`, "DATABASE_RAM_PERCENTAGE_IS_INVALID"},
		{inFlash(), `{"averageItemSizeInBytes": -1}`, "DATABASE_AVERAGE_ITEM_SIZE_INVALID_VALUE"},
		{inRAM(), `{"alerts": [{"name": "dataset-size", "value": 100}, {"name": "syncsource-error", "value": 0}]}`, ""},
		{inRAM(), `{"alerts": [{"name": "dataset-size", "value": 101}]}`, "DATABASE_INVALID_ALERT_VALUE"},
		{
			inRAM(), `{"alerts": [{"name": "latency", "value": 1}, {"name": "latency", "value": 2}]}`, "DATABASE_INVALID_ALERTS",
		},
		{inRAM(), `{"alerts": [{"name": "connections-limit", "value": 80}]}`, "FLEXIBLE_DATABASE_ALERT_NOT_SUPPORTED"},
		{inRAM(), `{"replicaOf": ["redis://:secret@redis-12000.c1.example:12000"]}`, ""},
		{inRAM(), `{"replicaOf": ["http://example"]}`, "DATABASE_REPLICA_OF_BAD_URI"},
		{inRAM(), `{"replica": {"syncSources": [{"endpoint": "nonsense"}]}}`, "DATABASE_REPLICA_OF_BAD_URI"},
		{inRAM(), `{"replicaOf": [` + tooMany(`"redis://a:1"`, 33) + `]}`, "DATABASE_REPLICAS_OVER_LIMIT"},
		{inRAM(), `{"redisVersion": "5.0"}`, "DATABASE_REDIS_VERSION_INVALID_VALUE"},
		{inRAM(), `{"redisVersion": "8.0"}`, "DATABASE_REDIS_VERSION_IS_NOT_SUPPORTED"}, // no new databases
		{inRAM(), `{"respVersion": "best_resp_100"}`, "BAD_REQUEST"},
		{inRAM(), `{"redisVersion": "6.2", "respVersion": "resp3"}`, "DATABASE_RESP_VERSION_IS_NOT_SUPPORTED"},
		{inRAM(), `{"redisVersion": "6.2", "respVersion": "resp2"}`, ""},
		{inRAM(), `{"dataEvictionPolicy": "allkeys-lrm"}`, "DATABASE_EVICTION_POLICY_NOT_COMPATIBLE_WITH_REDIS_VERSION"},
		{inRAM(), `{"dataEvictionPolicy": "allkeys-lrm", "redisVersion": "8.6"}`, ""},
		{
			inRAM(), `{"redisVersion": "8.2", "modules": [{"name": "RediSearch"}]}`,
			"DATABASE_EXPLICIT_MODULES_NOT_SUPPORTED_FOR_THIS_REDIS_VERSION",
		},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 5}}]}`,
			"",
		},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"colour": 5}}]}`,
			"DATABASE_INVALID_MODULE_PARAMETER",
		},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": "5"}}]}`,
			"DATABASE_REDIS_SEARCH_MODULE_VALUE_IS_NOT_INTEGER",
		},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 1.5}}]}`,
			"DATABASE_REDIS_SEARCH_MODULE_VALUE_IS_NOT_INTEGER",
		},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RediSearch", "parameters": {"number-of-documents": 0}}]}`,
			"DATABASE_REDIS_SEARCH_MODULE_VALUE_NOT_IN_RANGE",
		},
		{inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "searchlight"}]}`, "DATABASE_INVALID_MODULE"},
		{
			inRAM(), `{"redisVersion": "7.4", "modules": [{"name": "RedisJSON"}, {"name": "RedisJSON"}]}`,
			"DATABASE_MODULE_MUST_BE_DEFINED_ONCE",
		},
		{inRAM(), `{"queryPerformanceFactor": "3x"}`, "DATABASE_QUERY_PERFORMANCE_FACTOR_INVALID_VALUE"},
		{
			inRAM(), `{"queryPerformanceFactor": "2x", "redisVersion": "6.2"}`,
			"DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED",
		},
		{inRAM(), `{"queryPerformanceFactor": "2x"}`, "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED"},
		{
			inRAM(), `{"queryPerformanceFactor": "2x", "modules": [{"name": "RedisJSON"}]}`,
			"DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		},
		{
			inRAM(), `{"queryPerformanceFactor": "2x", "redisVersion": "7.4"}`,
			"DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		},
		{
			inRAM(),
			`{"remoteBackup": {"active": true, "interval": "every-12-hours", "timeUTC": "15:00", ` +
				`"storageType": "aws-s3", "storagePath": "s3://b/p"}}`,
			"",
		},
		{inRAM(), `{"remoteBackup": {"active": false}}`, ""},
		{inRAM(), `{"remoteBackup": {"active": true}}`, "DATABASE_INVALID_BACKUP_INTERVAL"},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "24:00"}}`, "DATABASE_INVALID_BACKUP_TIME_UTC"},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "3:00"}}`, "DATABASE_INVALID_BACKUP_TIME_UTC"},
		{inRAM(), `{"remoteBackup": {"interval": "every-24-hours", "timeUTC": "03:30"}}`, "DATABASE_INVALID_BACKUP_TIME_UTC"},
		{
			inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "timeUTC": "03:00"}}`,
			"DATABASE_INVALID_BACKUP_INTERVAL_AND_TIME_UTC_MISMATCH",
		},
		{
			inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "storageType": "tape"}}`,
			"DATABASE_INVALID_BACKUP_STORAGE_TYPE",
		},
		{
			inRAM(), `{"remoteBackup": {"interval": "every-6-hours", "storageType": "ftp", "storagePath": "b"}}`,
			"DATABASE_INVALID_BACKUP_PATH",
		},
		{inRAM(), `{"periodicBackupPath": "gs://b/p"}`, ""},
		{inRAM(), `{"periodicBackupPath": "tape://b/p"}`, "DATABASE_INVALID_BACKUP_STORAGE_TYPE"},
		{
			inRAM(), `{"periodicBackupPath": "gs://b/p", "remoteBackup": {"active": true}}`,
			"DATABASE_INVALID_TOO_MANY_BACKUP_SPECIFICATIONS",
		},
		{inRAM(), `{"enableTls": true, "clientTlsCertificates": ["nonsense"]}`, "DATABASE_INVALID_CERT"},
		{
			inRAM(), `{"clientSslCertificate": "` + pemOf(strings.Replace(certificatePEM, "MII", "MIX", 1)) + `"}`,
			"DATABASE_INVALID_CERT",
		},
		{
			inRAM(), `{"enableTls": false, "clientSslCertificate": "` + pemOf(certificatePEM) + `"}`,
			"CLIENT_SSL_CERTIFICATE_IS_NOT_ALLOWED_WITHOUT_ENABLE_TLS_IS_TRUE",
		},
		{
			inRAM(), `{"clientTlsCertificates": ["` + pemOf(certificatePEM) + `"]}`,
			"CLIENT_SSL_CERTIFICATE_IS_NOT_ALLOWED_WITHOUT_ENABLE_TLS_IS_TRUE",
		},
	} {
		spec := cloudtest.FromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		err := checkSearch(tt.sub, spec)
		if err == nil {
			_, err = designDatabase(tt.sub, spec, taken)
		}
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.spec, got, err, tt.want)
		}
	}
}

func TestRulesOfAChange(t *testing.T) {
	t.Parallel()
	const id = 51_000_001
	for _, tt := range []struct {
		spec, change string
		want         cloud.Code
	}{
		{`{}`, `{}`, ""},
		{`{}`, `{"throughputMeasurement": {"by": "number-of-shards", "value": 1}}`, "DATABASE_CANT_EDIT_THROUGHPUT_BY"},
		{`{}`, `{"enableDefaultUser": false}`, ""},
		{
			`{}`, `{"enableDefaultUser": false, "password": "new"}`,
			"DISABLING_THE_DEFAULT_USER_AND_UPDATING_A_NEW_PASSWORD_IS_NOT_ALLOWED",
		},
		{`{"password": "old"}`, `{"enableDefaultUser": false, "password": "old"}`, ""},
		{`{"protocol": "memcached"}`, `{"enableDefaultUser": true}`, ""},
		{`{"protocol": "memcached"}`, `{"enableDefaultUser": false}`, "DATABASE_MEMCACHED_CONTAINS_REDIS_DEFAULT_USER"},
		{
			`{"supportOSSClusterApi": true, "useExternalEndpointForOSSClusterApi": true}`, `{"supportOSSClusterApi": false}`,
			"DATABASE_EXTERNAL_ENDPOINT_WITHOUT_OSS_CLUSTER",
		},
		{`{}`, `{"regexRules": ["user-(?<tag>.*)"]}`, ""},
		{
			`{"supportOSSClusterApi": true}`, `{"regexRules": ["user-(?<tag>.*)"]}`,
			"DATABASE_OSS_CLUSTER_CUSTOM_REGEX_NOT_SUPPORTED",
		},
		{`{"supportOSSClusterApi": true}`, `{"regexRules": [".*\\{(?<tag>.*)\\}.*", "(?<tag>.*)"]}`, ""},
		{`{}`, `{"regexRules": ["user-(.*)"]}`, "DATABASE_INVALID_REGEX_RULES"},
		{`{}`, `{"regexRules": ["(?<tag>.*"]}`, "DATABASE_INVALID_REGEX_RULES"},
		{`{}`, `{"datasetSizeInGb": 1, "memoryLimitInGb": 2}`, "DATABASE_SIZE_LIMIT_INVALID_TOO_MANY_MEMORY_SPECIFICATIONS"},
	} {
		spec := cloudtest.FromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		d, err := designDatabase(inRAM(), spec, siblings{})
		if err != nil {
			t.Fatalf("%s: %v", tt.spec, err)
		}
		if err = cloudtest.FromJSON[databaseUpdateRequest](t, tt.change).change(id, &d); err == nil {
			err = checkSettings(d, versionOf(d))
		}
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s changed by %s: got %q (%v), want %q", tt.spec, tt.change, got, err, tt.want)
		}
	}

	without := Database{NoDefaultUser: true}
	got := cloudtest.CodeOf(t, cloudtest.FromJSON[databaseUpdateRequest](t, `{"password": "new"}`).change(id, &without))
	if got != "NOT_ALLOWED_TO_UPDATE_A_DATABASE_PASSWORD_WHEN_DEFAULT_USER_IS_DISABLED" {
		t.Errorf("password of a default user that is off: got %q, want %q",
			got, "NOT_ALLOWED_TO_UPDATE_A_DATABASE_PASSWORD_WHEN_DEFAULT_USER_IS_DISABLED")
	}
}
