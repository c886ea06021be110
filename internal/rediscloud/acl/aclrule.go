package acl

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Rule says what its holder may do, in the syntax of Redis.
type Rule struct {
	Pattern string `json:"pattern"` // as it was given
}

// Kind of all rules but those that are there from the start.
func (Rule) Kind() cloud.Kind { return cloud.Kind{Name: "ACL rule", FirstID: 1_000} }

func ruleNames() aclNames {
	return aclNames{
		"ACL_REDIS_RULE_NAME_IS_MISSING", "ACL_REDIS_RULE_NAME_NOT_VALID", "ACL_REDIS_RULE_NAME_NOT_IN_RANGE",
		"ACL_REDIS_RULE_NAME_ALREADY_EXISTS",
	}
}

// defaultRule is a rule that every account has and nobody can change.
type defaultRule struct {
	ID   int64  `json:"id"`
	Name string `json:"name"`
	ACL  string `json:"acl"`
}

type aclRuleView struct {
	ID        int64        `json:"id"`
	Name      string       `json:"name"`
	ACL       string       `json:"acl"`
	IsDefault bool         `json:"isDefault"`
	Status    cloud.Status `json:"status"`
	Links     []wire.Link  `json:"links"`
}

// rules lists all there are, the default ones first.
func rules(ctx context.Context, tx *store.Tx) ([]aclRuleView, error) {
	stored, err := store.All[Rule](ctx, tx)
	if err != nil {
		return nil, err
	}
	list := []aclRuleView{}
	for _, r := range defaultRules() {
		list = append(list, aclRuleView{r.ID, r.Name, r.ACL, true, cloud.StatusActive, wire.NoLinks()})
	}
	for _, r := range stored {
		list = append(list, aclRuleView{r.ID, r.Name, r.Body.Pattern, false, r.Status, wire.NoLinks()})
	}
	return list, nil
}

func isDefaultRule(id int64) bool {
	for _, r := range defaultRules() {
		if r.ID == id {
			return true
		}
	}
	return false
}

type aclRules struct {
	AccountID int64         `json:"accountId"`
	Rules     []aclRuleView `json:"redisRules"`
	wire.Linked
}

func listACLRules(ctx context.Context, tx *store.Tx, _ struct{}) (*aclRules, error) {
	rules, err := rules(ctx, tx)
	if err != nil {
		return nil, err
	}
	return &aclRules{AccountID: tx.Caller.Account, Rules: rules}, nil
}

func createACLRule(ctx context.Context, tx *store.Tx, in struct {
	Name    string `json:"name"`
	Pattern string `json:"redisRule"`
},
) (out engine.Outcome, err error) {
	if err := checkNewRule(ctx, tx, in.Name); err != nil {
		return out, err
	}
	if err := checkPattern(in.Pattern); err != nil {
		return out, err
	}
	return resource.Create(ctx, tx, in.Name, Rule{in.Pattern}, cloud.StatusPending, aclChange)
}

// checkNewRule checks a name against the default rules as well.
func checkNewRule(ctx context.Context, tx *store.Tx, name string) error {
	for _, r := range defaultRules() {
		if r.Name == name {
			return ruleNames().exists(name)
		}
	}
	return checkNew[Rule](ctx, tx, ruleNames(), name)
}

// A change reaches the roles of the rule, and their users.
func updateACLRule(ctx context.Context, tx *store.Tx, in struct {
	ID      int64   `path:"aclRedisRuleId" json:"-"`
	Name    *string `json:"name"`
	Pattern *string `json:"redisRule"`
},
) (out engine.Outcome, err error) {
	if isDefaultRule(in.ID) {
		return out, cloud.Errorf("ACL_REDIS_RULE_CANNOT_UPDATE_DEFAULT",
			"Rule %d is there for everybody and cannot be changed.", in.ID)
	}
	rule, err := lockRule(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if rule.Status == cloud.StatusPending {
		return out, cloud.Errorf("ACL_REDIS_RULE_NOT_ACTIVE",
			"Rule %d is not in an active state: it is %s.", rule.ID, rule.Status)
	}
	if in.Name != nil && *in.Name != rule.Name {
		if err := checkNewRule(ctx, tx, *in.Name); err != nil {
			return out, err
		}
		rule.Name = *in.Name
	}
	if in.Pattern != nil {
		if err := checkPattern(*in.Pattern); err != nil {
			return out, err
		}
		rule.Body.Pattern = *in.Pattern
	}
	store.Update(tx, rule)
	out.ResourceID = rule.ID
	roles, err := rolesOf(ctx, tx, rule.ID)
	if err != nil {
		return out, err
	}
	var changing []int64
	for _, role := range roles {
		changing = append(changing, role.ID)
	}
	if err := pendingRoles(ctx, tx, changing...); err != nil {
		return out, err
	}
	resource.Transition[Rule](tx, rule.ID, cloud.StatusPending, aclChange, cloud.StatusActive)
	return out, nil
}

func deleteACLRule(ctx context.Context, tx *store.Tx, in struct {
	ID int64 `path:"aclRedisRuleId" json:"-"`
},
) (out engine.Outcome, err error) {
	if isDefaultRule(in.ID) {
		return out, cloud.Errorf("ACL_REDIS_RULE_CANNOT_DELETE_DEFAULT",
			"Rule %d is there for everybody and cannot be deleted.", in.ID)
	}
	rule, err := lockRule(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	roles, err := rolesOf(ctx, tx, rule.ID)
	if err != nil {
		return out, err
	}
	if len(roles) > 0 {
		return out, cloud.Errorf("ACL_REDIS_RULE_CANNOT_DELETE_WHEN_ASSOCIATED_WITH_ROLES",
			"Rule %d is part of role %q.", rule.ID, roles[0].Name)
	}
	return deleteACL[Rule](tx, rule.ID), nil
}

func lockRule(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[Rule], error) {
	return lockACL[Rule](ctx, tx, id, "ACL_REDIS_RULE_NOT_FOUND")
}
