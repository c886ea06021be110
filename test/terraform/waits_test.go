package terraform

import "time"

// The provider sleeps by fixed rules, whatever the server does. Version 1.9.0 looks at a resource for the first time 10
// seconds after it began to wait for it, and every 30 seconds after that: a server that is ready by the first look is
// as quick as a server can be. The times below are those of such a server. Work on one subscription is serialised by
// the provider, so the times of its databases add up.
const (
	look  = 10 * time.Second // the delay before the first look at a status
	pause = 30 * time.Second // the provider's sleep around creation plans, which it takes for a race of the API

	// waits for: subscription | create, database, subscription | the update that follows each creation
	databaseCreate = 3*look + databaseUpdate
	// waits for: subscription, database | update, database, subscription
	databaseUpdate = 4 * look
	// waits for: subscription, database | delete, subscription
	databaseDelete = 3 * look

	// waits for: subscription, pause, subscription | the planned database | subscription
	activeActiveCreate = 2*look + pause + 2*look
	// waits for: subscription | create, database, subscription | the update that follows
	activeActiveDatabaseCreate = 3*look + activeActiveDatabaseUpdate
	// waits for: database, subscription
	activeActiveDatabaseUpdate = 2 * look
	// waits for: subscription, pause, subscription
	regionChange = 2*look + pause
	// a delay longer than for anything else, one peering of a subscription after the other
	regionPeering = 30 * time.Second
	// waits for: database | delete, until it is gone
	activeActiveDatabaseDelete = look + pause

	subscriptionUpdate = look
	// waits for: subscription, pause, subscription | delete, until it is gone
	subscriptionDelete = 2*look + pause + look
)

// subscriptionCreate is the time of a subscription whose creation plan has a number of databases, which the provider
// awaits and deletes one by one.
func subscriptionCreate(planned int) time.Duration {
	// waits for: subscription, pause, subscription | each database | the update that follows
	return 2*look + pause + time.Duration(planned)*look + subscriptionUpdate
}
