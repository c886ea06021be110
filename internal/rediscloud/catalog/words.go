package catalog

// Words of what is sold.
const (
	RAM         = "ram"
	RAMAndFlash = "ram-and-flash"

	AWS   = "AWS"
	GCP   = "GCP"
	Azure = "Azure" // with Essentials only

	AlertDatasetsSize = "datasets-size"
	AlertConnections  = "connections-limit"
)

// Copies of every shard: a replica doubles them.
func Copies(replication bool) int64 {
	if replication {
		return 2
	}
	return 1
}
