package catalog

import (
	"math"
)

// ShardType is a size in which shards are sold.
type ShardType struct {
	Type          string  `json:"type"`
	MemoryStorage string  `json:"memoryStorage"`
	RAMPercentage int     `json:"ramPercentage"` // with ram-and-flash
	SizeGB        float64 `json:"sizeInGb"`
	OpsPerSecond  int64   `json:"operationsPerSecond"`
	PricePerUnit  float64 `json:"pricePerUnit"` // USD an hour
	Note          string  `json:"note"`         // where the price is from
}

// minimumPrice is the least a subscription in Redis' own cloud account costs.
type minimumPrice struct {
	PricePerUnit float64 `json:"pricePerUnit"` // USD an hour
	Note         string  `json:"note"`         // where the price is from
}

// Count is how many shards of this type a database needs, replicas aside.
func (t ShardType) Count(sizeGB float64, opsPerSecond int64) int64 {
	const rounding = 1e-9 // 1.1 / 0.1 is a little more than 11
	bySize := math.Ceil(sizeGB/t.SizeGB - rounding)
	byOps := math.Ceil(float64(opsPerSecond) / float64(t.OpsPerSecond))
	return int64(max(bySize, byOps, 1))
}
