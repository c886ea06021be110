package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/lazy"
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
	number int // of them, as far as there is a limit
	names  map[string]bool
	ports  map[int64]bool
	free   *int64 // the port of the next one that asks for none, 0 where none is free; nil: it follows from the others'
}

// siblingsOf reads what a new database of a subscription has to know of the others: whether its name and the port that
// it asks for are in use, or else which one is free. What is being deleted leaves its own at once: clients do not wait
// for its end.
func siblingsOf(
	ctx context.Context, tx *store.Tx, sub cloud.Resource[Subscription], name string, port *int64,
) (taken siblings, err error) {
	wanted := store.Wanted{
		Except: cloud.StatusDeleting, Name: name,
		From: preferredPort(store.PeekID[Database](tx)), First: firstPort, Last: lastPort,
	}
	if port != nil {
		wanted.From, wanted.First, wanted.Last = *port, *port, *port
	}
	if sub.Body.ActiveActive() {
		wanted.Most = maxActiveActiveDatabase
	}
	others, err := store.Beside[Database](ctx, tx, sub.ID, wanted)
	if err != nil {
		return taken, err
	}
	taken = siblings{number: others.Count, names: map[string]bool{name: others.Named}, free: &others.Port}
	if port != nil {
		taken.ports = map[int64]bool{*port: others.Port == 0}
	}
	return taken, nil
}

var databaseName = lazy.Regexp(`^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$`)

// checkName reports whether a database can get a name.
func (n siblings) checkName(name string) error {
	const most = 40
	switch {
	case len(name) > most:
		return cloud.Errorf("DATABASE_NAME_TOO_LONG", "The name of a database has at most %d characters.", most)
	case !databaseName().MatchString(name):
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

const allPorts = lastPort - firstPort + 1

// preferredPort follows from the id of a database.
func preferredPort(id int64) int64 { return firstPort + derive.Number(id, "port", allPorts) }

// freePort chooses the port of a database that asks for none: the one that it prefers, or the next that is free.
func (n siblings) freePort(id int64) (int64, error) {
	port := n.free
	if port == nil {
		port = new(n.nextPort(preferredPort(id)))
	}
	if *port != 0 {
		return *port, nil
	}
	return 0, cloud.Errorf("DATABASE_PORT_IS_UNAVAILABLE", "All ports of the subscription are in use.")
}

// nextPort is the first of the ports from one on that is not in use; 0: none is.
func (n siblings) nextPort(from int64) int64 {
	for i := range int64(allPorts) {
		if port := firstPort + (from-firstPort+i)%allPorts; !n.ports[port] {
			return port
		}
	}
	return 0
}
