package subscription

import (
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

// essentialsUpdate changes what it names.
type essentialsUpdate struct {
	ID              int64   `path:"subscriptionId" json:"-"`
	Name            *string `json:"name"`
	PlanID          *int64  `json:"planId"`
	PaymentMethod   *string `json:"paymentMethod"`
	PaymentMethodID *int64  `json:"paymentMethodId"`
}

// A change shows at once. Clients do not wait after it, so only a change of the
// plan, which is more than words, leaves the subscription pending for a while.
func (c *service) updateEssentials(
	ctx context.Context, tx *store.Tx, in essentialsUpdate,
) (out engine.Outcome, err error) {
	if c, err = c.of(ctx, tx); err != nil {
		return out, err
	}
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	newPlan := in.PlanID != nil && *in.PlanID != sub.Body.PlanID
	switch {
	case sub.Status == cloud.StatusPending && newPlan:
		return out, cloud.Errorf("UPDATING_A_FIXED_SUBSCRIPTION_PLAN_IS_NOT_ALLOWED_WHILE_THE_SUBSCRIPTION_OR_BDB_IS_PENDING",
			"Subscription %d is pending. Its plan can be changed once it is active.", sub.ID)
	case sub.Status != cloud.StatusActive:
		return out, errNotActive(sub)
	case in.Name != nil && strings.TrimSpace(*in.Name) == "":
		return out, cloud.Errorf("FIXED_SUBSCRIPTION_NAME_NOT_PROVIDED", "A subscription needs a name.")
	}
	Set(&sub.Name, in.Name)
	if newPlan {
		if err := changePlan(ctx, tx, &sub, *in.PlanID); err != nil {
			return out, err
		}
		planChange(tx, sub, essentialsPlanChange, cloud.StatusActive)
	}
	if err := c.changePlanPayment(&sub.Body, in); err != nil {
		return out, err
	}
	out.ResourceID = sub.ID
	store.Update(tx, sub)
	return out, nil
}

// changePlan moves a subscription to another plan, if that can hold what is there.
func changePlan(ctx context.Context, tx *store.Tx, sub *cloud.Resource[Essentials], id int64) error {
	from, _ := catalog.PlanByID(sub.Body.PlanID)
	to, ok := catalog.PlanByID(id)
	if !ok {
		return cloud.Errorf("FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN", "Plan %d was not found.", id)
	}
	if err := catalog.CheckPlanChange(from, to); err != nil {
		return err
	}
	if err := checkFreePlans(ctx, tx, to, sub.ID); err != nil {
		return err
	}
	databases, err := store.ListBelow[Database](ctx, tx, sub.Body.Kind().Name, sub.ID)
	if err != nil {
		return err
	}
	for _, db := range databases {
		if db.Status != cloud.StatusActive {
			return cloud.Errorf("UPDATING_A_FIXED_SUBSCRIPTION_PLAN_IS_NOT_ALLOWED_WHILE_THE_SUBSCRIPTION_OR_BDB_IS_PENDING",
				"Database %d is %s. The plan can be changed once it is active.", db.ID, db.Status)
		}
		if err := checkHolds(to, db.Body); err != nil {
			return err
		}
	}
	sub.Body.PlanID = to.ID
	return nil
}

// checkHolds reports whether a database could move to the plan as it is. Its data
// always fits, since nothing here holds any.
func checkHolds(p catalog.Plan, d Database) error {
	switch {
	case len(d.SourceIPs) > p.CIDRAllowRules:
		return cloud.Errorf("FIXED_SUBSCRIPTION_PLAN_MAX_SOURCE_IPS_IS_SMALLER_THEN_ONE_OF_EXISTING_DATABSE_SOURCE_IPS",
			"Plan %d takes %d source addresses, the database has %d.", p.ID, p.CIDRAllowRules, len(d.SourceIPs))
	case d.TLS && p.Free():
		return cloud.Errorf("FIXED_SUBSCRIPTION_PLAN_NOT_SUPPORT_TLS", "Plan %d has no TLS, which the database uses.", p.ID)
	case len(d.SyncSources) > 0 && p.Free():
		return cloud.Errorf("FIXED_SUBSCRIPTION_PLAN_NOT_SUPPORT_REPLICA_OF",
			"With plan %d a database cannot replicate another one.", p.ID)
	case d.Replication && !p.Replicated():
		return cloud.Errorf("FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN",
			"Plan %d has no replication, which the database uses.", p.ID)
	case d.Backup != nil && p.Free():
		return cloud.Errorf("FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN",
			"Plan %d has no backups, which the database uses.", p.ID)
	case slices.ContainsFunc(d.Alerts, func(a Alert) bool { return p.Lacks(a.Name) }):
		return cloud.Errorf("FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN", "Plan %d lacks alerts that the database uses.", p.ID)
	}
	return nil
}

// changePlanPayment settles the payment anew where something about it was said or
// the plan asks for it.
func (c *service) changePlanPayment(s *Essentials, in essentialsUpdate) error {
	p, _ := catalog.PlanByID(s.PlanID)
	method, id := s.PaymentMethod, in.PaymentMethodID
	Set(&method, in.PaymentMethod)
	if id == nil && s.PaymentMethodID != 0 && method == s.PaymentMethod && !p.Free() {
		id = &s.PaymentMethodID
	}
	return c.payPlan(s, p, method, id)
}
