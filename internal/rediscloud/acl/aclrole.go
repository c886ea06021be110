package acl

import (
	"context"
	"maps"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// Role grants rules in databases.
type Role struct {
	Grants []Grant `json:"grants"`
}

// Kind of all roles.
func (Role) Kind() cloud.Kind { return cloud.Kind{Name: "ACL role", FirstID: 2_000} }

// Grant is a rule with the databases that it holds in. Both are kept by their
// ids: names change, and databases go.
type Grant struct {
	RuleID    int64           `json:"ruleId"`
	Databases []GrantDatabase `json:"databases"`
}

// GrantDatabase is a database that a rule holds in.
type GrantDatabase struct {
	SubscriptionID int64    `json:"subscriptionId"`
	DatabaseID     int64    `json:"databaseId"`
	Regions        []string `json:"regions,omitempty"` // of an Active-Active database; empty: all
}

// checkRegions checks that a rule holds in regions of its database.
func (d GrantDatabase) checkRegions(db subscription.Database) error {
	if len(d.Regions) > 0 && !db.ActiveActive() {
		return cloud.Errorf("ACL_ROLE_REDIS_RULES_DATABASES_REGION_MUST_BE_CRDB",
			"Database %d is not an Active-Active one, so it has no regions to choose from.", d.DatabaseID)
	}
	for i, region := range d.Regions {
		switch {
		case db.Local(region) < 0:
			return cloud.Errorf("ACL_ROLE_REDIS_RULES_DATABASES_REGION_IS_NOT_BELONGS_TO_DATABASE",
				"Database %d is not in region %q.", d.DatabaseID, region)
		case slices.Contains(d.Regions[:i], region):
			return cloud.Errorf("ACL_ROLE_REDIS_RULES_DATABASES_REGION_NOT_UNIQUE",
				"Region %s of database %d is listed twice.", region, d.DatabaseID)
		}
	}
	return nil
}

// grantable is what there is of the databases that a request names: the Essentials
// subscriptions among theirs, by name, and the databases.
type grantable struct {
	essentials map[int64]string
	databases  map[int64]grantableDatabase
	early      map[int64]bool // subscriptions that were asked whether their databases are there yet
}

// grantableDatabase is the little of a database that a grant depends on.
type grantableDatabase struct {
	ID     int64
	Parent int64
	Status cloud.Status
	Locals []subscription.Local `json:"locals"`
}

var grantableDatabases = store.Project[subscription.Database, grantableDatabase]()

// findGrantable asks once for each kind: a request can name thousands of databases,
// and the account is locked meanwhile.
func findGrantable(ctx context.Context, tx *store.Tx, specs []grantSpec) (found grantable, err error) {
	var subscriptions, databases []int64
	for _, spec := range specs {
		for _, at := range spec.Databases {
			subscriptions, databases = append(subscriptions, at.SubscriptionID), append(databases, at.DatabaseID)
		}
	}
	slices.Sort(subscriptions)
	if found.essentials, err = store.Names[subscription.Essentials](ctx, tx, slices.Compact(subscriptions)); err != nil {
		return found, err
	}
	list, err := grantableDatabases.Find(ctx, tx, databases)
	found.databases, found.early = map[int64]grantableDatabase{}, map[int64]bool{}
	for _, db := range list {
		found.databases[db.ID] = db
	}
	return found, err
}

// isEarly reports whether a Pro database is not there yet, since its subscription is
// still being created.
func (g grantable) isEarly(ctx context.Context, tx *store.Tx, db grantableDatabase) (bool, error) {
	if db.Status == cloud.StatusActive {
		return false, nil
	}
	early, asked := g.early[db.Parent]
	if asked {
		return early, nil
	}
	early, err := subscription.HasNothingYet(ctx, tx, db.Parent)
	g.early[db.Parent] = early
	return early, err
}

// check checks that a rule can hold in a database, of either kind of subscription.
// One on its way out counts as gone, and one that is not there yet as missing: it
// returns SUBSCRIPTION_NOT_FOUND and DATABASE_NOT_FOUND.
func (g grantable) check(ctx context.Context, tx *store.Tx, at GrantDatabase) error {
	databases := subscription.ProDatabases
	_, essentials := g.essentials[at.SubscriptionID]
	if essentials {
		databases = subscription.EssentialsDatabases
	}
	db, ok := g.databases[at.DatabaseID]
	ok = ok && db.Parent == at.SubscriptionID
	if ok && !essentials {
		early, err := g.isEarly(ctx, tx, db)
		if err != nil {
			return err
		}
		ok = !early
	}
	switch {
	case !ok:
		return databases.NotFound(ctx, tx, at.SubscriptionID, at.DatabaseID)
	case db.Status == cloud.StatusDeleting:
		return cloud.Errorf("DATABASE_NOT_FOUND", "Database %d was not found: it is being deleted.", db.ID)
	default:
		return at.checkRegions(subscription.Database{Locals: db.Locals})
	}
}

func roleNames() aclNames {
	return aclNames{
		"ACL_ROLE_NAME_IS_MISSING", "ACL_ROLE_NAME_NOT_VALID", "ACL_ROLE_NAME_NOT_VALID", "ACL_ROLE_NAME_ALREADY_EXISTS",
	}
}

// grantSpec is a grant as a request says it.
type grantSpec struct {
	RuleName  string          `json:"ruleName"`
	Databases []GrantDatabase `json:"databases"`
}

// checkGrants checks what needs nothing but the request.
func checkGrants(specs []grantSpec) error {
	if len(specs) == 0 {
		return cloud.Errorf("ACL_ROLE_REDIS_RULES_IS_MISSING", "A role has at least one rule.")
	}
	listed := map[int64]bool{}
	for _, spec := range specs {
		if len(spec.Databases) == 0 {
			return cloud.Errorf("ACL_ROLE_REDIS_RULES_DATABASES_SPEC_IS_MISSING",
				"Rule %q of the role holds in no database.", spec.RuleName)
		}
		for _, db := range spec.Databases {
			if listed[db.DatabaseID] {
				return cloud.Errorf("ACL_ROLE_REDIS_RULE_MUST_BE_DEFINED_ONLY_ONCE_PER_DATABASE",
					"Database %d is listed twice: one rule of a role holds in a database.", db.DatabaseID)
			}
			listed[db.DatabaseID] = true
		}
	}
	return nil
}

// grants finds the rules and the databases of a request.
func grants(ctx context.Context, tx *store.Tx, specs []grantSpec) ([]Grant, error) {
	if err := checkGrants(specs); err != nil {
		return nil, err
	}
	rules, err := rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	databases, err := findGrantable(ctx, tx, specs)
	if err != nil {
		return nil, err
	}
	var grants []Grant
	for _, spec := range specs {
		i := slices.IndexFunc(rules, func(r aclRuleView) bool {
			return r.Name == spec.RuleName && r.Status != cloud.StatusDeleting
		})
		if i < 0 {
			return nil, cloud.Errorf("ACL_REDIS_RULE_DOES_NOT_EXISTS", "ACL rule %q was not found.", spec.RuleName)
		}
		for _, at := range spec.Databases {
			if err := databases.check(ctx, tx, at); err != nil {
				return nil, err
			}
		}
		grants = append(grants, Grant{rules[i].ID, spec.Databases})
	}
	return grants, nil
}

func createACLRole(ctx context.Context, tx *store.Tx, in struct {
	Name  string      `json:"name"`
	Rules []grantSpec `json:"redisRules"`
},
) (out engine.Outcome, err error) {
	if err := checkNew[Role](ctx, tx, roleNames(), in.Name); err != nil {
		return out, err
	}
	grants, err := grants(ctx, tx, in.Rules)
	if err != nil {
		return out, err
	}
	return resource.Create(ctx, tx, in.Name, Role{grants}, cloud.StatusPending, aclChange)
}

func updateACLRole(ctx context.Context, tx *store.Tx, in struct {
	ID    int64       `path:"aclRoleId" json:"-"`
	Name  *string     `json:"name"`
	Rules []grantSpec `json:"redisRules"`
},
) (out engine.Outcome, err error) {
	role, err := lockRole(ctx, tx, in.ID, "ACL_ROLE_IS_IN_PENDING_STATUS_AND_CANNOT_BE_UPDATED")
	if err != nil {
		return out, err
	}
	if in.Name != nil && *in.Name != role.Name {
		if err := checkNew[Role](ctx, tx, roleNames(), *in.Name); err != nil {
			return out, err
		}
		role.Name = *in.Name
	}
	if in.Rules != nil {
		if role.Body.Grants, err = grants(ctx, tx, in.Rules); err != nil {
			return out, err
		}
	}
	store.Update(tx, role)
	return engine.Outcome{ResourceID: role.ID}, pendingRoles(ctx, tx, role.ID)
}

// A role goes once its users have gone, or are on their way out.
func deleteACLRole(ctx context.Context, tx *store.Tx, in struct {
	ID int64 `path:"aclRoleId" json:"-"`
},
) (out engine.Outcome, err error) {
	role, err := lockRole(ctx, tx, in.ID, "ACL_ROLE_IS_IN_PENDING_STATUS_AND_CANNOT_BE_DELETED")
	if err != nil {
		return out, err
	}
	users, err := store.All[User](ctx, tx)
	if err != nil {
		return out, err
	}
	for _, user := range users {
		if user.Body.RoleID == role.ID && user.Status != cloud.StatusDeleting {
			return out, cloud.Errorf("ACL_ROLE_HAS_ACTIVE_USERS_AND_CANNOT_BE_DELETED",
				"Role %d is the role of user %q.", role.ID, user.Name)
		}
	}
	return deleteACL[Role](tx, role.ID), nil
}

// lockRole locks a role that is to be changed; pending is the code for one that
// is changing already.
func lockRole(ctx context.Context, tx *store.Tx, id int64, pending cloud.Code) (cloud.Resource[Role], error) {
	role, err := lockACL[Role](ctx, tx, id, "ACL_ROLE_NOT_FOUND")
	if err == nil && role.Status == cloud.StatusPending {
		err = cloud.Errorf(pending, "Role %d is pending. It can be changed once it is active.", id)
	}
	return role, err
}

// rolesOf lists the roles that a rule is part of, but not those on their way out.
func rolesOf(ctx context.Context, tx *store.Tx, rule int64) ([]cloud.Resource[Role], error) {
	roles, err := store.All[Role](ctx, tx)
	return slices.DeleteFunc(roles, func(r cloud.Resource[Role]) bool {
		return r.Status == cloud.StatusDeleting || !slices.ContainsFunc(r.Body.Grants, func(g Grant) bool {
			return g.RuleID == rule
		})
	}), err
}

// RevokeGrants ends what roles grant in regions that databases of a subscription are
// to leave. A rule that holds in none of its regions any more leaves the database.
func RevokeGrants(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error {
	names := slices.Collect(maps.Values(regions))
	roles, err := store.All[Role](ctx, tx)
	if err != nil {
		return err
	}
	for _, role := range roles {
		if !role.Body.revoke(subscription, names) {
			continue
		}
		store.Update(tx, role)
	}
	return nil
}

func (r Role) revoke(subscription int64, regions []string) (changed bool) {
	for i, grant := range r.Grants {
		kept := []GrantDatabase{}
		for _, d := range grant.Databases {
			named := len(d.Regions)
			if d.SubscriptionID == subscription {
				d.Regions = slices.DeleteFunc(d.Regions, func(name string) bool { return slices.Contains(regions, name) })
			}
			changed = changed || len(d.Regions) < named
			if named == 0 || len(d.Regions) > 0 {
				kept = append(kept, d)
			}
		}
		r.Grants[i].Databases = kept
	}
	return changed
}
