package api_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// fixture is an account in which one operation is to succeed. What the operation's path names is created on the way
// there, by the operations of the document, with the requests of their examples.
type fixture struct {
	*apitest.Account
	t      *testing.T
	pool   *pgxpool.Pool
	ops    map[string]walked // by operationId
	routes map[string]walked // by method and path of the document
	kind   kind
	made   map[string]apitest.Answer // by the method and path of the request
	ids    map[string]string         // of the path parameters so far
}

// kind is what kind of subscription an operation is for.
type kind struct {
	fixed  bool // Essentials
	google bool // on GCP
	global bool // Active-Active
	own    bool // in a cloud account of one's own
	keyed  bool // waits for encryption keys
}

func kindOf(op walked) kind {
	request, _ := op.typical().(map[string]any)
	return kind{
		fixed:  strings.HasPrefix(op.Path, "/v1/fixed/"),
		google: strings.Contains(op.Path, "/private-service-connect") || request["provider"] == "GCP",
		global: strings.Contains(op.Path, "/regions"),
		own:    strings.HasSuffix(op.Path, "/resource-tags"),
		keyed:  request["customerManagedKeys"] != nil,
	}
}

// present are the operations that make what a subscription has from its beginning.
var present = map[string]bool{"createProDatabase": true, "addActiveActiveRegion": true}

// first names what has to happen before an operation, beyond what its path says.
var first = map[string]string{
	"createAclUser":                     "createAclRole",
	"deleteProSubscription":             "deleteProDatabase",
	"deletePscEndpoint":                 "getPscEndpointDeletionScript",
	"deleteActiveActivePscEndpoint":     "getActiveActivePscEndpointDeletionScript",
	"getProDatabaseBackupStatus":        "updateProDatabase",
	"getEssentialsDatabaseBackupStatus": "updateEssentialsDatabase",
	"getProDatabaseTraffic":             "createEndpointRedirection",
	"resumeProDatabaseTraffic":          "createEndpointRedirection",
	"getEssentialsDatabaseTraffic":      "createEndpointRedirection",
	"resumeEssentialsDatabaseTraffic":   "createEndpointRedirection",
}

// newFixture makes the fixture of one operation.
func newFixture(t *testing.T, w *apitest.World, pool *pgxpool.Pool, all []walked, op walked) *fixture {
	t.Helper()
	f := &fixture{
		Account: w.For(t).Account(), t: t, pool: pool, kind: kindOf(op),
		ops: map[string]walked{}, routes: map[string]walked{}, made: map[string]apitest.Answer{}, ids: map[string]string{},
	}
	for _, op := range all {
		f.ops[op.ID], f.routes[op.Method+" "+op.Path] = op, op
	}
	return f
}

// lead returns a path of an operation to what exists, with the query that it needs.
func (f *fixture) lead(op walked) string {
	f.t.Helper()
	template, path := "", ""
	var last apitest.Answer
	for part := range strings.SplitSeq(op.Path[1:], "/") {
		if name, isParam := strings.CutPrefix(part, "{"); isParam {
			name = strings.TrimSuffix(name, "}")
			f.ids[name] = f.id(name, path, last)
			path += "/" + url.PathEscape(f.ids[name])
		} else {
			path += "/" + part
		}
		template += "/" + part
		post, ok := f.routes["POST "+template]
		if ok && post.ID != op.ID && !present[post.ID] {
			last = f.create(post, path)
		}
	}
	query := url.Values{}
	for _, p := range op.params {
		switch {
		case p.In != openapi3.ParameterInQuery || !p.Required:
		case op.ID == "getJob":
			query.Set(p.Name, f.job())
		default:
			query.Set(p.Name, fmt.Sprint(f.member(p.Name)))
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// id is what a path parameter is to be: for most that is what has been created last on the way.
func (f *fixture) id(name, path string, last apitest.Answer) string {
	f.t.Helper()
	read := func(path string, members ...any) string {
		return text(f.Do(http.MethodGet, path, nil).Get(members...))
	}
	report := func(path string, members ...any) string {
		return text(f.Run(http.MethodGet, path, nil).Get(append([]any{"response", "resource"}, members...)...))
	}
	switch name {
	case "project_id":
		return f.Secrets.Key
	case "instance_id":
		return text(last.Get("instance", "id"))
	case "database_name":
		return "MySQL"
	case "userId":
		return read(path, "users", 1, "id") // the first is the owner
	case "planId":
		return read(path, "plans", 0, "id")
	case "subscriptionId":
		if last.Body == nil { // the path does not say where it comes from
			f.lead(f.ops["getEssentialsSubscription"])
			return f.ids[name]
		}
	case "databaseId":
		if !strings.HasPrefix(path, "/v1/fixed/") {
			return read(path, "subscription", 0, "databases", 0, name)
		}
	case "regionId":
		return read(path, "regions", 0, "regionId")
	case "taskId":
		f.create(f.ops["createAclRedisRule"], f.ops["createAclRedisRule"].Path)
		return read(path, "tasks", 0, "taskId")
	case "tgwInvitationId":
		return report(path, "resources", 0, "id")
	case "tgwId":
		f.Run(http.MethodPut, path+"/invitations/"+report(path+"/invitations", "resources", 0, "id")+"/accept", nil)
		return report(path, "tgws", 0, "id")
	case "costReportId":
		return text(last.Get("response", "resource", name))
	case "redirectionId":
		return text(last.Get(name))
	case "tagKey":
		return text(last.Get("key"))
	case "path":
		return "jobs"
	}
	id := last.Get("response", "resourceId")
	if id == nil {
		f.t.Fatalf("nothing that comes before %s says what %s is to be", path, name)
	}
	return text(id)
}

// text writes an id as it is in a path.
func text(id any) string {
	if number, ok := id.(float64); ok {
		return fmt.Sprintf("%.0f", number)
	}
	return fmt.Sprint(id)
}

// create carries an operation out that must succeed, once, and lets come of it what is to come.
func (f *fixture) create(op walked, path string) apitest.Answer {
	f.t.Helper()
	key := op.Method + " " + path
	if answer, done := f.made[key]; done {
		return answer
	}
	f.prepare(op)
	body := f.body(op)
	if op.ID == "createProSubscription" {
		body = f.subscription(body.(map[string]any))
	}
	answer := f.perform(op, path, body)
	if failure(op, answer) != "" {
		f.t.Fatalf("%s comes to %d %s", key, answer.Status, answer.Body)
	}
	f.settle()
	f.made[key] = answer
	return answer
}

// prepare does what has to happen before an operation.
func (f *fixture) prepare(op walked) {
	f.t.Helper()
	if before, ok := f.ops[first[op.ID]]; ok {
		f.create(before, f.lead(before))
	}
}

// job is the id of a job of RDS.
func (f *fixture) job() string {
	f.t.Helper()
	creation := f.ops["createInstance"]
	return text(f.create(creation, f.lead(creation)).Get("job_id"))
}

// perform carries an operation out, to the end of its task where it has one. A job of RDS that does not come to its end
// is answered in place of what began it.
func (f *fixture) perform(op walked, path string, body any) apitest.Answer {
	f.t.Helper()
	answer := f.Do(op.Method, path, body)
	if id, ok := answer.Get("job_id").(string); ok {
		f.End(id)
		f.settle()
		if job := f.Do(http.MethodGet, f.Project()+"/jobs?id="+id, nil); job.Get("job", "status") != "Completed" {
			return job
		}
	}
	if id, ok := answer.Get("taskId").(string); ok && answer.Status == http.StatusAccepted {
		return f.Finish(id)
	}
	return answer
}

// failure says how an operation has failed, in the code of its task or its status; "" where it has not.
func failure(op walked, answer apitest.Answer) string {
	if op.rds {
		if answer.Status == op.Status {
			return ""
		}
		return fmt.Sprint(cmp.Or(answer.Get("error_code"), any(answer.Status)))
	}
	if op.Command == "" && answer.Status != op.Status || op.Command != "" && answer.Status != http.StatusOK {
		return fmt.Sprint(answer.Status)
	}
	if op.Command != "" && answer.Get("status") != "processing-completed" {
		return fmt.Sprint(answer.Get("response", "error", "type"))
	}
	return ""
}

// settle lets provisioning come to its end.
func (f *fixture) settle() {
	f.t.Helper()
	f.Pass(apitest.SettleTime)
	apitest.Eventually(f.t, "all is provisioned", func() bool {
		steps := -1
		err := f.pool.QueryRow(f.t.Context(), `SELECT count(*) FROM steps WHERE account_id = $1`, f.ID).Scan(&steps)
		if err != nil {
			f.t.Fatal(err)
		}
		return steps == 0
	})
}

// body is the body that the document gives for an operation, about what is in the fixture.
func (f *fixture) body(op walked) any {
	f.t.Helper()
	return f.replace(op.typical())
}

// subscription changes a request for one to be of the fixture's kind.
func (f *fixture) subscription(body map[string]any) map[string]any {
	region := func(name, cidr string) any {
		return map[string]any{"region": name, "networking": map[string]any{"deploymentCIDR": cidr}}
	}
	provider, regions := "AWS", []any{region("us-east-1", "10.0.0.0/24"), region("us-east-2", "10.0.1.0/24")}
	if f.kind.google {
		provider, regions = "GCP", []any{region("us-east1", "10.0.0.0/24"), region("us-east4", "10.0.1.0/24")}
	}
	if f.kind.global {
		body["deploymentType"] = "active-active"
	} else {
		regions = regions[:1]
	}
	if f.kind.keyed {
		body["persistentStorageEncryptionType"] = "customer-managed-key"
	}
	place := map[string]any{"provider": provider, "regions": regions}
	if f.kind.own {
		account := f.ops["createCloudAccount"]
		place["cloudAccountId"] = f.create(account, account.Path).Get("response", "resourceId")
	}
	body["cloudProviders"] = []any{place}
	return body
}

// replace puts the ids of the fixture into a value.
func (f *fixture) replace(value any) any {
	switch value := value.(type) {
	case []any:
		for i, item := range value {
			value[i] = f.replace(item)
		}
	case map[string]any:
		for name, item := range value {
			if own := f.member(name); own != nil {
				item = own
			}
			value[name] = f.replace(item)
		}
	}
	return value
}

// member is a member of a body or a query that names something in the fixture, nil for any other.
func (f *fixture) member(name string) any {
	f.t.Helper()
	switch name {
	case "sourceDatabaseId":
		name = "databaseId"
	case "targetDatabaseId":
		return f.target()
	case "version_name":
		return "8.0"
	case "subscriptionId", "databaseId":
	default:
		return nil
	}
	if f.ids[name] == "" {
		f.database()
	}
	return json.Number(f.ids[name])
}

// target is the id of a database that can take over for the fixture's own.
func (f *fixture) target() any {
	f.t.Helper()
	endpoint := text(f.Do(http.MethodGet, f.database(), nil).Get("publicEndpoint"))
	port := json.Number(endpoint[strings.LastIndex(endpoint, ":")+1:])
	sub := fmt.Sprintf("/v1/subscriptions/%d", f.Create("/v1/subscriptions", apitest.SubscriptionBody("target")))
	f.settle()
	id := f.Create(sub+"/databases", map[string]any{"name": "target", "datasetSizeInGb": 1, "port": port})
	f.settle()
	return id
}

// database is the path of the fixture's own database.
func (f *fixture) database() string {
	f.t.Helper()
	if f.kind.fixed {
		return f.lead(f.ops["getEssentialsDatabase"])
	}
	return f.lead(f.ops["getProDatabase"])
}
