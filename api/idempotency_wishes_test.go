package api_test

import (
	"fmt"
	"net/http"
	"strings"
)

// wish is what a request asks for, however it is written: equal wishes have equal
// fingerprints (D-7).
type wish struct {
	route   route
	query   string // sorted
	content string // of the body: good ("one", "two"), refused by the document ("wrong") or no JSON
}

type route string

const (
	createSubscription route = "create subscription"
	createDatabase     route = "create database"
	addTag             route = "added"    // it is also the value of the tag
	replaceTags        route = "replaced" // likewise
	unknownRoute       route = "unknown"
)

// unreadable is what is no JSON; "trailing" begins like "one".
func (w wish) unreadable() bool { return w.content == "garbage" || w.content == "trailing" }

// creates reports whether the route answers with a task, and takes X-Client-Token.
func (w wish) creates() bool { return w.route == createSubscription || w.route == createDatabase }

// method and path; database is the path of the one there is.
func (w wish) target(database string) (method, path string) {
	switch w.route {
	case createSubscription:
		return http.MethodPost, subscriptions
	case createDatabase:
		return http.MethodPost, subscriptions + "/1/databases"
	case addTag:
		return http.MethodPost, database + "/tags"
	case replaceTags:
		return http.MethodPut, database + "/tags"
	case unknownRoute:
	}
	return http.MethodPost, "/v1/nowhere"
}

// body writes the content in one of two ways.
func (w wish) body(otherwise bool) string {
	name := fmt.Sprintf(`"name": %q`, w.content)
	rest := `"datasetSizeInGb": 1, "protocol": "redis"`
	switch w.route {
	case createSubscription:
		rest = `"paymentMethodId": 24681, "databases": [{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}], ` +
			`"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}]`
	case addTag:
		name, rest = fmt.Sprintf(`"key": %q`, w.content), fmt.Sprintf(`"value": %q`, w.route)
	case createDatabase, unknownRoute:
	case replaceTags:
		name, rest = fmt.Sprintf(`"tags": [{"key": %q, "value": %q}]`, w.content, w.route), ""
	}
	members := strings.Trim(name+", "+rest, ", ")
	if otherwise {
		members = strings.ReplaceAll(strings.Trim(rest+", "+name, ", "), ": ", ":")
	}
	switch w.content {
	case "wrong":
		return "{" + members + `, "nonsense": true}`
	case "garbage":
		return "no JSON"
	case "trailing":
		return wish{route: w.route, content: "one"}.body(false) + "}"
	}
	return "{" + members + "}"
}

// url appends the query, in one of two orders.
func (w wish) url(path string, otherwise bool) string {
	query := w.query
	if first, second, two := strings.Cut(query, "&"); two && otherwise {
		query = second + "&" + first
	}
	return strings.TrimSuffix(path+"?"+query, "?")
}
