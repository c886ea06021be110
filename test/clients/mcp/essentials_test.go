package mcp

import (
	"maps"
	"slices"
	"strings"

	"github.com/google/go-cmp/cmp"
)

// plan is an Essentials plan as its tool shows it.
type plan struct {
	ID                  int
	Name                string
	Size                float64
	SizeMeasurementUnit string
	RegionID            int
	Price               float64
	PriceCurrency       string
	PricePeriod         string
}

// page is a part of a list that the MCP server cuts into pages.
type page[T any] struct {
	Content       []T
	TotalElements int
	TotalPages    int
	Number        int
	Last          bool
}

// essentialsSubscription is an Essentials subscription as its tools show it.
type essentialsSubscription struct {
	ID                int
	Name              string
	Status            string
	PlanID            int
	PaymentMethodType string
	PaymentMethodID   int
}

// plans are all plans of a provider, read page by page.
func (c *client) plans(provider string, flex bool) (all []plan) {
	c.t.Helper()
	for number := 0; ; number++ {
		var got page[plan]
		c.call("get-essentials-plans", arguments{"provider": provider, "redisFlex": flex, "page": number, "size": 20}, &got)
		all = append(all, got.Content...)
		if got.Number != number || len(got.Content) == 0 {
			c.t.Fatalf("get-essentials-plans: got page %d with %d plans, want page %d", got.Number, len(got.Content), number)
		}
		if got.Last {
			if len(all) != got.TotalElements {
				c.t.Errorf("get-essentials-plans: got %d plans, want all of %d", len(all), got.TotalElements)
			}
			return all
		}
	}
}

// named is the plan of a name in us-east-1.
func (c *client) named(plans []plan, name string) plan {
	c.t.Helper()
	i := slices.IndexFunc(plans, func(p plan) bool { return p.Name == name && p.RegionID == 1 })
	if i < 0 {
		c.t.Fatalf("get-essentials-plans: got %+v, want %s in us-east-1 among them", plans, name)
	}
	return plans[i]
}

// essentials makes a free and a paid subscription with a database each, and deletes both.
func (c *client) essentials() {
	t := c.t
	for _, p := range c.plans("AZURE", true) {
		if !strings.Contains(p.Name, "Flex") {
			t.Errorf("get-essentials-plans: got %+v, want Flex", p)
		}
	}
	plans := c.plans("AWS", false)
	free, paid := c.named(plans, "30MB"), c.named(plans, "Single-Zone_Persistence_1GB")
	if free.Price != 0 || free.Size != 30 || free.SizeMeasurementUnit != "MB" ||
		paid.Price == 0 || paid.PriceCurrency != "USD" || paid.PricePeriod != "Month" {
		t.Errorf("get-essentials-plans: got %+v and %+v, want a free one and a paid one", free, paid)
	}
	order := arguments{"name": "free", "planId": free.ID}
	first := c.create("create-essential-subscription", order, "fixedSubscriptionCreateRequest")
	second := c.create("create-essential-subscription", arguments{
		"name": "paid", "planId": paid.ID, "paymentMethod": "credit-card", "paymentMethodId": c.card(),
	}, "fixedSubscriptionCreateRequest")
	c.until("two active Essentials subscriptions", func() bool {
		var got page[essentialsSubscription]
		c.call("get-essential-subscriptions", arguments{"page": 0, "size": 1}, &got)
		if got.TotalElements != 2 || got.TotalPages != 2 || len(got.Content) != 1 {
			t.Fatalf("get-essential-subscriptions, one a page: got %+v, want the first of two", got)
		}
		c.call("get-essential-subscriptions", nil, &got)
		return got.Content[0].Status == "active" && got.Content[1].Status == "active"
	})

	c.payAsYouGo(second)
	plain, full := c.essentialsDatabases(first, second)
	for _, id := range []int{first, second} {
		c.refusesItself("get-essential-subscription-by-id", id)
		c.refusesItself("delete-essential-subscription", id)
	}
	c.byService(essentialsSubscription{
		ID: first, Name: "free", Status: "active", PlanID: free.ID, PaymentMethodType: "credit-card",
	}, plain)
	c.byService(essentialsSubscription{
		ID: second, Name: "paid", Status: "active", PlanID: paid.ID,
		PaymentMethodType: "credit-card", PaymentMethodID: c.card(),
	}, full)
}

// essentialsDatabases makes a database in each of two subscriptions.
func (c *client) essentialsDatabases(free, paid int) (plain, full int) {
	order := arguments{"subscriptionId": free, "name": "plain"}
	plain = c.create("create-essential-database", order, "fixedDatabaseCreateRequest")
	full = c.create("create-essential-database", arguments{
		"subscriptionId": paid, "name": "full", "protocol": "redis", "respVersion": "resp2",
		"dataPersistence": "aof-every-write", "dataEvictionPolicy": "allkeys-lfu", "replication": true,
		"periodicBackupPath": "s3://bucket/path", "sourceIps": []any{"10.1.0.0/16"},
		"enableTls": true, "password": "Secret-0123456789",
		"modules": []any{map[string]any{"name": "RedisJSON", "parameters": map[string]any{}}},
	}, "fixedDatabaseCreateRequest")
	c.essentialsDatabase(free, database{
		DatabaseID: plain, Name: "plain", Status: "active", Protocol: "stack", RespVersion: "resp3",
		DataPersistence: "none", DataEvictionPolicy: "volatile-lru",
		Modules:  []module{{"RedisBloom"}, {"RedisJSON"}, {"RediSearch"}, {"RedisTimeSeries"}},
		Security: security{SourceIPs: []string{"0.0.0.0/0"}},
	})
	c.essentialsDatabase(paid, database{
		DatabaseID: full, Name: "full", Status: "active", Protocol: "redis", RespVersion: "resp2",
		DataPersistence: "aof-every-write", DataEvictionPolicy: "allkeys-lfu", Replication: true,
		Modules:  []module{{"RedisJSON"}},
		Security: security{EnableTLS: true, SourceIPs: []string{"10.1.0.0/16"}},
	})
	return plain, full
}

// essentialsDatabase waits until the only database of an Essentials subscription is active, and looks at it.
func (c *client) essentialsDatabase(subscription int, want database) {
	c.t.Helper()
	var got database
	c.until("an active Essentials database", func() bool {
		var all struct {
			Subscription struct {
				SubscriptionID int
				Databases      []database
			}
		}
		c.call("get-essential-databases", arguments{"subscriptionId": subscription, "offset": 0, "limit": 10}, &all)
		if all.Subscription.SubscriptionID != subscription || len(all.Subscription.Databases) != 1 {
			c.t.Fatalf("get-essential-databases: got %+v, want the one that was made", all)
		}
		got = all.Subscription.Databases[0]
		return got.Status == "active"
	})
	c.same("get-essential-databases", want, got)
}

// payAsYouGo holds the arguments that are for pay-as-you-go plans, which there are none of, to their refusal.
func (c *client) payAsYouGo(subscription int) {
	for _, tt := range []struct {
		member  arguments
		refusal string
	}{
		{
			arguments{"datasetSizeInGb": 0.5},
			"FIXED_DATABASE_MEMORY_LIMIT_IN_GB_AND_DATA_SET_SIZE_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
		},
		{arguments{"supportOSSClusterApi": true}, "FIXED_DATABASE_OSS_CLUSTER_API_IS_NOT_SUPPORTED_IN_REQUESTED_PLAN"},
		{
			arguments{"useExternalEndpointForOSSClusterApi": true},
			"FIXED_DATABASE_USE_EXTERNAL_ENDPOINT_FOR_OSS_CLUSTER_API_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		{
			arguments{"enableDatabaseClustering": true},
			"FIXED_DATABASE_ENABLE_DATABASE_CLUSTERING_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
		},
		{arguments{"numberOfShards": 2}, "FIXED_DATABASE_NUMBER_OF_SHARDS_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO"},
	} {
		order := arguments{"subscriptionId": subscription, "name": "large"}
		maps.Copy(order, tt.member)
		ended := c.command("create-essential-database", order, "fixedDatabaseCreateRequest")
		if refused := ended.Response.Error; refused == nil || refused.Type != tt.refusal {
			c.t.Errorf("create-essential-database %v: got %+v, error %+v, want %s", order, ended, refused, tt.refusal)
		}
	}
}

// refusesItself holds a tool to what it does in this version: it looks for a number and is shown the object with the
// number in it, so that it refuses every argument and sends nothing.
func (c *client) refusesItself(tool string, id int) {
	c.t.Helper()
	text, isError := c.try(tool, arguments{"subscriptionId": id})
	if !isError || text != "Error: Invalid input: Input validation for Essential subscription ID" {
		c.t.Errorf("%s: got %s, want the tool's own refusal", tool, text)
	}
}

// byService does what the two tools that refuse would do, with the API client of the package, which they would do it
// with: it looks at a subscription, and deletes it and its database.
func (c *client) byService(want essentialsSubscription, database int) {
	t := c.t
	const class = "SubscriptionsEssentialsService"
	var got essentialsSubscription
	c.service(class, "getSubscriptionById1", &got, want.ID)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s.getSubscriptionById1: want (-), got (+):\n%s", class, diff)
	}
	var begun task
	c.service("DatabasesEssentialsService", "deleteFixedDatabaseById1", &begun, want.ID, database)
	ended := c.finished(begun)
	if ended.CommandType != "fixedDatabaseDeleteRequest" || ended.Status != "processing-completed" {
		t.Errorf("delete an Essentials database: got %+v, error %+v, want it completed", ended, ended.Response.Error)
	}
	c.service(class, "deleteSubscriptionById1", &begun, want.ID)
	ended = c.finished(begun)
	if ended.CommandType != "fixedSubscriptionDeleteRequest" || ended.Status != "processing-completed" {
		t.Errorf("delete an Essentials subscription: got %+v, error %+v, want it completed", ended, ended.Response.Error)
	}
	c.until("a list without what was deleted", func() bool {
		var got page[essentialsSubscription]
		c.call("get-essential-subscriptions", nil, &got)
		return !slices.ContainsFunc(got.Content, func(s essentialsSubscription) bool { return s.ID == want.ID })
	})
}
