package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// The answer differs in form with Active-Active.
func getProDatabase(ctx context.Context, tx *store.Tx, in databasePath) (any, error) {
	db, err := ProDatabases.read(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	if db.Body.ActiveActive() {
		view := showActiveActive(db)
		view.showPasswords(db)
		return view, nil
	}
	view := showDatabase(db)
	if db.Body.Protocol == redis {
		view.Security.Password = db.Body.password(db.ID)
	}
	return view, nil
}

type databaseList struct {
	AccountID    int64           `json:"accountId"`
	Subscription [1]databasePage `json:"subscription"` // a list of one
	wire.Page
}

type databasePage struct {
	ID                int64       `json:"subscriptionId"`
	NumberOfDatabases int         `json:"numberOfDatabases"` // on all pages, as the subscription counts them
	Databases         []any       `json:"databases"`         // all databaseView, or all activeActiveView
	Links             []wire.Link `json:"links"`
}

// A page without databases is not found, the first one included: the official
// client ends its listing on that, and cannot cope with an empty page.
func listProDatabases(ctx context.Context, tx *store.Tx, in struct {
	ID     int64 `path:"subscriptionId" json:"-"`
	Offset int   `query:"offset" json:"-"`
	Limit  *int  `query:"limit" json:"-"`
},
) (*databaseList, error) {
	limit := 100
	Set(&limit, in.Limit)
	databases, err := store.ListPage[Database](ctx, tx, in.ID, in.Offset, limit)
	if err != nil {
		return nil, err
	}
	early, err := noneYet(ctx, tx, in.ID, databases)
	if err != nil {
		return nil, err
	}
	if early || len(databases) == 0 {
		if _, err := ReadSubscription(ctx, tx, in.ID); err != nil {
			return nil, err
		}
		return nil, cloud.Errorf("DATABASE_NOT_FOUND",
			"Databases of subscription %d from number %d on were not found.", in.ID, in.Offset)
	}
	page := databasePage{ID: in.ID, Links: wire.NoLinks()}
	for _, db := range databases {
		if db.Status != cloud.StatusDeleting {
			page.NumberOfDatabases++
		}
	}
	if in.Offset > 0 || len(databases) == limit {
		if page.NumberOfDatabases, err = store.Count[Database](ctx, tx, in.ID, cloud.StatusDeleting); err != nil {
			return nil, err
		}
	}
	for _, db := range databases {
		if db.Body.ActiveActive() {
			page.Databases = append(page.Databases, showActiveActive(db))
		} else {
			page.Databases = append(page.Databases, showDatabase(db))
		}
	}
	return &databaseList{
		AccountID: tx.Caller.Account, Subscription: [1]databasePage{page}, Page: wire.Page{Offset: in.Offset, Limit: limit},
	}, nil
}

// noneYet reports whether the databases of a subscription are not there yet, since it is
// still being created: then none of them has been active.
func noneYet(
	ctx context.Context, tx *store.Tx, subscription int64, databases []cloud.Resource[Database],
) (bool, error) {
	if len(databases) == 0 || databases[0].ActivatedAt != nil {
		return false, nil
	}
	return HasNothingYet(ctx, tx, subscription)
}
