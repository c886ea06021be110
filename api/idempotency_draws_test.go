package api_test

import (
	"fmt"
	"net/http"
	"strings"
)

// draw is what a request asks for, drawn at random, however it is written: equal
// draws have equal fingerprints (D-7).
type draw struct {
	route   route
	query   string // sorted
	content string // of the body: good ("one", "two"), refused by the document ("wrong") or no JSON
}

type route string

const (
	createSubscription route = "create subscription"
	createDatabase     route = "create database"
	createInstance     route = "create DB instance" // of RDS, whose tokens are its own
	addTag             route = "added"              // it is also the value of the tag
	replaceTags        route = "replaced"           // likewise
	unknownRoute       route = "unknown"
)

// unreadable is what is no JSON; "trailing" begins like "one".
func (d draw) unreadable() bool { return d.content == "garbage" || d.content == "trailing" }

// creates reports whether the route answers with a task, and takes X-Client-Token.
func (d draw) creates() bool {
	return d.route == createSubscription || d.route == createDatabase || d.route == createInstance
}

// method and path; database is the path of the one there is, project that of RDS.
func (d draw) target(database, project string) (method, path string) {
	switch d.route {
	case createSubscription:
		return http.MethodPost, subscriptions
	case createDatabase:
		return http.MethodPost, subscriptions + "/1/databases"
	case createInstance:
		return http.MethodPost, project + "/instances"
	case addTag:
		return http.MethodPost, database + "/tags"
	case replaceTags:
		return http.MethodPut, database + "/tags"
	case unknownRoute:
	}
	return http.MethodPost, "/v1/nowhere"
}

// instanceRest is what a DB instance needs beside a name.
const instanceRest = `"datastore": {"type": "MySQL", "version": "8.0"}, "flavor_ref": "rds.mysql.n1.large.2", ` +
	`"volume": {"type": "COMMON", "size": 40}, "region": "r", "availability_zone": "z", "vpc_id": "v", ` +
	`"subnet_id": "s", "security_group_id": "g", "charge_info": {"charge_mode": "postPaid"}, ` +
	`"backup_strategy": {"start_time": "01:00-02:00", "keep_days": 7}`

// body writes the content in one of two ways.
func (d draw) body(otherwise bool) string {
	name := fmt.Sprintf(`"name": %q`, d.content)
	rest := `"datasetSizeInGb": 1, "protocol": "redis"`
	switch d.route {
	case createSubscription:
		rest = `"paymentMethodId": 24681, "databases": [{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}], ` +
			`"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}]`
	case createInstance:
		name, rest = fmt.Sprintf(`"name": "db-%s"`, d.content), instanceRest
	case addTag:
		name, rest = fmt.Sprintf(`"key": %q`, d.content), fmt.Sprintf(`"value": %q`, d.route)
	case createDatabase, unknownRoute:
	case replaceTags:
		name, rest = fmt.Sprintf(`"tags": [{"key": %q, "value": %q}]`, d.content, d.route), ""
	}
	members := strings.Trim(name+", "+rest, ", ")
	if otherwise {
		members = strings.ReplaceAll(strings.Trim(rest+", "+name, ", "), ": ", ":")
	}
	switch d.content {
	case "wrong":
		return "{" + members + `, "nonsense": true}`
	case "garbage":
		return "no JSON"
	case "trailing":
		return draw{route: d.route, content: "one"}.body(false) + "}"
	}
	return "{" + members + "}"
}

// url appends the query, in one of two orders.
func (d draw) url(path string, otherwise bool) string {
	query := d.query
	if first, second, two := strings.Cut(query, "&"); two && otherwise {
		query = second + "&" + first
	}
	return strings.TrimSuffix(path+"?"+query, "?")
}
