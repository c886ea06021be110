package subscription

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// PricingItem is one line of what something costs.
type PricingItem struct {
	DatabaseName        string  `json:"databaseName,omitempty"`
	Type                string  `json:"type"` // Shards or MinimumPrice
	TypeDetails         string  `json:"typeDetails,omitempty"`
	Quantity            int64   `json:"quantity"`
	QuantityMeasurement string  `json:"quantityMeasurement"`
	PricePerUnit        float64 `json:"pricePerUnit"`
	PriceCurrency       string  `json:"priceCurrency"`
	PricePeriod         string  `json:"pricePeriod"`
	Region              string  `json:"region,omitempty"`
}

// Pricing is what something costs by the hour, as a dry run shows it.
type Pricing struct {
	Pricing []PricingItem `json:"pricing"`
}

// DatabasePricing is what the price of a database depends on.
type DatabasePricing struct {
	Name          string
	DatasetGB     float64 // of the data alone; 0: it follows from MemoryGB
	MemoryGB      float64 // replica included
	Replication   bool
	OpsPerSecond  int64
	Region        string
	RAMPercentage int   // of a database in ram-and-flash; 0: all in RAM
	Quantity      int64 // databases of this kind; 0: one
}

// shardsFor chooses the type of shard for a database and how many it takes,
// replicas aside: as few as possible, and among types that take the same number
// the cheapest. Choosing by price alone does not give the published examples.
func shardsFor(d DatabasePricing) (chosen catalog.ShardType, count int64) {
	size := d.DatasetGB
	if size == 0 {
		size = d.MemoryGB / float64(catalog.Copies(d.Replication))
	}
	percentage := (d.RAMPercentage + 9) / 10 * 10
	for _, t := range catalog.ShardTypes() {
		if t.RAMPercentage != percentage {
			continue
		}
		n := t.Count(size, d.OpsPerSecond)
		if count == 0 || cmp.Or(cmp.Compare(n, count), cmp.Compare(t.PricePerUnit, chosen.PricePerUnit)) < 0 {
			chosen, count = t, n
		}
	}
	return chosen, count
}

// PriceDatabases returns one line for each database. doc: dryrun-cost-estimates
func PriceDatabases(databases []DatabasePricing) []PricingItem {
	items := []PricingItem{}
	for _, d := range databases {
		shard, count := shardsFor(d)
		items = append(items, PricingItem{
			DatabaseName:        d.Name,
			Type:                "Shards",
			TypeDetails:         shard.Type,
			Quantity:            count * catalog.Copies(d.Replication) * max(d.Quantity, 1),
			QuantityMeasurement: "shards",
			PricePerUnit:        shard.PricePerUnit,
			PriceCurrency:       "USD",
			PricePeriod:         "hour",
			Region:              d.Region,
		})
	}
	return items
}

// PriceMinimum returns a line for each region: what a subscription costs there at
// least.
func PriceMinimum(sub Subscription) []PricingItem {
	var items []PricingItem
	for _, region := range sub.locations() {
		items = append(items, PricingItem{
			Type:                "MinimumPrice",
			Quantity:            1,
			QuantityMeasurement: "subscription",
			PricePerUnit:        catalog.MinimumPrice().PricePerUnit,
			PriceCurrency:       "USD",
			PricePeriod:         "hour",
			Region:              region.Name,
		})
	}
	return items
}

func pricingOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("getProSubscriptionPricing", getProSubscriptionPricing),
	}
}

type subscriptionPricing struct {
	Pricing
	wire.Linked
}

// In a single region only databases are listed, without the minimum price:
// clients rely on an empty list while there are none. With Active-Active they
// rely on the minimum.
func getProSubscriptionPricing(ctx context.Context, tx *store.Tx, in Path) (*subscriptionPricing, error) {
	sub, databases, err := withDatabases(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	return &subscriptionPricing{Pricing: Pricing{priceOf(sub, databases)}}, nil
}

// priceInSum is priceOf as a subscription shows it: a line for each type of shard, and for each region of an
// Active-Active one, in place of those of the databases.
func priceInSum(sub cloud.Resource[Subscription], databases standing) []PricingItem {
	items := []PricingItem{}
	if sub.ActivatedAt == nil {
		return items
	}
	for _, alike := range databases {
		sizes := alike.Body.Pricing("")
		for i := range sizes {
			sizes[i].Quantity = alike.N
		}
		for _, line := range PriceDatabases(sizes) {
			if !sub.Body.ActiveActive() {
				line.Region = ""
			}
			i := slices.IndexFunc(items, func(have PricingItem) bool {
				return have.TypeDetails == line.TypeDetails && have.Region == line.Region
			})
			if i < 0 {
				items = append(items, line)
				continue
			}
			items[i].Quantity += line.Quantity
		}
	}
	slices.SortFunc(items, func(a, b PricingItem) int {
		return cmp.Or(strings.Compare(a.Region, b.Region), strings.Compare(a.TypeDetails, b.TypeDetails))
	})
	if sub.Body.ActiveActive() {
		items = append(items, PriceMinimum(sub.Body)...)
	}
	return items
}

// priceOf returns the lines of a subscription, of any status, with its databases: none
// before it has been active.
func priceOf(sub cloud.Resource[Subscription], databases []cloud.Resource[Database]) []PricingItem {
	if sub.ActivatedAt == nil {
		return []PricingItem{}
	}
	var sizes []DatabasePricing
	for _, db := range Standing(sub, databases) {
		sizes = append(sizes, db.Body.Pricing(db.Name)...)
	}
	items := PriceDatabases(sizes)
	if sub.Body.ActiveActive() {
		items = append(items, PriceMinimum(sub.Body)...)
	}
	return items
}
