package subscription

import (
	"testing"
)

// The first five are the published examples. doc: dryrun-cost-estimates
func TestPriceDatabases(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		name     string
		database DatabasePricing
		shard    string
		quantity int64
		price    float64
	}{
		{
			"three small replicated ones",
			DatabasePricing{DatasetGB: 0.1, Replication: true, OpsPerSecond: 1000, Quantity: 3},
			"micro", 6, 0.027,
		},
		{
			"a small one without replica",
			DatabasePricing{DatasetGB: 0.1, OpsPerSecond: 1000},
			"micro", 1, 0.027,
		},
		{
			"5 GB with its replica",
			DatabasePricing{MemoryGB: 5, Replication: true, OpsPerSecond: 1000},
			"high-throughput", 2, 0.124,
		},
		{
			"12 GB without replica",
			DatabasePricing{DatasetGB: 12, OpsPerSecond: 10_000},
			"small", 1, 0.156,
		},
		{
			"25 GB replicated",
			DatabasePricing{DatasetGB: 25, Replication: true, OpsPerSecond: 25_000},
			"large", 2, 0.293,
		},
		{
			"throughput decides",
			DatabasePricing{DatasetGB: 1, OpsPerSecond: 100_000},
			"high-throughput", 4, 0.124,
		},
		{
			"size decides",
			DatabasePricing{DatasetGB: 120, OpsPerSecond: 1000},
			"very-large", 3, 0.478,
		},
		{
			"a size that divides with a rest only as a float",
			DatabasePricing{DatasetGB: 0.1 * 3 * 5 / 3, OpsPerSecond: 500},
			"nano", 1, 0.018,
		},
		{
			"flash goes by its percentage of RAM",
			DatabasePricing{DatasetGB: 100, Replication: true, OpsPerSecond: 1000, RAMPercentage: 30},
			"flex-30", 4, 0.246,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.database.Name, tt.database.Region = "cache", "eu-west-1"
			items := PriceDatabases([]DatabasePricing{tt.database})
			if len(items) != 1 {
				t.Fatalf("got %d lines, want 1", len(items))
			}
			want := PricingItem{
				DatabaseName: "cache", Type: "Shards", TypeDetails: tt.shard, Quantity: tt.quantity, QuantityMeasurement: "shards",
				PricePerUnit: tt.price, PriceCurrency: "USD", PricePeriod: "hour", Region: "eu-west-1",
			}
			if items[0] != want {
				t.Errorf("priceDatabases(%+v) =\n%+v, want\n%+v", tt.database, items[0], want)
			}
		})
	}
}

func TestPriceOfNothingIsAnEmptyList(t *testing.T) {
	t.Parallel()
	if items := PriceDatabases(nil); items == nil || len(items) != 0 {
		t.Errorf("got %v, want an empty list that is not nil", items)
	}
}
