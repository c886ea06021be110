package mcp

import (
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// subscription is a Pro subscription as its tools show it.
type subscription struct {
	ID                int
	Name              string
	Status            string
	DeploymentType    string
	PaymentMethodID   int
	PaymentMethodType string
	MemoryStorage     string
	NumberOfDatabases int
	CloudDetails      []struct {
		Provider       string
		CloudAccountID int
		Regions        []struct {
			Region                     string
			MultipleAvailabilityZones  bool
			PreferredAvailabilityZones []string
			Networking                 []struct{ DeploymentCIDR string }
		}
	}
}

// database is a database as its tools show it.
type database struct {
	DatabaseID             int
	Name                   string
	Status                 string
	Protocol               string
	DatasetSizeInGb        float64
	RespVersion            string
	SupportOSSClusterAPI   bool `json:"supportOSSClusterApi"`
	DataPersistence        string
	DataEvictionPolicy     string
	Replication            bool
	ThroughputMeasurement  throughput
	PublicEndpoint         string
	QueryPerformanceFactor string
	Modules                []module
	Security               security
}

type throughput struct {
	By    string
	Value int
}

type module struct{ Name string }

type security struct {
	EnableTLS bool `json:"enableTls"`
	SourceIPs []string
}

// same compares databases. That there is an endpoint is all that is asked of it.
func (c *client) same(what string, want, got database) {
	c.t.Helper()
	if want.PublicEndpoint = got.PublicEndpoint; got.PublicEndpoint == "" {
		c.t.Errorf("%s: got %+v, want an endpoint", what, got)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		c.t.Errorf("%s: want (-), got (+):\n%s", what, diff)
	}
}

// ready waits until a Pro subscription is active.
func (c *client) ready(id int) (s subscription) {
	c.t.Helper()
	c.until("an active subscription", func() bool {
		s = subscription{}
		c.call("get-pro-subscription", arguments{"subscriptionId": id}, &s)
		return s.Status == "active"
	})
	return s
}

// databases are those of a Pro subscription.
func (c *client) databases(args arguments) []database {
	c.t.Helper()
	var all struct {
		Subscription []struct {
			SubscriptionID int
			Databases      []database
		}
	}
	c.call("get-pro-databases", args, &all)
	if len(all.Subscription) != 1 || all.Subscription[0].SubscriptionID != args["subscriptionId"] {
		c.t.Fatalf("get-pro-databases %v: got %+v, want those of the subscription", args, all)
	}
	return all.Subscription[0].Databases
}

// pro makes a subscription, and further databases in it.
func (c *client) pro() (id int) {
	t := c.t
	card := c.card()
	order := arguments{
		"name": "from-mcp", "dryRun": false, "deploymentType": "single-region", "memoryStorage": "ram",
		"paymentMethod": "credit-card", "paymentMethodId": card, "redisVersion": "7.4",
		"cloudProviders": []any{map[string]any{
			"provider": "AWS", "cloudAccountId": 1,
			"regions": []any{map[string]any{
				"region": "eu-west-1", "multipleAvailabilityZones": true,
				"preferredAvailabilityZones": []any{"euw1-az1", "euw1-az2", "euw1-az3"},
				"networking":                 map[string]any{"deploymentCIDR": "10.0.1.0/24"},
			}},
		}},
		"databases": []any{map[string]any{
			"name": "first", "protocol": "redis", "datasetSizeInGb": 0.5, "supportOSSClusterApi": false,
			"dataPersistence": "snapshot-every-6-hours", "replication": true, "quantity": 2, "respVersion": "resp3",
			"throughputMeasurement": map[string]any{"by": "operations-per-second", "value": 2000},
			"shardingType":          "default-regex-rules", "queryPerformanceFactor": "2x", "averageItemSizeInBytes": 1000,
			"modules": []any{map[string]any{"name": "RediSearch"}},
		}},
	}
	id = c.create("create-pro-subscription", order, "subscriptionCreateRequest")
	s := c.ready(id)
	want := subscription{
		ID: id, Name: "from-mcp", Status: "active", DeploymentType: "single-region", MemoryStorage: "ram",
		PaymentMethodID: card, PaymentMethodType: "credit-card", NumberOfDatabases: 2, CloudDetails: s.CloudDetails,
	}
	if diff := cmp.Diff(want, s); diff != "" {
		t.Errorf("get-pro-subscription: want (-), got (+):\n%s", diff)
	}
	if len(s.CloudDetails) != 1 || len(s.CloudDetails[0].Regions) != 1 {
		t.Fatalf("get-pro-subscription: got %+v, want one region", s)
	}
	cloud, region := s.CloudDetails[0], s.CloudDetails[0].Regions[0]
	if cloud.Provider != "AWS" || cloud.CloudAccountID != 1 ||
		region.Region != "eu-west-1" || !region.MultipleAvailabilityZones ||
		len(region.Networking) != 3 || region.Networking[0].DeploymentCIDR != "10.0.1.0/26" ||
		len(region.PreferredAvailabilityZones) != 3 {
		t.Errorf("get-pro-subscription: got %+v, want the region that was ordered", s.CloudDetails)
	}

	first := c.databases(arguments{"subscriptionId": id})
	if len(first) != 2 {
		t.Fatalf("get-pro-databases: got %+v, want two", first)
	}
	for i, name := range []string{"first-1", "first-2"} {
		c.same("get-pro-databases", database{
			DatabaseID: first[i].DatabaseID, Name: name, Status: "active",
			Protocol: "redis", RespVersion: "resp3", DatasetSizeInGb: 0.5,
			DataPersistence: "snapshot-every-6-hours", DataEvictionPolicy: "volatile-lru", Replication: true,
			ThroughputMeasurement: throughput{"operations-per-second", 2000}, QueryPerformanceFactor: "2x",
			Modules: []module{{"RediSearch"}}, Security: security{SourceIPs: []string{"0.0.0.0/0"}},
		}, first[i])
	}

	c.addDatabases(id)
	second := c.databases(arguments{"subscriptionId": id, "offset": 1, "limit": 2})
	all := c.databases(arguments{"subscriptionId": id})
	if len(all) != 4 || len(second) != 2 ||
		second[0].DatabaseID != all[1].DatabaseID || second[1].DatabaseID != all[2].DatabaseID {
		t.Errorf("get-pro-databases with an offset of 1 and a limit of 2: got %+v, want the second and third of %+v",
			second, all)
	}

	order["dryRun"] = true
	plan := c.command("create-pro-subscription", order, "subscriptionCreateRequest")
	if plan.Status != "processing-completed" {
		t.Errorf("a dry run: got %+v, want it completed", plan)
	}
	return id
}

// listed fails the test unless these are all Pro subscriptions.
func (c *client) listed(ids ...int) {
	c.t.Helper()
	var all struct{ Subscriptions []subscription }
	c.call("get-pro-subscriptions", nil, &all)
	var got []int
	for _, s := range all.Subscriptions {
		got = append(got, s.ID)
	}
	if diff := cmp.Diff(ids, got); diff != "" {
		c.t.Errorf("get-pro-subscriptions: want (-), got (+):\n%s", diff)
	}
}

// addDatabases makes two more in a Pro subscription.
func (c *client) addDatabases(id int) {
	t := c.t
	order := arguments{
		"subscriptionId": id, "dryRun": false, "name": "full", "protocol": "redis", "port": 12345, "datasetSizeInGb": 1,
		"respVersion": "resp2", "supportOSSClusterApi": true, "replication": true,
		"dataPersistence": "aof-every-1-second", "dataEvictionPolicy": "allkeys-lru",
		"throughputMeasurement":  map[string]any{"by": "operations-per-second", "value": 3000},
		"averageItemSizeInBytes": 1000, "sourceIp": []any{"10.1.0.0/16"}, "enableTls": true, "password": "Secret-0123456789",
		"modules":      []any{map[string]any{"name": "RediSearch", "parameters": map[string]any{}}},
		"shardingType": "redis-oss-hashing", "queryPerformanceFactor": "2x",
	}
	full := c.create("create-pro-database", order, "databaseCreateRequest")
	c.ready(id)
	memcached := c.create("create-pro-database", arguments{
		"subscriptionId": id, "dryRun": false, "name": "mem", "protocol": "memcached", "datasetSizeInGb": 0.1,
		"saslUsername": "somebody", "saslPassword": "Secret-0123456789",
	}, "databaseCreateRequest")
	c.ready(id)
	order["dryRun"], order["name"], order["port"] = true, "never", 12346
	if plan := c.command("create-pro-database", order, "databaseCreateRequest"); plan.Status != "processing-completed" {
		t.Errorf("a dry run: got %+v, want it completed", plan)
	}

	got := map[int]database{}
	for _, db := range c.databases(arguments{"subscriptionId": id}) {
		got[db.DatabaseID] = db
	}
	c.same("get-pro-databases", database{
		DatabaseID: memcached, Name: "mem", Status: "active", Protocol: "memcached", DatasetSizeInGb: 0.1,
		DataPersistence: "none", DataEvictionPolicy: "volatile-lru", Replication: true,
		ThroughputMeasurement: throughput{"operations-per-second", 1000}, QueryPerformanceFactor: "Standard",
		Modules: []module{}, Security: security{SourceIPs: []string{"0.0.0.0/0"}},
	}, got[memcached])
	c.same("get-pro-databases", database{
		DatabaseID: full, Name: "full", Status: "active", Protocol: "redis", DatasetSizeInGb: 1, RespVersion: "resp2",
		SupportOSSClusterAPI: true, Replication: true,
		DataPersistence: "aof-every-1-second", DataEvictionPolicy: "allkeys-lru",
		ThroughputMeasurement: throughput{"operations-per-second", 3000}, QueryPerformanceFactor: "2x",
		Modules: []module{{"RediSearch"}}, Security: security{EnableTLS: true, SourceIPs: []string{"10.1.0.0/16"}},
	}, got[full])
	if !strings.HasSuffix(got[full].PublicEndpoint, ":12345") {
		t.Errorf("get-pro-databases: got the endpoint %s, want port 12345", got[full].PublicEndpoint)
	}
}

// activeActive makes a subscription in two regions.
func (c *client) activeActive() (id int) {
	t := c.t
	region := func(name, cidr string) any {
		return map[string]any{"region": name, "networking": map[string]any{"deploymentCIDR": cidr}}
	}
	local := func(name string, write, read int) any {
		return map[string]any{"region": name, "writeOperationsPerSecond": write, "readOperationsPerSecond": read}
	}
	id = c.create("create-pro-subscription", arguments{
		"name": "everywhere", "deploymentType": "active-active", "paymentMethod": "marketplace",
		"cloudProviders": []any{map[string]any{
			"provider": "GCP",
			"regions":  []any{region("us-central1", "10.0.2.0/24"), region("europe-west1", "10.0.3.0/24")},
		}},
		"databases": []any{map[string]any{
			"name": "global", "protocol": "redis", "datasetSizeInGb": 1,
			"localThroughputMeasurement": []any{local("us-central1", 1000, 2000), local("europe-west1", 1500, 500)},
		}},
	}, "subscriptionCreateRequest")
	s := c.ready(id)
	var regions []string
	for _, cloud := range s.CloudDetails {
		for _, region := range cloud.Regions {
			regions = append(regions, cloud.Provider+" "+region.Region)
		}
	}
	slices.Sort(regions)
	if s.DeploymentType != "active-active" || s.PaymentMethodType != "marketplace" || s.NumberOfDatabases != 1 ||
		!cmp.Equal(regions, []string{"GCP europe-west1", "GCP us-central1"}) {
		t.Errorf("get-pro-subscription: got %+v, want an Active-Active one in two regions, paid through a marketplace", s)
	}
	var all struct {
		Subscription []struct {
			Databases []struct {
				Name          string
				CRDBDatabases []struct {
					Region                   string
					WriteOperationsPerSecond int
					ReadOperationsPerSecond  int
				} `json:"crdbDatabases"`
			}
		}
	}
	c.call("get-pro-databases", arguments{"subscriptionId": id}, &all)
	if len(all.Subscription) != 1 || len(all.Subscription[0].Databases) != 1 {
		t.Fatalf("get-pro-databases: got %+v, want one database", all)
	}
	got := map[string][2]int{}
	for _, db := range all.Subscription[0].Databases[0].CRDBDatabases {
		got[db.Region] = [2]int{db.WriteOperationsPerSecond, db.ReadOperationsPerSecond}
	}
	if diff := cmp.Diff(map[string][2]int{"us-central1": {1000, 2000}, "europe-west1": {1500, 500}}, got); diff != "" {
		t.Errorf("get-pro-databases: throughput: want (-), got (+):\n%s", diff)
	}
	return id
}

// refusals are what the API, and what the MCP server itself, refuse.
func (c *client) refusals() {
	t := c.t
	order := func(region, database map[string]any) arguments {
		return arguments{
			"name": "refused", "paymentMethod": "marketplace",
			"cloudProviders": []any{map[string]any{"regions": []any{region}}},
			"databases":      []any{database},
		}
	}
	// Redis' own cloud account has no VPC of the customer's.
	ended := c.command("create-pro-subscription", order(
		map[string]any{
			"region": "us-east-1", "networking": map[string]any{"deploymentCIDR": "10.0.4.0/24", "vpcId": "vpc-0123456789"},
		},
		map[string]any{"name": "d", "protocol": "redis"},
	), "subscriptionCreateRequest")
	refused := ended.Response.Error
	if refused == nil || refused.Type != "VPC_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT" {
		t.Errorf("a VPC in Redis' own cloud account: got %+v, error %+v, want it refused", ended, refused)
	}
	// The schema that the tool shows wants an object, as the API does; the tool wants a list.
	text, isError := c.try("create-pro-subscription", order(
		map[string]any{"region": "us-east-1"},
		map[string]any{
			"name": "d", "protocol": "redis",
			"modules": []any{map[string]any{"name": "RediSearch", "parameters": map[string]any{}}},
		},
	))
	if !isError || text != "Error: Invalid input: Input validation for Create pro subscription" {
		t.Errorf("parameters of a module: got %s, want the tool's own refusal", text)
	}
}
