package subscription

import (
	"context"
	"net/url"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// replication is which database of the account replicates which.
type replication struct {
	owners  map[string]int64 // of endpoints, as host:port
	sources map[int64][]SyncSource
}

// checkCycle refuses sources by which a database would replicate itself, at once or
// by way of others of the account.
func checkCycle(ctx context.Context, tx *store.Tx, id int64, sources []SyncSource) error {
	if len(sources) == 0 {
		return nil
	}
	r := replication{owners: map[string]int64{}, sources: map[int64][]SyncSource{}}
	databases, err := store.All[Database](ctx, tx)
	if err != nil {
		return err
	}
	for _, db := range databases {
		r.add(db)
	}
	if r.leads(sources, id, map[int64]bool{}) {
		return cloud.Errorf("DATABASE_REPLICA_CYCLE", "Database %d would replicate itself.", id)
	}
	return nil
}

func (r replication) add(db cloud.Resource[Database]) {
	fixed, dynamic := db.Body.Endpoints(db.ID, db.Parent)
	if db.Body.Redirected {
		dynamic = *db.Body.replicaEndpoints(db.ID)
	}
	for _, endpoint := range []string{fixed.Public, fixed.Private, dynamic.Public, dynamic.Private} {
		r.owners[endpoint] = db.ID
	}
	r.sources[db.ID] = db.Body.SyncSources
}

// leads reports whether data of a database comes by some sources. What was looked at
// is in seen.
func (r replication) leads(sources []SyncSource, id int64, seen map[int64]bool) bool {
	for _, source := range sources {
		uri, err := url.Parse(source.Endpoint)
		if err != nil {
			continue
		}
		from, ours := r.owners[uri.Host]
		if !ours || seen[from] {
			continue
		}
		seen[from] = true
		if from == id || r.leads(r.sources[from], id, seen) {
			return true
		}
	}
	return false
}
