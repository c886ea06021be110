package catalog

// Words of what is sold.
const (
	ram         = "ram"
	ramAndFlash = "ram-and-flash"

	aws   = "AWS"
	gcp   = "GCP"
	azure = "Azure" // with Essentials only

	alertDatasetsSize = "datasets-size"
	alertConnections  = "connections-limit"
)

// copies of every shard: a replica doubles them.
func copies(replication bool) int64 {
	if replication {
		return 2
	}
	return 1
}
