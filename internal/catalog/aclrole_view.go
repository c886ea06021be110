package catalog

import (
	"context"
	"errors"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type aclRoleView struct {
	ID     int64         `json:"id"`
	Name   string        `json:"name"`
	Rules  []grantView   `json:"redisRules"`
	Users  []aclUserName `json:"users"`
	Status cloud.Status  `json:"status"`
	Links  []Link        `json:"links"`
}

type grantView struct {
	RuleID    int64             `json:"ruleId"`
	RuleName  string            `json:"ruleName"`
	Databases []aclDatabaseView `json:"databases"`
}

type aclDatabaseView struct {
	ACLDatabase
	Name string `json:"databaseName"`
}

type aclUserName struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// named is a resource of which only the name is read: there may be many.
type named[B cloud.Body] struct{}

// Kind is that of the whole.
func (named[B]) Kind() cloud.Kind {
	var whole B
	return whole.Kind()
}

// databaseNames knows the databases of the account, of both kinds, by their ids.
func databaseNames(ctx context.Context, tx *store.Tx) (map[int64]string, error) {
	names := map[int64]string{}
	return names, errors.Join(addNames[Database](ctx, tx, names), addNames[EssentialsDatabase](ctx, tx, names))
}

func addNames[B cloud.Body](ctx context.Context, tx *store.Tx, names map[int64]string) error {
	list, err := store.List[named[B]](ctx, tx, 0, 0, store.All)
	for _, r := range list {
		names[r.ID] = r.Name
	}
	return err
}

type aclRoles struct {
	AccountID int64         `json:"accountId"`
	Roles     []aclRoleView `json:"roles"`
	Linked
}

// Roles show what they refer to under its name of now; databases that are gone
// they do not show.
func (c *Catalog) listACLRoles(ctx context.Context, tx *store.Tx, _ struct{}) (*aclRoles, error) {
	out := &aclRoles{AccountID: tx.Caller.Account, Roles: []aclRoleView{}}
	roles, err := store.List[ACLRole](ctx, tx, 0, 0, store.All)
	if err != nil || len(roles) == 0 {
		return out, err
	}
	rules, err := c.rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	users, err := store.List[ACLUser](ctx, tx, 0, 0, store.All)
	if err != nil {
		return nil, err
	}
	databases, err := databaseNames(ctx, tx)
	if err != nil {
		return nil, err
	}
	ruleNames, roleUsers := map[int64]string{}, map[int64][]aclUserName{}
	for _, r := range rules {
		ruleNames[r.ID] = r.Name
	}
	for _, u := range users {
		roleUsers[u.Body.RoleID] = append(roleUsers[u.Body.RoleID], aclUserName{u.ID, u.Name})
	}
	for _, role := range roles {
		view := aclRoleView{
			ID: role.ID, Name: role.Name, Rules: []grantView{}, Users: append([]aclUserName{}, roleUsers[role.ID]...),
			Status: role.Status, Links: noLinks(),
		}
		for _, g := range role.Body.Grants {
			view.Rules = append(view.Rules, grantView{g.RuleID, ruleNames[g.RuleID], showDatabases(g.Databases, databases)})
		}
		out.Roles = append(out.Roles, view)
	}
	return out, nil
}

func showDatabases(databases []ACLDatabase, names map[int64]string) []aclDatabaseView {
	views := []aclDatabaseView{}
	for _, db := range databases {
		if name, ok := names[db.DatabaseID]; ok {
			views = append(views, aclDatabaseView{db, name})
		}
	}
	return views
}
