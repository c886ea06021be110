package upgrade

import (
	"fmt"
	"time"
)

// What is under way when the server is killed. Each of these makes what it needs, at once, and returns what it begins
// when time goes on again: each task is processed in the five seconds it takes, and what it changes is not there yet.

// changing is about the cap: three subscriptions are being changed, and others wait.
func (s *story) changing() (begin func()) {
	s.t.Helper()
	const as = "owner-of-2001"
	s.as = as
	subs := map[string]string{}
	for i, name := range []string{"a", "b", "c", "d", "e", "f"} {
		subs[name] = s.make("/v1/subscriptions", subscription(name, "us-east-1", i))
	}
	s.ok("DELETE "+s.database(subs["f"]), "")
	return func() {
		s.as = as
		s.fault(as, "createProDatabase", "provisioning-error", "GENERAL_ERROR", "This one will not be there.")
		s.begin("POST "+subs["a"]+"/databases", `{"name": "broken", "datasetSizeInGb": 1}`)
		s.begin("POST "+s.database(subs["b"])+"/upgrade", `{"targetRedisVersion": "8.6"}`)
		s.begin("POST "+subs["c"]+"/databases", `{"name": "second", "datasetSizeInGb": 1}`)
		s.begin("PUT "+s.database(subs["d"]), `{"datasetSizeInGb": 2}`)
		s.begin("POST "+subs["e"]+"/databases", `{"name": "second", "datasetSizeInGb": 1}`)
		s.begin("DELETE "+subs["f"], "")
		s.begin("DELETE "+s.database(subs["c"]), "")
		s.begin("POST /v1/subscriptions", subscription("g", "us-east-1", 7))
		s.pass()
		s.wait("PUT "+subs["c"], `{"name": "c, renamed"}`) // in progress, and behind it:
		s.wait("POST "+subs["d"]+"/databases", `{"name": "second", "datasetSizeInGb": 1, "password": "secret"}`)
		s.wait("POST /v1/subscriptions/999999/databases", `{"name": "lost", "datasetSizeInGb": 1}`)
		s.wait("GET "+subs["e"]+"/cidr", "")
		s.wait("POST /v1/acl/redisRules", `{"name": "wrong", "redisRule": "no rule"}`)
	}
}

// connecting is about connectivity and regions.
func (s *story) connecting() (begin func()) {
	s.t.Helper()
	const as = "owner-of-2002"
	s.as = as
	amazon := s.make("/v1/subscriptions", subscription("amazon", "us-east-1", 0))
	onGoogle := s.make("/v1/subscriptions", google("google"))
	global := s.make("/v1/subscriptions", activeActive("global", "AWS", "us-east-1", "us-east-2"))
	globalOnGoogle := s.make("/v1/subscriptions", activeActive("global on google", "GCP", "us-east1", "us-east4"))
	attachment := s.accept(amazon)
	service := s.make(onGoogle+"/private-service-connect", "")
	endpoint := service + "/endpoints/" + last(s.make(service, fmt.Sprintf(pscEndpoint, "later")))
	s.ok("GET "+endpoint+"/creationScripts", "")
	return func() {
		s.as = as
		s.begin("POST "+global+"/regions", newRegion)
		s.begin("POST "+amazon+"/peerings", amazonPeering)
		s.begin("POST "+onGoogle+"/peerings", googlePeering)
		s.begin("POST "+s.region(globalOnGoogle)+"/private-service-connect", "")
		s.begin("POST "+service, fmt.Sprintf(pscEndpoint, "orders"))
		s.begin("POST "+attachment, "")
		s.begin("POST "+amazon+"/private-link", privateLink)
		s.begin("PUT "+endpoint, `{"action": "accept"}`)
		s.pass()
		s.wait("DELETE "+global+"/regions", `{"regions": [{"region": "us-east-2"}]}`)
		s.wait("POST "+s.region(global)+"/private-link", privateLink)
	}
}

// moving is about Essentials, jobs, access control and cloud accounts.
func (s *story) moving() (begin func()) {
	s.t.Helper()
	const as = "owner-of-2003"
	s.as = as
	pro := s.make("/v1/subscriptions", subscription("pro", "us-east-1", 0))
	essentials := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "essentials"))
	more := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "more"))
	newer := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "newer"))
	newest := s.make("/v1/fixed/subscriptions", fmt.Sprintf(essentialsBody, "newest"))
	source := s.make(essentials+"/databases", `{"name": "source"}`)
	other := s.make(more+"/databases", `{"name": "other"}`)
	target := s.target(pro, source)
	account := s.make("/v1/cloud-accounts", cloudAccount("ours"))
	unused := s.make("/v1/acl/redisRules", `{"name": "unused", "redisRule": "+@all ~*"}`)
	s.make("/v1/acl/redisRules", `{"name": "orders", "redisRule": "+@read ~orders:*"}`)
	role := s.make("/v1/acl/roles", fmt.Sprintf(`{"name": "readers", "redisRules": [{"ruleName": "orders", "databases": [`+
		`{"subscriptionId": %s, "databaseId": %s}]}]}`, last(pro), last(target)))
	return func() {
		s.as = as
		s.begin("POST "+target+"/import", `{"sourceType": "aws-s3", "importFromUri": ["s3://shop/backups/orders.rdb"]}`)
		s.begin("POST "+other+"/backup", `{"adhocBackupPath": "s3://shop/backups"}`)
		s.begin("POST /v1/fixed/subscriptions", `{"name": "free", "planId": 34843}`)
		s.begin("PUT "+other, `{"dataEvictionPolicy": "allkeys-lru"}`)
		s.begin("PUT "+account, otherKeys("theirs"))
		s.begin("PUT "+role, `{"name": "all readers"}`)
		s.begin("DELETE "+unused, "")
		s.begin("POST "+newer+"/databases", `{"name": "new"}`)
		s.begin("POST "+pro+"/peerings", amazonPeering)
		s.redirect(s.begin, source, target)
		s.pass()
		s.wait("POST "+newest+"/databases", `{"name": "newer"}`)
		s.wait("DELETE "+other, "")
		s.wait("POST /v1/acl/users", `{"name": "ada", "role": "all readers", "password": "Correct-Horse-1"}`)
	}
}

// pass lets some time go by, so that the next task ends at another time than what is being provisioned.
func (s *story) pass() {
	s.t.Helper()
	if err := s.db.Advance(s.t.Context(), s.keys[s.as].Account, 1300*time.Millisecond); err != nil {
		s.t.Fatal(err)
	}
}

// crashing has a task in progress that the server is to die of, and others behind it.
func (s *story) crashing() (begin func()) {
	s.t.Helper()
	const as = "owner-of-2004"
	s.as = as
	sub := s.make("/v1/subscriptions", subscription("crashing", "us-east-1", 0))
	return func() {
		s.as = as
		s.wait("POST "+sub+"/databases", `{"name": "second", "datasetSizeInGb": 1}`)
		s.wait("PUT "+sub, `{"name": "crashed"}`)
		s.wait("DELETE "+s.database(sub), "")
	}
}
