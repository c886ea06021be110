// Package model predicts, lightly, what random requests of all families must lead to: which resources there are, which
// states they may be in, and what a read of them shows. It knows operations by their operationId and takes paths and
// methods from the documents of the dialects. A new family is some lines of the tables in kinds.go and actions.go. The
// lines also say what is different in a dialect: what its lists call a state, what clients are told of at once, how a
// request must be answered. What is a task in one and a job in another is in jobs.go.
package model

import (
	"slices"
	"strings"
)

// kind is a sort of resource: how it lives, and how the API shows it.
type kind struct {
	name     string // as it is stored
	parent   string // name of the kind of its parent; empty: it has none
	param    string // path parameter that names one; empty: its parent's path does
	time     string // states that follow one another by themselves
	task     string // states that an operation moves it to
	keptBy   string // kind of what must go before one of these can be deleted
	provider string // cloud provider that alone has it

	list   string // operation that lists those of a parent; empty: none does
	items  string // where in its answer, and after a | in that of its twin
	id     string // member of an item, likewise; empty: items have no id
	get    string // operation that shows one; empty: none does
	hidden string // states in which the list leaves one out
	early  bool   // none shows while what it is below is being created
	words  string // what a list calls states, where those are other words: "WORD=state"
	looks  string // states that a list shows as another one: "state=other"
	pages  int    // of so many items a list is at most; 0: it is whole
	always bool   // the account itself: one is there from the start, and nothing shows it
}

// Words of a life that are no states: before and after it, and any state.
const (
	unborn   = "new"
	gone     = "gone"
	anyState = "*"
)

// everyKind lists the kinds, parents first. The states are those of the cloud; where it has several for one stretch of
// time, those that the official clients wait for.
func everyKind() []kind {
	return []kind{
		{
			name: "cloud account", param: "cloudAccountId", time: "draft>active change-draft>active",
			task: "new>draft active>change-draft *>gone", keptBy: "subscription",
			list: "listCloudAccounts", items: "cloudAccounts", id: "id", get: "getCloudAccount",
		},
		{
			name: "subscription", param: "subscriptionId", time: "pending>active pending>encryption_key_pending deleting>gone",
			task:   "new>pending active>pending encryption_key_pending>pending active>deleting encryption_key_pending>deleting",
			keptBy: "database", list: "listProSubscriptions", items: "subscriptions", id: "id", get: "getProSubscription",
		},
		{
			name: "database", parent: "subscription", param: "databaseId",
			time: "pending>active active-change-pending>active active-upgrade-pending>active deleting>gone",
			task: "new>pending active>active-change-pending active>active-upgrade-pending *>deleting", early: true,
			list: "listProDatabases", items: "subscription.0.databases", id: "databaseId", get: "getProDatabase",
		},
		{name: "database-job", parent: "database", time: "pending>active", task: "new>pending active>pending pending>active"},
		{
			name: "essentials-subscription", param: "subscriptionId", time: "pending>active deleting>gone",
			task: "new>pending active>pending active>deleting", keptBy: "essentials-database",
			list: "listEssentialsSubscriptions", items: "subscriptions", id: "id", get: "getEssentialsSubscription",
		},
		{
			name: "essentials-database", parent: "essentials-subscription", param: "databaseId",
			time: "draft>pending>active active-change-pending>active", task: "new>draft active>active-change-pending *>gone",
			list: "listEssentialsDatabases", items: "subscription.databases", id: "databaseId", get: "getEssentialsDatabase",
		},
		{
			name: "essentials-database-job", parent: "essentials-database", time: "pending>active",
			task: "new>pending active>pending pending>active",
		},
		{
			name: "ACL rule", param: "aclRedisRuleId", time: "pending>active deleting>gone",
			task: "new>pending active>pending *>deleting", keptBy: "ACL role",
			list: "listAclRedisRules", items: "redisRules", id: "id",
		},
		{
			name: "ACL role", param: "aclRoleId", time: "pending>active deleting>gone",
			task: "new>pending active>pending active>deleting", keptBy: "ACL user",
			list: "listAclRoles", items: "roles", id: "id",
		},
		{
			name: "ACL user", param: "aclUserId", time: "pending>active deleting>gone",
			task: "new>pending active>pending *>deleting", list: "listAclUsers", items: "users", id: "id", get: "getAclUser",
		},
		{name: "user", param: "userId", task: "new>active"},
		{
			name: "peering", parent: "subscription", param: "peeringId",
			time: "initiating-request>pending-acceptance>active initiating-request>inactive",
			task: "new>initiating-request *>gone", list: "listVpcPeerings",
			items: "response.resource.peerings|response.resource.regions.*.vpcPeerings", id: "vpcPeeringId|id",
		},
		{
			name: "transit-gateway", parent: "subscription", param: "tgwId", task: "new>accepted new>rejected *>gone",
			hidden: "rejected", provider: "AWS", list: "listTransitGateways", items: "response.resource.tgws", id: "id",
		},
		{
			name: "transit-gateway-attachment", parent: "transit-gateway", time: "initiating-request>pending>available",
			task: "new>initiating-request *>gone",
		},
		{
			name: "psc-service", parent: "subscription", param: "pscServiceId", keptBy: "psc-endpoint", provider: "GCP",
			time: "create-queued>initialized>create-pending>active", task: "new>create-queued *>gone",
			list: "getPscService", items: "response.resource", id: "id",
		},
		{
			name: "psc-endpoint", parent: "psc-service", param: "endpointId", provider: "GCP",
			time: "initialized>processing>pending accept-pending>active reject-pending>rejected",
			task: "new>initialized pending>accept-pending rejected>accept-pending " +
				"pending>reject-pending active>reject-pending *>gone",
			list: "listPscEndpoints", items: "response.resource.endpoints", id: "id",
		},
		{
			name: "private-link", parent: "subscription", provider: "AWS",
			time: "initializing>active", task: "new>initializing *>gone", list: "getPrivateLink", items: "response.resource",
		},
		{
			name: "private-link-principal", parent: "private-link", time: "associating>associated",
			task: "new>associating *>gone", provider: "AWS",
			list: "getPrivateLink", items: "response.resource.principals",
		},
		{
			name: "redirection", param: "redirectionId", time: "initiated>pending>in-progress>completed in-progress>reverted",
			task: "new>initiated completed>in-progress", get: "getEndpointRedirection",
		},
		{name: "data-integration-workspace", parent: "subscription", task: "new>active active>gone"},
		{name: "cost-report", param: "costReportId", task: "new>active"},
		{name: project, always: true},
		{
			name: "instance", param: "instance_id", time: "pending>active rebooting>active deleting>gone",
			task: "new>pending active>rebooting active>deleting", list: "listInstances", items: "instances", id: "id",
			words: "BUILD=pending ACTIVE=active REBOOTING=rebooting", looks: "deleting=active", pages: 100,
		},
	}
}

// state is what a list calls by a word.
func (k kind) state(word string) string { return translated(k.words, word) }

// shown is the state as which a list shows one.
func (k kind) shown(state string) string { return translated(k.looks, state) }

// translated is what a text stands for in pairs like "one=other", or the text itself.
func translated(pairs, text string) string {
	for pair := range strings.FieldsSeq(pairs) {
		if from, to, _ := strings.Cut(pair, "="); from == text {
			return to
		}
	}
	return text
}

// reach is the states that a resource may be in after a while: by time alone, or also by operations.
func (k kind) reach(from string, operations bool) map[string]bool {
	edges := strings.Fields(k.time)
	if operations {
		edges = append(edges, strings.Fields(k.task)...)
	}
	there := from != unborn && from != gone
	reached := map[string]bool{from: true}
	for grown := true; grown; {
		grown = false
		for _, chain := range edges {
			states := strings.Split(chain, ">")
			for i := 1; i < len(states); i++ {
				before, after := states[i-1], states[i]
				if (reached[before] || before == anyState && there) && !reached[after] {
					reached[after], grown = true, true
				}
			}
		}
	}
	return reached
}

// knows reports whether a state is one of the kind's.
func (k kind) knows(state string) bool {
	states := strings.FieldsFunc(k.time+" "+k.task, func(r rune) bool { return r == ' ' || r == '>' })
	return state != unborn && state != gone && slices.Contains(states, state)
}

// leaving reports whether a resource in a state is on its way out.
func (k kind) leaving(state string) bool { return k.reach(state, false)[gone] }

// settled reports whether a resource in a state stays in it until it is asked for something.
func (k kind) settled(state string) bool { return len(k.reach(state, false)) == 1 }

// either is the first or, for twins, the second of two texts around a |.
func either(text string, twin bool) string {
	one, other, both := strings.Cut(text, "|")
	if twin && both {
		return other
	}
	return one
}
