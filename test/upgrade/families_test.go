package upgrade

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// subscription is a body that creates a Pro subscription with one database on AWS.
func subscription(name, region string, net int) string {
	return fmt.Sprintf(`{"name": %q, "paymentMethodId": %d, "cloudProviders": [{"provider": "AWS", "regions": [`+
		`{"region": %q, "networking": {"deploymentCIDR": "10.0.%d.0/24"}}]}], `+
		`"databases": [{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}]}`, name, servetest.Card, region, net)
}

// google is subscription on GCP.
func google(name string) string {
	return strings.NewReplacer(`"AWS"`, `"GCP"`, `"us-east-1"`, `"us-east1"`).Replace(subscription(name, "us-east-1", 0))
}

// own is subscription in a cloud account of one's own.
func own(name, account string) string {
	return strings.Replace(subscription(name, "us-east-1", 0), `"AWS",`, `"AWS", "cloudAccountId": `+last(account)+`,`, 1)
}

// activeActive is a body that creates an Active-Active subscription in two regions.
func activeActive(name, provider, one, two string) string {
	return fmt.Sprintf(`{"name": %q, "paymentMethodId": %d, "deploymentType": "active-active", `+
		`"cloudProviders": [{"provider": %q, "regions": [`+
		`{"region": %q, "networking": {"deploymentCIDR": "10.0.0.0/24"}}, `+
		`{"region": %q, "networking": {"deploymentCIDR": "10.0.1.0/24"}}]}], `+
		`"databases": [{"name": "everywhere", "protocol": "redis", "datasetSizeInGb": 1}]}`,
		name, servetest.Card, provider, one, two)
}

// last is the id at the end of a path.
func last(path string) string { return path[strings.LastIndex(path, "/")+1:] }

// everything happens in the demo account, at once.
func (s *story) everything() {
	s.t.Helper()
	plain := s.make("/v1/subscriptions", subscription("plain", "us-east-1", 0)) // 100001
	s.pro(plain)
	s.activeActive()
	s.connectivity(plain)
	essentials := s.essentials()
	s.access(plain)
	target := s.make("/v1/subscriptions", subscription("target", "us-east-1", 10))
	moved := s.database(s.make("/v1/subscriptions", subscription("source", "us-east-1", 11)))
	s.redirect(s.ok, moved, s.target(target, moved))
	source := s.fixed(essentials)
	s.redirect(s.ok, source, s.target(target, source))
	s.others(plain)
	s.errors(plain)
	for _, e := range keyed {
		if answer := s.done(e); answer.Status >= http.StatusInternalServerError {
			s.t.Errorf("%s: got %d %s", e.Request, answer.Status, answer.Body)
		}
	}
	// These strike when the directory is opened again.
	s.fault("", "createProDatabase", "task-error", "GENERAL_ERROR", "A fault of the sandbox: no database today.")
	s.fault("", "updateProDatabase", "provisioning-error", "GENERAL_ERROR", "A fault of the sandbox: no machine is left.")
	s.fault("", "", "task-error", "SUBSCRIPTION_NOT_FOUND", "A fault of the sandbox: the subscription was not found.")
}

func (s *story) pro(plain string) {
	s.t.Helper()
	s.ok("PUT "+plain, `{"name": "plain and renamed"}`)
	s.ok("PUT "+plain+"/cidr", `{"cidrIps": ["10.1.0.0/16"], "securityGroupIds": ["sg-0123456789abcdef0"]}`)
	s.ok("PUT "+plain+"/maintenance-windows", `{"mode": "manual", "windows": [`+
		`{"startHour": 22, "durationInHours": 8, "days": ["Monday"]}]}`)
	first := s.database(plain)
	s.ok("PUT "+first, `{"datasetSizeInGb": 2, "dataPersistence": "aof-every-1-second", "password": "secret", `+
		`"sourceIp": ["10.1.0.0/16"], "alerts": [{"name": "dataset-size", "value": 80}], "enableTls": true, `+
		`"remoteBackup": {"active": true, "interval": "every-24-hours", "storagePath": "s3://shop/backups", `+
		`"storageType": "aws-s3"}}`)
	s.ok("POST "+first+"/backup", "")
	s.ok("POST "+first+"/import", `{"sourceType": "aws-s3", "importFromUri": ["s3://shop/backups/orders.rdb"]}`)
	s.ok("POST "+first+"/tags", `{"key": "team", "value": "shop"}`)
	s.ok("PUT "+first+"/tags", `{"tags": [{"key": "team", "value": "shop"}, {"key": "tier", "value": "gold"}]}`)
	second := s.make(plain+"/databases", `{"name": "second", "datasetSizeInGb": 1, "protocol": "redis", `+
		`"redisVersion": "7.4", "replication": true}`)
	s.ok("POST "+second+"/upgrade", `{"targetRedisVersion": "8.4"}`)
	s.ok("PUT "+second+"/flush", "")
	gone := s.make(plain+"/databases", `{"name": "gone", "datasetSizeInGb": 1}`)
	s.ok("DELETE "+gone, "")

	account := s.make("/v1/cloud-accounts", cloudAccount("ours"))
	s.ok("PUT "+account, otherKeys("ours"))
	tagged := s.make("/v1/subscriptions", own("in our account", account))
	s.ok("PUT "+tagged+"/resource-tags", `{"resourceTags": [{"key": "team", "value": "shop"}]}`)
	empty := s.make("/v1/subscriptions", subscription("empty", "us-east-1", 4))
	s.ok("DELETE "+s.database(empty), "")
	deleted := s.make("/v1/subscriptions", subscription("deleted", "us-east-1", 5))
	s.ok("DELETE "+s.database(deleted), "")
	s.ok("DELETE "+deleted, "")
	encrypted := strings.Replace(subscription("encrypted", "us-east-1", 6), `{`,
		`{"persistentStorageEncryptionType": "customer-managed-key", `, 1)
	s.make("/v1/subscriptions", encrypted) // waits for its keys
	keyed := s.make("/v1/subscriptions", strings.Replace(encrypted, "encrypted", "with keys", 1))
	s.ok("PUT "+keyed, `{"deletionGracePeriod": "immediate", "customerManagedKeys": [`+
		`{"resourceName": "arn:aws:kms:us-east-1:210987654321:key/a"}]}`)
}

func cloudAccount(name string) string {
	return fmt.Sprintf(`{"name": %q, "accessKeyId": "KEY-%s", "accessSecretKey": "secret", "consoleUsername": "ada", `+
		`"consolePassword": "secret", "signInLoginUrl": "https://210987654321.signin.aws.amazon.com/console"}`, name, name)
}

// otherKeys is a body that changes a cloud account.
func otherKeys(name string) string {
	return fmt.Sprintf(`{"name": %q, "accessKeyId": "KEY-other", "accessSecretKey": "other", "consoleUsername": "ada", `+
		`"consolePassword": "other"}`, name)
}

// newRegion is a body that adds a region to an Active-Active subscription.
const newRegion = `{"region": "eu-west-1", "deploymentCIDR": "10.0.2.0/24", "databases": [{"name": "everywhere", ` +
	`"localThroughputMeasurement": {"readOperationsPerSecond": 1000, "writeOperationsPerSecond": 1000}}]}`

// Bodies that create a peering.
const (
	amazonPeering = `{"region": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", ` +
		`"vpcCidr": "172.20.0.0/16"}`
	googlePeering = `{"provider": "GCP", "vpcProjectUid": "shop-123456", "vpcNetworkName": "shop"}`
)

func (s *story) activeActive() {
	s.t.Helper()
	global := s.make("/v1/subscriptions", activeActive("global", "AWS", "us-east-1", "us-east-2"))
	s.ok("POST "+global+"/regions", newRegion)
	s.ok("DELETE "+global+"/regions", `{"regions": [{"region": "us-east-2"}]}`)
	s.ok("PUT "+s.database(global)+"/regions", `{"globalDataPersistence": "aof-every-1-second", "regions": [`+
		`{"region": "us-east-1", "dataPersistence": "none"}]}`)
	s.make(global+"/regions/peerings", `{"sourceRegion": "us-east-1", "destinationRegion": "us-east-1", `+
		`"awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`)
	s.attach(s.region(global))
	s.link(s.region(global))
	onGoogle := s.make("/v1/subscriptions", activeActive("global on google", "GCP", "us-east1", "us-east4"))
	s.ok("POST "+s.database(onGoogle)+"/backup", `{"regionName": "us-east1", "adhocBackupPath": "s3://shop/backups"}`)
	s.make(onGoogle+"/regions/peerings", `{"provider": "GCP", "sourceRegion": "us-east1", `+
		`"vpcProjectUid": "shop-123456", "vpcNetworkName": "shop"}`)
	s.connect(s.region(onGoogle))
}

func (s *story) connectivity(plain string) {
	s.t.Helper()
	peering := s.make(plain+"/peerings", amazonPeering)
	s.ok("PUT "+peering, `{"vpcCidr": "172.21.0.0/16"}`)
	another := strings.NewReplacer("vpc-0a1b2c3d", "vpc-0a1b2c3e", "172.20", "172.22").Replace(amazonPeering)
	s.ok("DELETE "+s.make(plain+"/peerings", another), "")
	s.attach(plain)
	s.link(plain)
	onGoogle := s.make("/v1/subscriptions", google("on google"))
	s.make(onGoogle+"/peerings", googlePeering)
	s.connect(onGoogle)
}

// accept accepts an invitation to a transit gateway, of a subscription or a region, and returns the path of its
// attachment.
func (s *story) accept(at string) string {
	s.t.Helper()
	list := s.ok("GET "+at+"/transitGateways/invitations", "")
	invitation := list.Get("response", "resource", "resources", 0, "id")
	s.ok(fmt.Sprintf("PUT %s/transitGateways/invitations/%.0f/accept", at, invitation), "")
	list = s.ok("GET "+at+"/transitGateways", "")
	return fmt.Sprintf("%s/transitGateways/%.0f/attachment", at, list.Get("response", "resource", "tgws", 0, "id"))
}

func (s *story) attach(at string) {
	s.t.Helper()
	attachment := s.accept(at)
	s.ok("POST "+attachment, "")
	s.ok("PUT "+attachment, `{"cidrs": ["10.20.0.0/16"]}`)
}

const privateLink = `{"shareName": "shop", "principal": "210987654321", "type": "aws_account"}`

func (s *story) link(at string) {
	s.t.Helper()
	s.ok("POST "+at+"/private-link", privateLink)
	s.ok("POST "+at+"/private-link/principals", `{"principal": "123456789012", "type": "aws_account", "alias": "a"}`)
	s.ok("POST "+at+"/private-link/principals", `{"principal": "123456789013", "type": "aws_account", "alias": "gone"}`)
	s.ok("DELETE "+at+"/private-link/principals", `{"principal": "123456789013"}`)
}

const pscEndpoint = `{"gcpProjectId": "shop-123456", "gcpVpcName": "shop", "gcpVpcSubnetName": "shop-subnet", ` +
	`"endpointConnectionName": %q}`

func (s *story) connect(at string) {
	s.t.Helper()
	service := s.make(at+"/private-service-connect", "")
	for _, action := range []string{"accept", "reject"} {
		endpoint := service + "/endpoints/" + last(s.make(service, fmt.Sprintf(pscEndpoint, action)))
		s.ok("GET "+endpoint+"/creationScripts", "")
		s.ok("PUT "+endpoint, fmt.Sprintf(`{"action": %q}`, action))
	}
}

const essentialsBody = `{"name": %q, "planId": 34858, "paymentMethodId": 24681}` // one database, 250 MB

// essentials returns the path of an Essentials subscription.
func (s *story) essentials() string {
	s.t.Helper()
	sub := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "essentials"))
	s.ok("PUT "+sub, `{"name": "essentials, renamed"}`)
	db := s.make(sub+"/databases", `{"name": "orders", "protocol": "stack"}`)
	s.ok("PUT "+db, `{"dataEvictionPolicy": "allkeys-lru", "periodicBackupPath": "s3://shop/backups", "password": "s"}`)
	s.ok("POST "+db+"/tags", `{"key": "team", "value": "shop"}`)
	s.ok("POST "+db+"/upgrade", `{"targetRedisVersion": "8.4"}`)
	s.ok("POST "+db+"/backup", `{"adhocBackupPath": "s3://shop/backups"}`)
	s.ok("POST "+db+"/import", `{"sourceType": "aws-s3", "importFromUri": ["s3://shop/backups/orders.rdb"]}`)
	emptied := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "emptied"))
	s.ok("DELETE "+s.make(emptied+"/databases", `{"name": "gone"}`), "")
	s.ok("DELETE "+s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "gone")), "")
	free := s.make("/v1/fixed/subscriptions", `{"name": "free", "planId": 34843}`)
	s.make(free+"/databases", `{"name": "cache", "protocol": "redis"}`)
	return sub
}

func (s *story) access(plain string) {
	s.t.Helper()
	s.make("/v1/acl/redisRules", `{"name": "orders", "redisRule": "+@read ~orders:*"}`)
	role := s.make("/v1/acl/roles", fmt.Sprintf(`{"name": "readers", "redisRules": [{"ruleName": "orders", "databases": [`+
		`{"subscriptionId": %s, "databaseId": %s}]}]}`, last(plain), last(s.database(plain))))
	s.make("/v1/acl/users", `{"name": "ada", "role": "readers", "password": "Correct-Horse-1"}`)
	s.ok("PUT "+role, `{"name": "all readers"}`)
	s.ok("DELETE "+s.make("/v1/acl/redisRules", `{"name": "gone", "redisRule": "+@all ~*"}`), "")
}

// redirect sends the clients of one database to another.
func (s *story) redirect(send func(request, body string) apitest.Answer, source, target string) {
	s.t.Helper()
	answer := send("POST /v1/endpoint-redirections", fmt.Sprintf(`{"sourceDatabaseId": %s, "targetDatabaseId": %s, `+
		`"endpointTargetType": "public", "migrationProtection": true}`, last(source), last(target)))
	s.redirections[s.as], _ = answer.Get("redirectionId").(string)
}

// fixed is the path of the first database of an Essentials subscription.
func (s *story) fixed(essentials string) string {
	s.t.Helper()
	list := s.send(exchange{As: s.as, Request: "GET " + essentials + "/databases"})
	return fmt.Sprintf("%s/databases/%.0f", essentials, list.Get("subscription", "databases", 0, "databaseId"))
}

// target makes a database that can take over for another one: it has the same port.
func (s *story) target(sub, source string) string {
	s.t.Helper()
	endpoint, _ := s.send(exchange{As: s.as, Request: "GET " + source}).Get("publicEndpoint").(string)
	port := endpoint[strings.LastIndex(endpoint, ":")+1:]
	body := fmt.Sprintf(`{"name": "for-%s", "datasetSizeInGb": 1, "port": %s}`, last(source), port)
	return s.make(sub+"/databases", body)
}

// others is about what has few operations.
func (s *story) others(plain string) {
	s.t.Helper()
	s.ok("PUT "+plain+"/data-integration-workspace", `{"source": {"host": "db.example", "port": 5432, "ratio": 1.50}}`)
	report := s.ok("POST /v1/cost-report", `{"startDate": "2026-10-01", "endDate": "2026-10-31", "format": "json"}`)
	s.costReport, _ = report.Get("response", "resource", "costReportId").(string)
	users := s.send(exchange{Request: "GET /v1/users"})
	s.ok(fmt.Sprintf("PUT /v1/users/%.0f", users.Get("users", 1, "id")), `{"name": "Ada Lovelace", "role": "Viewer"}`)
	s.ok(fmt.Sprintf("DELETE /v1/users/%.0f", users.Get("users", 2, "id")), "")
}

// errors are tasks and resources that have failed.
func (s *story) errors(plain string) {
	s.t.Helper()
	// With additionalInfo:
	s.fails("POST /v1/acl/redisRules", `{"name": "wrong", "redisRule": "no rule"}`)
	s.fails("POST /v1/acl/users", `{"name": "bob", "role": "all readers", "password": "short"}`)
	s.fails("DELETE /v1/cloud-accounts/99999", "")
	// Without:
	s.fails("POST /v1/subscriptions/999999/databases", `{"name": "lost", "datasetSizeInGb": 1}`)
	s.fails("POST /v1/subscriptions", strings.Replace(subscription("x", "us-east-1", 0), `10.0.0.0/24`, `10.0.0.0/30`, 1))
	for _, made := range []struct{ operation, path, body string }{
		{"createProDatabase", plain + "/databases", `{"name": "broken", "datasetSizeInGb": 1}`},
		{"createEssentialsSubscription", "/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "broken")},
		{"createAclRedisRule", "/v1/acl/redisRules", `{"name": "broken", "redisRule": "+@all ~*"}`},
	} {
		s.fault("", made.operation, "provisioning-error", "DATABASE_NOT_ACTIVE", "Its machine is not in an active state.")
		s.make(made.path, made.body)
	}
	s.fault("", "createProSubscription", "provisioning-error", "GENERAL_ERROR", "Something went wrong.")
	s.make("/v1/subscriptions", subscription("broken", "us-east-1", 7))
	s.fault("", "createProSubscription", "task-error", "GENERAL_ERROR", "Something went wrong.")
	s.fails("POST /v1/subscriptions", subscription("never made", "us-east-1", 8))
}
