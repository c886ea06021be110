package subscription

import (
	"cmp"
	"fmt"

	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
)

// clusterDomain is the domain under which everything of a subscription is found,
// for example c51840.eu-west-1-1.ec2.cloud.rlrcp.com.
//
// doc: rc-endpoint-description
func clusterDomain(subscription int64, provider, region string, multiAZ bool) string {
	cluster := 1000 + derive.Number(subscription, "cluster", 99_000)
	return fmt.Sprintf("c%d.%s", cluster, locationDomain(provider, region, multiAZ))
}

// memberDomain is the same for the nth region of an Active-Active subscription,
// for example mc100042-0.us-east-1-mz.ec2.cloud.rlrcp.com.
func memberDomain(subscription, n int64, provider, region string, multiAZ bool) string {
	return fmt.Sprintf("mc%d-%d.%s", subscription, n, locationDomain(provider, region, multiAZ))
}

func locationDomain(provider, region string, multiAZ bool) string {
	zone, host := "1", "ec2"
	if multiAZ {
		zone = "mz"
	}
	switch provider {
	case catalog.GCP:
		host = "gcp"
	case catalog.Azure:
		host = "azure"
	}
	return fmt.Sprintf("%s-%s.%s.cloud.rlrcp.com", region, zone, host)
}

// EndpointPair is where a database is reached from outside and from inside its network.
type EndpointPair struct {
	Public  string `json:"public,omitempty"` // empty: not from outside
	Private string `json:"private"`
}

// Endpoints of a database, as host:port: the ones that are bound to its cluster
// and the dynamic ones, which could be moved to another.
func (d Database) Endpoints(id, subscription int64) (fixed, dynamic EndpointPair) {
	named := cmp.Or(d.ServesEndpointsOf, d.NamedAfter(id))
	return d.endpointsUnder(clusterDomain(subscription, d.Provider, d.Region, d.MultiAZ), named, "")
}

// NamedAfter is the database after which the dynamic endpoints are named that are the
// own ones of the database with an id.
func (d Database) NamedAfter(id int64) int64 { return cmp.Or(d.InheritedFrom, id) }

// endpointsUnder a domain. The dynamic ones are named after the database with an
// id; which tells one of several in an Active-Active database from the others.
func (d Database) endpointsUnder(domain string, id int64, which string) (fixed, dynamic EndpointPair) {
	fixed.Private = fmt.Sprintf("redis-%d.internal.%s:%d", d.Port, domain, d.Port)
	dynamic.Private = fmt.Sprintf("%s.db.redis.io:%d", derive.Host(id, "private endpoint"+which), d.Port)
	if d.PublicAccess {
		fixed.Public = fmt.Sprintf("redis-%d.%s:%d", d.Port, domain, d.Port)
		dynamic.Public = fmt.Sprintf("%s.db.redis.io:%d", derive.Host(id, "public endpoint"+which), d.Port)
	}
	return fixed, dynamic
}

// replicaEndpoints of a database whose dynamic endpoints lead to another one: by
// which that can still replicate it.
func (d Database) replicaEndpoints(id int64) *EndpointPair {
	pair := &EndpointPair{Private: fmt.Sprintf("%s.db.redis.io:%d", derive.Host(id, "private replica endpoint"), d.Port)}
	if d.PublicAccess {
		pair.Public = fmt.Sprintf("%s.db.redis.io:%d", derive.Host(id, "public replica endpoint"), d.Port)
	}
	return pair
}
