package terraform

import "time"

// The provider sleeps by fixed rules, whatever the server does. Version 1.9.0 polls a resource for the first time 10
// seconds after it began to wait for it, and every 30 seconds after that: a server that is ready by the first poll is
// as quick as a server can be. The times below are those of such a server. Work on one subscription is serialised by
// the provider, so the times of its databases add up.
const (
	poll  = 10 * time.Second // the delay before the first poll of a status
	pause = 30 * time.Second // the provider's sleep around creation plans, which it takes for a race of the API

	// waits for: subscription | create, database, subscription | the update that follows each creation
	databaseCreate = 3*poll + databaseUpdate
	// waits for: subscription, database | update, database, subscription
	databaseUpdate = 4 * poll
	// waits for: subscription, database | delete, subscription
	databaseDelete = 3 * poll

	// waits for: subscription, pause, subscription | the planned database | subscription
	activeActiveCreate = 2*poll + pause + 2*poll
	// waits for: subscription | create, database, subscription | the update that follows
	activeActiveDatabaseCreate = 3*poll + activeActiveDatabaseUpdate
	// waits for: database, subscription
	activeActiveDatabaseUpdate = 2 * poll
	// waits for: subscription, pause, subscription
	regionChange = 2*poll + pause
	// a delay longer than for anything else, one peering of a subscription after the other
	regionPeering = 30 * time.Second
	// waits for: database | delete, until it is gone
	activeActiveDatabaseDelete = poll + pause

	subscriptionUpdate = poll
	// waits for: subscription, pause, subscription | delete, until it is gone
	subscriptionDelete = 2*poll + pause + poll
)

// subscriptionCreate is the time of a subscription whose creation plan has a number of databases, which the provider
// awaits and deletes one by one.
func subscriptionCreate(planned int) time.Duration {
	// waits for: subscription, pause, subscription | each database | the update that follows
	return 2*poll + pause + time.Duration(planned)*poll + subscriptionUpdate
}
