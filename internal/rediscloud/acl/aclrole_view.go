package acl

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

type aclRoleView struct {
	ID     int64         `json:"id"`
	Name   string        `json:"name"`
	Rules  []grantView   `json:"redisRules"`
	Users  []aclUserName `json:"users"`
	Status cloud.Status  `json:"status"`
	Links  []wire.Link   `json:"links"`
}

type grantView struct {
	RuleID    int64             `json:"ruleId"`
	RuleName  string            `json:"ruleName"`
	Databases []aclDatabaseView `json:"databases"`
}

type aclDatabaseView struct {
	GrantDatabase
	Name string `json:"databaseName"`
}

type aclUserName struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
}

// databaseNames knows the databases that roles name by their ids.
func databaseNames(ctx context.Context, tx *store.Tx, roles []cloud.Resource[Role]) (map[int64]string, error) {
	var ids []int64
	for _, role := range roles {
		for _, g := range role.Body.Grants {
			for _, db := range g.Databases {
				ids = append(ids, db.DatabaseID)
			}
		}
	}
	return store.Names[subscription.Database](ctx, tx, ids)
}

type aclRoles struct {
	AccountID int64         `json:"accountId"`
	Roles     []aclRoleView `json:"roles"`
	wire.Linked
}

// Roles show what they refer to under its name of now; databases that are gone
// they do not show.
func listACLRoles(ctx context.Context, tx *store.Tx, _ struct{}) (*aclRoles, error) {
	out := &aclRoles{AccountID: tx.Caller.Account, Roles: []aclRoleView{}}
	roles, err := store.All[Role](ctx, tx)
	if err != nil || len(roles) == 0 {
		return out, err
	}
	rules, err := rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	users, err := store.All[User](ctx, tx)
	if err != nil {
		return nil, err
	}
	databases, err := databaseNames(ctx, tx, roles)
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
			Status: role.Status, Links: wire.NoLinks(),
		}
		for _, g := range role.Body.Grants {
			view.Rules = append(view.Rules, grantView{g.RuleID, ruleNames[g.RuleID], showDatabases(g.Databases, databases)})
		}
		out.Roles = append(out.Roles, view)
	}
	return out, nil
}

func showDatabases(databases []GrantDatabase, names map[int64]string) []aclDatabaseView {
	views := []aclDatabaseView{}
	for _, db := range databases {
		if name, ok := names[db.DatabaseID]; ok {
			views = append(views, aclDatabaseView{db, name})
		}
	}
	return views
}
