package openapi

import "testing"

// providerDatabase is the largest body that the official Terraform provider creates a database with.
const providerDatabase = `{"name":"sessions","protocol":"redis","supportOSSClusterApi":false,"dataPersistence":"none",
"dataEvictionPolicy":"volatile-lru","replication":true,"throughputMeasurement":{"by":"operations-per-second",
"value":1000},
"modules":[{"name":"RedisJSON"},{"name":"RediSearch"}],"alerts":[{"name":"dataset-size","value":40}],
"remoteBackup":{"active":true,"interval":"every-12-hours","timeUTC":"03:00","storageType":"aws-s3",
"storagePath":"s3://b/p"},
"queryPerformanceFactor":"4x","redisVersion":"7.4","password":"%!s(MISSING)","averageItemSizeInBytes":1000,
"ramPercentage":30,"datasetSizeInGb":3,"port":10101,"respVersion":"resp3"}`

// TestCheckRequestAcceptsWhatClientsSend holds the bodies that the official SDK and Terraform provider send, of both
// generations that must work.
func TestCheckRequestAcceptsWhatClientsSend(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ name, operation, body string }{
		{
			"Pro subscription", "createProSubscription",
			`{"name":"s","dryRun":false,"paymentMethodId":15702,"paymentMethod":"credit-card",
"memoryStorage":"ram","cloudProviders":[{"provider":"AWS","cloudAccountId":1,"regions":[{"region":"eu-west-1",
"multipleAvailabilityZones":false,
"preferredAvailabilityZones":["euw1-az1"],"networking":{"deploymentCIDR":"10.0.0.0/24","vpcId":""}}]}],
"databases":[{"name":"creation-plan-db-1","protocol":"redis","supportOSSClusterApi":false,"replication":true,
"throughputMeasurement":{"by":"operations-per-second","value":10000},"quantity":1,"modules":[{"name":"RediSearch"}],
"averageItemSizeInBytes":0,"ramPercentage":20,"datasetSizeInGb":1,"queryPerformanceFactor":"2x",
"dataPersistence":"none"},
{"name":"creation-plan-db-2","protocol":"redis","memoryLimitInGb":1.5,"quantity":1}],
"redisVersion":"latest","persistentStorageEncryptionType":"customer-managed-key","publicEndpointAccess":true}`,
		},
		{
			"older Pro subscription", "createProSubscription",
			`{"name":"","deploymentType":"single-region","dryRun":false,"paymentMethod":"marketplace",
"memoryStorage":"ram-and-flash","cloudProviders":[{"provider":"GCP","cloudAccountId":1,
"regions":[{"region":"us-central1","networking":{}}]}],
"databases":[{"name":"d","protocol":"memcached","memoryLimitInGb":1,"throughputMeasurement":{"by":"number-of-shards",
"value":2}}],"redisVersion":"7.2"}`,
		},
		{
			"Active-Active subscription", "createProSubscription",
			`{"name":"s","deploymentType":"active-active","dryRun":false,"paymentMethodId":1,
"paymentMethod":"credit-card","publicEndpointAccess":true,"redisVersion":"7.4",
"persistentStorageEncryptionType":"cloud-provider-managed-key",
"cloudProviders":[{"provider":"AWS","cloudAccountId":1,"regions":[{"region":"us-east-2",
"networking":{"deploymentCIDR":"10.1.0.0/24","vpcId":"v"}}]}],
"databases":[{"name":"creation-plan-db-1","protocol":"redis","quantity":1,"datasetSizeInGb":1,
"modules":[{"name":"RedisJSON"}],
"localThroughputMeasurement":[{"region":"us-east-1","writeOperationsPerSecond":1000,"readOperationsPerSecond":0}]}]}`,
		},
		{"subscription, renamed", "updateProSubscription", `{"name":"t"}`},
		{
			"subscription, paid otherwise", "updateProSubscription",
			`{"name":"t","paymentMethodId":2,"publicEndpointAccess":false}`,
		},
		{
			"subscription, keys", "updateProSubscription",
			`{"deletionGracePeriod":"alerts-only","customerManagedKeys":[{"resourceName":"projects/p","region":"r"},` +
				`{"resourceName":"q"}]}`,
		},
		{"allow list, CIDRs only", "updateProSubscriptionCidrAllowList", `{"cidrIps":["192.168.0.0/16"]}`},
		{"allow list, groups only", "updateProSubscriptionCidrAllowList", `{"securityGroupIds":["sg-1"]}`},
		{"allow list, cleared", "updateProSubscriptionCidrAllowList", `{}`},
		{
			"windows", "updateProSubscriptionMaintenanceWindows",
			`{"mode":"manual","windows":[{"startHour":22,"durationInHours":8,"days":["Monday","Thursday"]}]}`,
		},
		{"no windows", "updateProSubscriptionMaintenanceWindows", `{"mode":"automatic"}`},
		{"database", "createProDatabase", providerDatabase},
		{
			"database by the SDK", "createProDatabase",
			`{"dryRun":false,"name":"d","protocol":"memcached","memoryLimitInGb":0.1,"supportOSSClusterApi":true,
"useExternalEndpointForOSSClusterApi":true,"dataPersistence":"aof-every-write","dataEvictionPolicy":"noeviction",
"replication":false,
"throughputMeasurement":{"by":"number-of-shards","value":1},"replicaOf":["redis://h:1"],"periodicBackupPath":"s3://p",
"sourceIp":["10.0.0.0/8"],
"clientSslCertificate":"c","clientTlsCertificates":["c"],"password":"p","enableTls":true,
"autoMinorVersionUpgrade":true}`,
		},
		{
			"Active-Active database", "createProDatabase",
			`{"dryRun":false,"name":"d","supportOSSClusterApi":false,"useExternalEndpointForOSSClusterApi":false,
"sourceIp":["0.0.0.0/0"],"alerts":[{"name":"dataset-size","value":1}],"modules":[{"name":"RedisJSON"}],
"localThroughputMeasurement":[{"region":"us-east-1",
"writeOperationsPerSecond":1000,"readOperationsPerSecond":1000}],"dataEvictionPolicy":"allkeys-lfu",
"dataPersistence":"none","password":"p",
"memoryLimitInGb":3,"port":12000,"respVersion":"resp2","redisVersion":"7.4","protocol":"redis",
"queryPerformanceFactor":"2x"}`,
		},
		{"database, after it was created", "updateProDatabase", `{"name":"d","supportOSSClusterApi":false,"replication":true,
"throughputMeasurement":{"by":"operations-per-second","value":1000},"dataPersistence":"none",
"dataEvictionPolicy":"volatile-lru",
"sourceIp":["0.0.0.0/0"],"alerts":[],"enableDefaultUser":true,"replicaOf":[],
"useExternalEndpointForOSSClusterApi":false,
"datasetSizeInGb":1,"enableTls":false}`},
		{
			"database, everything", "updateProDatabase",
			`{"dryRun":false,"name":"d","memoryLimitInGb":2,"supportOSSClusterApi":true,"respVersion":"resp2",
"useExternalEndpointForOSSClusterApi":true,"dataEvictionPolicy":"allkeys-random","replication":true,
"throughputMeasurement":{"by":"operations-per-second","value":2000},"regexRules":[".*"],
"dataPersistence":"snapshot-every-6-hours",
"replicaOf":["redis://a:1"],"periodicBackupPath":"","sourceIp":["10.0.0.0/8","172.16.0.0/12"],
"clientSslCertificate":"","clientTlsCertificates":null,
"password":"p","alerts":[{"name":"throughput-higher-than","value":90}],"enableTls":true,
"remoteBackup":{"active":true,"interval":"every-6-hours","storageType":"ftp","storagePath":"ftp://h"},
"enableDefaultUser":false,"queryPerformanceFactor":"Standard","autoMinorVersionUpgrade":false,"ramPercentage":40}`,
		},
		{"database, by an SDK user who leaves it out", "updateProDatabase", `{"name":"d","replicaOf":null}`},
		{
			"region by the SDK, which says no throughput", "addActiveActiveRegion",
			`{"region":"eu-west-1","deploymentCIDR":"10.0.2.0/24",
"databases":[{"name":"d","localThroughputMeasurement":{"region":"eu-west-1","writeOperationsPerSecond":null,
"readOperationsPerSecond":null}}]}`,
		},
		{"Essentials database by the SDK", "createEssentialsDatabase", `{"name":"d","replica":{"description":"r",
"syncSources":[{"description":"s","endpoint":"redis://h:1","encryption":true,"serverCert":"c"}]},
"clientTlsCertificates":[{"description":"c","publicCertificatePEMString":"c"}]}`},
		{"tags", "replaceProDatabaseTags", `{"tags":[{"key":"team","value":"checkout"}]}`},
		{"no tags", "replaceProDatabaseTags", `{"tags":[]}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			op := operation(t, test.operation)
			if err := op.CheckRequest(request(op, ""), ids(), op.ReadBody([]byte(test.body))); err != nil {
				t.Error(err)
			}
		})
	}
}
