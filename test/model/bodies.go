package model

import (
	"fmt"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// Bodies of requests. Most are what the operation takes; now and then one clashes with something that is there.

type object = map[string]any

func subscription(d *draft) any {
	body := object{
		"name": d.name(), "databases": []any{object{"name": d.databaseName(), "protocol": "redis", "datasetSizeInGb": 1}},
	}
	region := func(name, cidr string) any {
		return object{"region": name, "networking": object{"deploymentCIDR": cidr}}
	}
	provider := object{"provider": "AWS", "regions": []any{region("us-east-1", "10.0.0.0/24")}}
	switch d.one("shape", "aws", "gcp", "active-active", "keys", "active-active on gcp", "own") {
	case "gcp":
		provider = object{"provider": "GCP", "regions": []any{region("us-east1", "10.0.0.0/24")}}
	case "active-active":
		body["deploymentType"] = "active-active"
		provider["regions"] = []any{region("us-east-1", "10.0.0.0/24"), region("us-east-2", "10.0.1.0/24")}
	case "active-active on gcp":
		body["deploymentType"] = "active-active"
		provider = object{
			"provider": "GCP", "regions": []any{region("us-east1", "10.0.0.0/24"), region("us-east4", "10.0.1.0/24")},
		}
	case "keys":
		body["persistentStorageEncryptionType"] = "customer-managed-key"
	case "own":
		provider["cloudAccountId"] = d.some("cloud account").ID
	}
	body["cloudProviders"] = []any{provider}
	if d.rarely("marketplace") {
		body["paymentMethod"] = "marketplace"
	} else if !d.rarely("no card") {
		body["paymentMethodId"] = servetest.Card
	}
	d.dryRun(body)
	return body
}

func subscriptionChange(d *draft) any {
	body := object{"name": d.name()}
	if d.rarely("access") {
		body["publicEndpointAccess"] = d.yes("public")
	}
	return body
}

func keys(d *draft) any {
	key := object{"resourceName": "key-of-" + d.one("key", "one", "two")}
	if d.rarely("region") {
		key["region"] = "us-east-1"
	}
	return object{"deletionGracePeriod": d.one("grace", "immediate", "24-hours"), "customerManagedKeys": []any{key}}
}

func allowList(d *draft) any {
	return object{
		"cidrIps":          d.list("cidrs", "10.1.0.0/16", "10.2.0.0/16", "1.2.3.4", "nonsense"),
		"securityGroupIds": d.list("groups", "sg-0123456789abcdef0", "sg-0123456789abcdef1"),
	}
}

func maintenance(d *draft) any {
	if d.yes("automatic") {
		return object{"mode": "automatic"}
	}
	return object{"mode": "manual", "windows": []any{object{
		"startHour": d.pick("hour", 24), "durationInHours": 4 + d.pick("duration", 8),
		"days": []string{d.one("day", "Monday", "Friday", "Noday")},
	}}}
}

func resourceTags(d *draft) any {
	return object{"resourceTags": []any{object{
		"key": d.one("key", "team", "cost", "aws:no"), "value": d.one("value", "one", "two"),
	}}}
}

func newRegion(d *draft) any {
	body := object{
		"region":         d.one("region", "eu-west-1", "us-west-1", "us-east-1", "us-east-2", "europe-west1"),
		"deploymentCIDR": fmt.Sprintf("10.0.%d.0/24", d.pick("cidr", 6)),
	}
	d.dryRun(body)
	return body
}

func oldRegion(d *draft) any {
	var names []string
	for _, r := range d.root.Regions {
		names = append(names, r.Name)
	}
	names = append(names, "nowhere")
	body := object{"regions": []any{object{"region": names[d.pick("region", len(names))]}}}
	d.dryRun(body)
	return body
}

func database(d *draft) any {
	body := object{"name": d.databaseName(), "datasetSizeInGb": 1 + d.pick("size", 3)}
	if len(d.root.Regions) == 0 {
		body["protocol"] = d.one("protocol", "redis", "redis", "memcached")
	}
	if d.yes("port") {
		body["port"] = 12000 + d.pick("which port", 3)
	}
	if d.rarely("version") {
		body["redisVersion"] = d.one("redis version", "7.2", "7.4", "8.4", "1.0")
	}
	d.dryRun(body)
	return body
}

func databaseChange(d *draft) any {
	body := object{}
	members := []string{"name", "datasetSizeInGb", "dataPersistence", "dataEvictionPolicy", "replication"}
	for _, member := range d.list("members", members...) {
		body[member] = object{
			"name": d.databaseName(), "datasetSizeInGb": 1 + d.pick("size", 3),
			"dataPersistence":    d.one("persistence", "none", "snapshot-every-1-hour"),
			"dataEvictionPolicy": d.one("eviction", "noeviction", "allkeys-lru"), "replication": d.yes("replication"),
		}[member]
	}
	return body
}

func regionsChange(d *draft) any {
	body := object{"dataEvictionPolicy": d.one("eviction", "noeviction", "allkeys-lru")}
	if d.yes("name") {
		body["name"] = d.databaseName()
	}
	if d.yes("region") {
		body["regions"] = []any{object{
			"region":                     d.one("which", "us-east-1", "eu-west-1"),
			"localThroughputMeasurement": object{"readOperationsPerSecond": 2000},
		}}
	}
	return body
}

func backup(d *draft) any {
	body := object{"adhocBackupPath": d.one("path", "s3://backups/of/mine", "nonsense")}
	if len(d.root.Regions) > 0 && !d.rarely("no region") {
		body["regionName"] = d.root.Regions[0].Name
	}
	return body
}

func dataImport(d *draft) any {
	return object{
		"sourceType": "http", "importFromUri": []string{d.one("uri", "https://data.example/dump.rdb", "nonsense")},
	}
}

func upgrade(d *draft) any {
	return object{"targetRedisVersion": d.one("version", "8.4", "8.6", "7.2")}
}

func tag(d *draft) any {
	return object{"key": d.one("key", "team", "cost"), "value": d.one("value", "one", "two")}
}

func tags(d *draft) any { return object{"tags": []any{tag(d)}} }

func tagValue(d *draft) any { return object{"value": d.one("value", "one", "two", "three")} }

func essentials(d *draft) any {
	body := object{"name": d.name(), "planId": 34858, "paymentMethodId": servetest.Card}
	if d.rarely("free") {
		body = object{"name": d.name(), "planId": 34843}
	}
	return body
}

func essentialsChange(d *draft) any {
	body := object{"name": d.name()}
	if d.yes("plan") {
		body["planId"], body["paymentMethodId"] = []int{34858, 34853, 36003, 34843}[d.pick("which plan", 4)], servetest.Card
	}
	return body
}

func essentialsDatabase(d *draft) any {
	return object{"name": d.databaseName(), "protocol": d.one("protocol", "stack", "redis", "memcached")}
}

func essentialsDatabaseChange(d *draft) any {
	body := object{"dataEvictionPolicy": d.one("eviction", "noeviction", "allkeys-lru")}
	if d.yes("name") {
		body["name"] = d.databaseName()
	}
	return body
}

func rule(d *draft) any {
	return object{"name": d.name(), "redisRule": d.one("rule", "+@all ~*", "+get ~a*", "+get ~a* ~b*", "no rule")}
}

func ruleChange(d *draft) any {
	if d.yes("name only") {
		return object{"name": d.name()}
	}
	return object{"redisRule": d.one("rule", "+@all ~*", "+get ~a*", "+get ~a* ~b*", "no rule")}
}

func role(d *draft) any {
	db := d.some("database")
	rule := d.some("ACL rule").Name
	if rule == "" || d.rarely("default rule") {
		rule = "Full-Access"
	}
	return object{"name": d.name(), "redisRules": []any{object{
		"ruleName": rule, "databases": []any{object{"subscriptionId": db.Parent.ID, "databaseId": db.ID}},
	}}}
}

func roleChange(d *draft) any {
	body := role(d).(object)
	if d.yes("name only") {
		delete(body, "redisRules")
	}
	return body
}

func aclUser(d *draft) any {
	return object{
		"name": d.name(), "role": d.some("ACL role").Name, "password": d.one("password", "Long-enough-1", "short"),
	}
}

func aclUserChange(d *draft) any {
	if d.yes("role") {
		return object{"role": d.some("ACL role").Name}
	}
	return object{"password": d.one("password", "Long-enough-2", "short")}
}

func userChange(d *draft) any {
	body := object{"name": d.name()}
	if d.rarely("role") {
		body["role"] = d.one("which role", "Viewer", "Owner")
	}
	return body
}

func cloudAccount(d *draft) any {
	name := d.name()
	return object{
		"name": name, "accessKeyId": "KEY-" + name, "accessSecretKey": "secret",
		"consoleUsername": "user", "consolePassword": "password",
		"signInLoginUrl": "https://123456789012.signin.aws.amazon.com/console",
	}
}

func peering(d *draft) any {
	project := fmt.Sprintf("shop-project-%d", d.pick("project", 4))
	body := object{"provider": "GCP", "vpcProjectUid": project, "vpcNetworkName": "shop"}
	if d.root.Provider != "GCP" {
		body = object{
			"awsAccountId": "210987654321", "vpcId": fmt.Sprintf("vpc-0f9e8d7c6b5a4321%d", d.pick("vpc", 4)),
			"vpcCidr": fmt.Sprintf("172.%d.0.0/16", 16+d.pick("network", 4)), "region": "eu-west-1",
		}
	}
	if len(d.root.Regions) > 0 {
		body["sourceRegion"] = d.root.Regions[d.pick("source", len(d.root.Regions))].Name
		if region, ok := body["region"]; ok {
			body["destinationRegion"] = region
			delete(body, "region")
		}
	}
	return body
}

func peeringChange(d *draft) any {
	return object{"vpcCidr": d.one("cidr", "172.20.0.0/16", "172.21.0.0/16", "10.0.0.0/8")}
}

func attachmentChange(d *draft) any {
	return object{"cidrs": d.list("cidrs", "172.20.0.0/16", "172.21.0.0/16", "10.0.0.1/8")}
}

func endpoint(d *draft) any {
	return object{
		"gcpProjectId": "shop-project", "gcpVpcName": d.one("network", "shop", "stock"), "gcpVpcSubnetName": "subnet",
		"endpointConnectionName": d.one("connection", "orders", "bills", "goods"),
	}
}

func endpointChange(d *draft) any {
	switch d.one("change", "accept", "reject", "fields", "both") {
	case "accept":
		return object{"action": "accept"}
	case "reject":
		return object{"action": "reject"}
	case "fields":
		return object{"gcpVpcName": d.one("network", "shop", "stock")}
	default:
		return object{"action": "accept", "gcpVpcName": "shop"}
	}
}

func principal(d *draft) any {
	return object{"principal": d.one("principal", "123456789012", "123456789013", "nobody"), "type": "aws_account"}
}

func principalNamed(d *draft) any { return object{"principal": d.target.Name} }

func privateLink(d *draft) any {
	body := principal(d).(object)
	body["shareName"] = d.name()
	return body
}

func connections(d *draft) any {
	return object{"connections": []any{object{"associationId": "one", "type": "resource", "principalId": "123456789012"}}}
}

func redirection(d *draft) any {
	source := d.target
	if d.yes("from Essentials") {
		source = d.some("essentials-database")
	}
	return object{
		"sourceDatabaseId": source.ID, "targetDatabaseId": d.some("database").ID,
		"endpointTargetType": d.one("endpoints", "public", "private"), "migrationProtection": !d.rarely("unprotected"),
	}
}

func costReport(d *draft) any {
	return object{
		"startDate": "2026-01-01", "endDate": d.one("end", "2026-01-31", "2025-12-31", "2099-01-01"),
		"format": d.one("format", "csv", "json"),
	}
}

func document(d *draft) any { return object{d.one("member", "a", "b"): d.pick("value", 10)} }
