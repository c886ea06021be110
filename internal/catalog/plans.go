package catalog

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Availabilities of plans.
const (
	noReplication = "No replication"
	multiZone     = "Multi-zone"
)

// databasesOfPlan is how many databases a subscription of any plan may hold.
const databasesOfPlan = 1

// plan is a size in which Essentials subscriptions are sold, in one region.
type plan struct {
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

// free reports whether the plan costs nothing.
func (p plan) free() bool { return p.Price == 0 }

// replicated reports whether its databases have a replica.
func (p plan) replicated() bool { return p.Availability != noReplication }

// datasetSize is what is left for data, in the unit of the size.
func (p plan) datasetSize(replication bool) float64 { return p.Size / float64(copies(replication)) }

// memoryStorage is where data lives.
func (p plan) memoryStorage() string {
	if p.RedisFlex {
		return ramAndFlash
	}
	return ram
}

// alerts that databases of the plan know, those about replication aside.
func (p plan) alerts() []string {
	if p.free() {
		return []string{alertDatasetsSize, alertConnections}
	}
	return []string{alertDatasetsSize, "throughput-higher-than", "throughput-lower-than", "latency", alertConnections}
}

// lacks reports whether databases of the plan cannot have an alert. The list that clients
// see leaves out those of replicas.
func (p plan) lacks(alert string) bool {
	ofReplicas := alert == "syncsource-error" || alert == "syncsource-lag"
	return !slices.Contains(p.alerts(), alert) && (p.free() || !ofReplicas)
}

func (p plan) customerSupport() string {
	if p.free() {
		return "Basic"
	}
	return "Standard"
}

// plan finds a plan by its id.
func (c *Catalog) plan(id int64) (plan, bool) {
	i, ok := slices.BinarySearchFunc(c.plans, id, func(p plan, id int64) int { return cmp.Compare(p.ID, id) })
	if !ok {
		return plan{}, false
	}
	return c.plans[i], true
}

func (c *Catalog) planOperations() []engine.Operation {
	return []engine.Operation{
		engine.Sync("listEssentialsPlans", c.listEssentialsPlans),
		engine.Sync("getEssentialsPlan", c.getEssentialsPlan),
	}
}

// planView is a plan as a client sees it: with what follows from the rest.
type planView struct {
	plan
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
	Linked
}

// show returns the plan as clients see it.
func (p plan) show() *planView {
	return &planView{
		plan:                          p,
		DatasetSize:                   p.datasetSize(p.replicated()),
		PriceCurrency:                 "USD",
		PricePeriod:                   "Month",
		MaximumDatabases:              databasesOfPlan,
		SupportInstantAndDailyBackups: !p.free(),
		SupportReplication:            p.replicated(),
		SupportSSL:                    !p.free(),
		SupportedAlerts:               p.alerts(),
		CustomerSupport:               p.customerSupport(),
		Linked:                        Linked{Links: noLinks()},
	}
}

// planList is several plans as clients see them.
type planList struct {
	Plans []*planView `json:"plans"`
	Linked
}

// showPlans returns plans as clients see them.
func showPlans(plans []plan) *planList {
	list := &planList{Plans: []*planView{}}
	for _, p := range plans {
		list.Plans = append(list.Plans, p.show())
	}
	return list
}

type planFilter struct {
	Provider  string `query:"provider" json:"-"` // in capitals, unlike in the answer; empty: all
	RedisFlex bool   `query:"redisFlex" json:"-"`
}

// Plans of Redis Flex are for those who ask for them: Terraform's data source neither
// does nor tells them from others of their size, and takes two that fit for none.
func (c *Catalog) listEssentialsPlans(_ context.Context, _ *store.Tx, in planFilter) (*planList, error) {
	return showPlans(slices.DeleteFunc(slices.Clone(c.plans), func(p plan) bool {
		return p.Retired || in.RedisFlex != p.RedisFlex ||
			in.Provider != "" && in.Provider != strings.ToUpper(p.Provider)
	})), nil
}

type planPath struct {
	ID int64 `path:"planId" json:"-"`
}

func (c *Catalog) getEssentialsPlan(_ context.Context, _ *store.Tx, in planPath) (*planView, error) {
	p, ok := c.plan(in.ID)
	if !ok {
		return nil, cloud.Errorf("ENTITY_NOT_FOUND", "Plan %d was not found.", in.ID)
	}
	return p.show(), nil
}

// checkPlanChange tells whether a subscription may go from one plan to another,
// as far as the plans themselves decide.
//
// doc: subscriptions/view-essentials-subscription
func checkPlanChange(from, to plan) error {
	wasMulti, willMulti := from.Availability == multiZone, to.Availability == multiZone
	switch {
	case from.Provider != to.Provider:
		return cloud.Errorf("FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_CLOUD_PROVIDER_AND_SUBSCRIPTION_CLOUD_PROVIDER", "Plan %d is at %s, the subscription at %s.", to.ID, to.Provider, from.Provider)
	case from.Region != to.Region:
		return cloud.Errorf("FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_REGION_AND_SUBSCRIPTION_REGION", "Plan %d is in region %s, the subscription in %s.", to.ID, to.Region, from.Region)
	case to.RedisFlex && !from.RedisFlex:
		return cloud.Errorf("NON_REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_REDIS_FLEX_PLAN", "A subscription cannot become one of Redis Flex.")
	case from.RedisFlex && !to.RedisFlex:
		return cloud.Errorf("REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_NON_REDIS_FLEX", "A subscription of Redis Flex cannot leave it.")
	case wasMulti && !willMulti:
		return cloud.Errorf("FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_MULTI_ZONE_TO_SINGLE_ZONE_OR_NO_REPLICATION", "A subscription in several zones stays there.")
	case !wasMulti && willMulti:
		return cloud.Errorf("FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_SINGLE_ZONE_OR_NO_REPLICATION_TO_MULTI_ZONE", "A subscription in one zone cannot be spread over several.")
	}
	return nil
}
