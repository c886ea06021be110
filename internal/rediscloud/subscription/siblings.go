package subscription

import (
	"context"
	"regexp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/store"
)

// Ports that a database of a Pro subscription can have.
const (
	firstPort = 10_000
	lastPort  = 19_999
)

// siblings are the databases of a subscription, which a new one must not collide with.
type siblings struct {
	names map[string]bool
	ports map[int64]bool
}

var namesAndPorts = store.Project[Database, struct {
	Name string
	Port int64 `json:"port"`
}]()

// siblingsIn reads the names and ports in use in a subscription. What is being deleted
// leaves its own at once: clients do not wait for its end.
func siblingsIn(ctx context.Context, tx *store.Tx, subscription int64) (taken siblings, err error) {
	databases, err := namesAndPorts.List(ctx, tx, subscription, cloud.StatusDeleting)
	if err != nil {
		return taken, err
	}
	taken = siblings{names: map[string]bool{}, ports: map[int64]bool{}}
	for _, db := range databases {
		taken.names[db.Name] = true
		taken.ports[db.Port] = true
	}
	return taken, nil
}

var databaseName = regexp.MustCompile(`^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// checkName reports whether a database can get a name.
func (n siblings) checkName(name string) error {
	const most = 40
	switch {
	case len(name) > most:
		return cloud.Errorf("DATABASE_NAME_TOO_LONG", "The name of a database has at most %d characters.", most)
	case !databaseName.MatchString(name):
		return cloud.Errorf("DATABASE_INVALID_NAME",
			"A database cannot be called %q: letters, digits and hyphens only, a letter first and no hyphen last.", name)
	case n.names[name]:
		return cloud.Errorf("DATABASE_NAME_EXISTS", "The subscription already has a database %s.", name)
	}
	return nil
}

// checkPort reports whether a database can get a port.
func (n siblings) checkPort(port int64) error {
	switch {
	case port < firstPort || port > lastPort:
		return cloud.Errorf("DATABASE_PORT_INVALID_VALUE", "A port is from %d to %d, not %d.", firstPort, lastPort, port)
	case n.ports[port]:
		return cloud.Errorf("DATABASE_PORT_IS_UNAVAILABLE",
			"Port %d is in use by another database of the subscription.", port)
	}
	return nil
}

// freePort chooses the port of a database that asks for none: one that follows
// from its id, or the next that is free.
func (n siblings) freePort(id int64) (int64, error) {
	const all = lastPort - firstPort + 1
	start := derive.Number(id, "port", all)
	for i := range int64(all) {
		if port := firstPort + (start+i)%all; !n.ports[port] {
			return port, nil
		}
	}
	return 0, cloud.Errorf("DATABASE_PORT_IS_UNAVAILABLE", "All ports of the subscription are in use.")
}
