package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Availabilities of plans.
const (
	noReplication = "No replication"
	MultiZone     = "Multi-zone"
)

// DatabasesOfPlan is how many databases a subscription of any plan may hold.
const DatabasesOfPlan = 1

// Plan is a size in which Essentials subscriptions are sold, in one region.
type Plan struct {
	ID                     int64   `json:"id"`
	Name                   string  `json:"name"`
	Size                   float64 `json:"size"`
	SizeMeasurementUnit    string  `json:"sizeMeasurementUnit"` // MB or GB
	Provider               string  `json:"provider"`            // AWS, GCP or Azure, in this spelling
	Region                 string  `json:"region"`
	RegionID               int64   `json:"regionId"`
	Price                  int64   `json:"price"` // USD a month; 0: the free plan
	MaximumThroughput      int64   `json:"maximumThroughput"`
	MaximumBandwidthGB     int64   `json:"maximumBandwidthGB"`
	Availability           string  `json:"availability"`
	Connections            string  `json:"connections"`
	CIDRAllowRules         int     `json:"cidrAllowRules"` // source addresses of a database
	SupportDataPersistence bool    `json:"supportDataPersistence"`
	RedisFlex              bool    `json:"redisFlex"` // data in RAM and on flash
	Retired                bool    `json:"-"`         // known by its id, and in no list
}

// Free reports whether the plan costs nothing.
func (p Plan) Free() bool { return p.Price == 0 }

// Replicated reports whether its databases have a replica.
func (p Plan) Replicated() bool { return p.Availability != noReplication }

// DatasetSize is what is left for data, in the unit of the size.
func (p Plan) DatasetSize(replication bool) float64 { return p.Size / float64(Copies(replication)) }

// MemoryStorage is where data lives.
func (p Plan) MemoryStorage() string {
	if p.RedisFlex {
		return RAMAndFlash
	}
	return RAM
}

// alerts that databases of the plan know, those about replication aside.
func (p Plan) alerts() []string {
	if p.Free() {
		return []string{AlertDatasetsSize, AlertConnections}
	}
	return []string{AlertDatasetsSize, "throughput-higher-than", "throughput-lower-than", "latency", AlertConnections}
}

// Lacks reports whether databases of the plan cannot have an alert. The list that clients
// see leaves out those of replicas.
func (p Plan) Lacks(alert string) bool {
	ofReplicas := alert == "syncsource-error" || alert == "syncsource-lag"
	return !slices.Contains(p.alerts(), alert) && (p.Free() || !ofReplicas)
}

func (p Plan) customerSupport() string {
	if p.Free() {
		return "Basic"
	}
	return "Standard"
}

// PlanByID finds a plan by its id.
func PlanByID(id int64) (Plan, bool) {
	plans := Plans()
	i, ok := slices.BinarySearchFunc(plans, id, func(p Plan, id int64) int { return cmp.Compare(p.ID, id) })
	if !ok {
		return Plan{}, false
	}
	return plans[i], true
}

func planOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listEssentialsPlans", listEssentialsPlans),
		engine.Answer("getEssentialsPlan", getEssentialsPlan),
	}
}

// PlanView is a plan as a client sees it: with what follows from the rest.
type PlanView struct {
	Plan
	DatasetSize                   float64  `json:"datasetSize"`
	PriceCurrency                 string   `json:"priceCurrency"`
	PricePeriod                   string   `json:"pricePeriod"`
	MaximumDatabases              int      `json:"maximumDatabases"`
	SupportInstantAndDailyBackups bool     `json:"supportInstantAndDailyBackups"`
	SupportReplication            bool     `json:"supportReplication"`
	SupportClustering             bool     `json:"supportClustering"`
	SupportSSL                    bool     `json:"supportSsl"`
	SupportedAlerts               []string `json:"supportedAlerts"`
	CustomerSupport               string   `json:"customerSupport"`
	wire.Linked
}

// Show returns the plan as clients see it.
func (p Plan) Show() *PlanView {
	return &PlanView{
		Plan:                          p,
		DatasetSize:                   p.DatasetSize(p.Replicated()),
		PriceCurrency:                 "USD",
		PricePeriod:                   "Month",
		MaximumDatabases:              DatabasesOfPlan,
		SupportInstantAndDailyBackups: !p.Free(),
		SupportReplication:            p.Replicated(),
		SupportSSL:                    !p.Free(),
		SupportedAlerts:               p.alerts(),
		CustomerSupport:               p.customerSupport(),
		Linked:                        wire.Linked{Links: wire.NoLinks()},
	}
}

// PlanList is several plans as clients see them.
type PlanList struct {
	Plans []*PlanView `json:"plans"`
	wire.Linked
}

// ShowPlans returns plans as clients see them.
func ShowPlans(plans []Plan) *PlanList {
	list := &PlanList{Plans: []*PlanView{}}
	for _, p := range plans {
		list.Plans = append(list.Plans, p.Show())
	}
	return list
}

type planFilter struct {
	Provider  string `query:"provider" json:"-"` // in capitals, unlike in the answer; empty: all
	RedisFlex bool   `query:"redisFlex" json:"-"`
}

// Plans of Redis Flex are for those who ask for them: Terraform's data source neither
// does nor tells them from others of their size, and takes two that fit for none.
func listEssentialsPlans(_ context.Context, _ *store.Tx, in planFilter) (*PlanList, error) {
	return ShowPlans(slices.DeleteFunc(slices.Clone(Plans()), func(p Plan) bool {
		return p.Retired || in.RedisFlex != p.RedisFlex ||
			in.Provider != "" && in.Provider != strings.ToUpper(p.Provider)
	})), nil
}

type planPath struct {
	ID int64 `path:"planId" json:"-"`
}

func getEssentialsPlan(_ context.Context, _ *store.Tx, in planPath) (*PlanView, error) {
	p, ok := PlanByID(in.ID)
	if !ok {
		return nil, cloud.Errorf("ENTITY_NOT_FOUND", "Plan %d was not found.", in.ID)
	}
	return p.Show(), nil
}

// CheckPlanChange reports whether a subscription may go from one plan to another,
// as far as the plans themselves decide.
//
// doc: subscriptions/view-essentials-subscription
func CheckPlanChange(from, to Plan) error {
	wasMulti, willMulti := from.Availability == MultiZone, to.Availability == MultiZone
	switch {
	case from.Provider != to.Provider:
		return cloud.Errorf("FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_CLOUD_PROVIDER_AND_SUBSCRIPTION_CLOUD_PROVIDER",
			"Plan %d is at %s, the subscription at %s.", to.ID, to.Provider, from.Provider)
	case from.Region != to.Region:
		return cloud.Errorf("FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_REGION_AND_SUBSCRIPTION_REGION",
			"Plan %d is in region %s, the subscription in %s.", to.ID, to.Region, from.Region)
	case to.RedisFlex && !from.RedisFlex:
		return cloud.Errorf("NON_REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_REDIS_FLEX_PLAN",
			"A subscription cannot become one of Redis Flex.")
	case from.RedisFlex && !to.RedisFlex:
		return cloud.Errorf("REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_NON_REDIS_FLEX",
			"A subscription of Redis Flex cannot leave it.")
	case wasMulti && !willMulti:
		return cloud.Errorf(
			"FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_MULTI_ZONE_TO_SINGLE_ZONE_OR_NO_REPLICATION",
			"A subscription in several zones stays there.",
		)
	case !wasMulti && willMulti:
		return cloud.Errorf(
			"FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_SINGLE_ZONE_OR_NO_REPLICATION_TO_MULTI_ZONE",
			"A subscription in one zone cannot be spread over several.",
		)
	}
	return nil
}
