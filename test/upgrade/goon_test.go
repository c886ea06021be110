package upgrade

import (
	"fmt"
)

// meetFaults runs into the fault rules that are left.
func (c *conversation) meetFaults() {
	c.t.Helper()
	const sub = "/v1/subscriptions/100001"
	c.say(exchange{Request: "POST " + sub + "/databases", Body: `{"name": "third", "datasetSizeInGb": 1}`})
	for _, id := range ids(c.get("", sub+"/databases").Get("subscription", 0, "databases"), "databaseId") {
		db := sub + "/databases/" + id
		if c.get("", db).Get("name") == "second" {
			c.say(exchange{Request: "PUT " + db, Body: `{"datasetSizeInGb": 2}`})
			c.get("", db)
		}
	}
	c.say(exchange{Request: "PUT " + sub, Body: `{"name": "renamed, but for a fault"}`})
	c.get("", sub)
}

// goOn changes everything in an account that is as it was left, and makes something new beside it.
func (c *conversation) goOn(as string) {
	c.t.Helper()
	for _, id := range ids(c.get(as, "/v1/subscriptions").Get("subscriptions"), "id") {
		c.goOnWith(as, "/v1/subscriptions/"+id)
	}
	for _, id := range ids(c.get(as, "/v1/fixed/subscriptions").Get("subscriptions"), "id") {
		sub := "/v1/fixed/subscriptions/" + id
		c.changed(as, "PUT", sub, `{"name": "old and renamed `+id+`"}`)
		for _, db := range ids(c.get(as, sub+"/databases").Get("subscription", "databases"), "databaseId") {
			db = sub + "/databases/" + db
			c.changed(as, "PUT", db, `{"dataEvictionPolicy": "allkeys-random"}`)
			c.say(exchange{As: as, Request: "POST " + db + "/backup", Body: `{"adhocBackupPath": "s3://shop/backups"}`})
			c.say(exchange{As: as, Request: "POST " + db + "/tags", Body: `{"key": "new", "value": "one"}`})
			c.get(as, db+"/tags")
			c.changed(as, "DELETE", db, "")
		}
		c.say(exchange{As: as, Request: "POST " + sub + "/databases", Body: `{"name": "new-in-old"}`})
	}
	for _, id := range ids(c.get(as, "/v1/acl/users").Get("users"), "id") {
		c.changed(as, "PUT", "/v1/acl/users/"+id, `{"password": "Correct-Horse-3"}`)
		c.changed(as, "DELETE", "/v1/acl/users/"+id, "")
	}
	for _, id := range ids(c.get(as, "/v1/cloud-accounts").Get("cloudAccounts"), "id") {
		c.changed(as, "PUT", "/v1/cloud-accounts/"+id, otherKeys("old"))
	}
	for _, kind := range []string{"roles", "redisRules"} {
		for _, id := range ids(c.get(as, "/v1/acl/"+kind).Get(kind), "id") {
			c.say(exchange{As: as, Request: "PUT /v1/acl/" + kind + "/" + id, Body: `{"name": "old-` + id + `"}`})
			c.say(exchange{As: as, Request: "DELETE /v1/acl/" + kind + "/" + id})
		}
	}
	if id := c.redirections[as]; id != "" {
		c.say(exchange{As: as, Request: "POST /v1/endpoint-redirections/" + id + "/revert"})
		c.get(as, "/v1/endpoint-redirections/"+id)
	}
}

// changed changes a resource and looks what has become of it.
func (c *conversation) changed(as, method, path, body string) {
	c.t.Helper()
	c.say(exchange{As: as, Request: method + " " + path, Body: body})
	c.get(as, path)
}

// goOnWith is goOn for a Pro subscription.
func (c *conversation) goOnWith(as, sub string) {
	c.t.Helper()
	paths := []string{sub}
	regions := ids(c.get(as, sub+"/regions").Get("regions"), "regionId")
	for _, region := range regions {
		paths = append(paths, sub+"/regions/"+region)
	}
	c.changed(as, "PUT", sub, `{"name": "old, and renamed"}`)
	c.say(exchange{As: as, Request: "POST " + sub + "/databases", Body: `{"name": "new-in-old", "datasetSizeInGb": 1}`})
	for _, db := range ids(c.get(as, sub+"/databases").Get("subscription", 0, "databases"), "databaseId") {
		db = sub + "/databases/" + db
		c.changed(as, "PUT", db, `{"dataEvictionPolicy": "allkeys-random"}`)
		c.say(exchange{As: as, Request: "PUT " + db + "/regions", Body: `{"dataEvictionPolicy": "allkeys-random"}`})
		c.say(exchange{
			As: as, Request: "POST " + db + "/import",
			Body: `{"sourceType": "http", "importFromUri": ["https://data.example/dump.rdb"]}`,
		})
		c.say(exchange{As: as, Request: "PUT " + db + "/tags/team", Body: `{"value": "changed"}`})
		c.get(as, db)
	}
	c.say(exchange{As: as, Request: "PATCH " + sub + "/data-integration-workspace", Body: `{"more": 1.0}`})
	for _, region := range c.peeringsOf(as, sub) {
		for _, id := range ids(region, "id") {
			c.say(exchange{As: as, Request: "DELETE " + sub + "/regions/peerings/" + id})
		}
	}
	for _, at := range paths {
		c.disconnect(as, at)
	}
	if list := c.get(as, sub+"/databases").Get("subscription", 0, "databases"); len(regions) == 0 {
		if all := ids(list, "databaseId"); len(all) > 0 {
			c.changed(as, "DELETE", sub+"/databases/"+all[0], "")
		}
	}
}

// disconnect changes and removes what a subscription, or a region of it, is connected by.
func (c *conversation) disconnect(as, at string) {
	c.t.Helper()
	for _, id := range ids(c.get(as, at+"/peerings").Get("response", "resource", "peerings"), "vpcPeeringId") {
		c.say(exchange{As: as, Request: "PUT " + at + "/peerings/" + id, Body: `{"vpcCidr": "172.23.0.0/16"}`})
		c.say(exchange{As: as, Request: "DELETE " + at + "/peerings/" + id})
	}
	for _, id := range ids(c.get(as, at+"/transitGateways").Get("response", "resource", "tgws"), "id") {
		attachment := at + "/transitGateways/" + id + "/attachment"
		c.say(exchange{As: as, Request: "PUT " + attachment, Body: `{"cidrs": ["10.21.0.0/16"]}`})
		c.get(as, at+"/transitGateways")
		c.say(exchange{As: as, Request: "DELETE " + attachment})
	}
	c.say(exchange{As: as, Request: "DELETE " + at + "/private-link/principals", Body: `{"principal": "210987654321"}`})
	c.get(as, at+"/private-link")
	c.say(exchange{As: as, Request: "DELETE " + at + "/private-link"})
	if service := c.get(as, at+"/private-service-connect").Get("response", "resource", "id"); service != nil {
		path := fmt.Sprintf("%s/private-service-connect/%.0f", at, service)
		for _, id := range ids(c.get(as, path).Get("response", "resource", "endpoints"), "id") {
			c.say(exchange{As: as, Request: "DELETE " + path + "/endpoints/" + id})
		}
		c.say(exchange{As: as, Request: "DELETE " + at + "/private-service-connect"})
	}
}

// peeringsOf lists the peerings of each region.
func (c *conversation) peeringsOf(as, sub string) (peerings []any) {
	c.t.Helper()
	regions, _ := c.get(as, sub+"/regions/peerings").Get("response", "resource", "regions").([]any)
	for _, region := range regions {
		object, _ := region.(map[string]any)
		peerings = append(peerings, object["vpcPeerings"])
	}
	return peerings
}
