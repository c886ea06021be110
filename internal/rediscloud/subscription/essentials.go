package subscription

import (
	"cmp"
	"context"
	"errors"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// How long changes of an Essentials subscription take: its machines are there already.
const (
	essentialsCreation   cloud.Length = "essentials-subscription.creation"
	essentialsPlanChange cloud.Length = "essentials-subscription.plan-change"
	essentialsDeletion   cloud.Length = "essentials-subscription.deletion"
)

// Essentials is an Essentials subscription: a plan on machines shared with others.
type Essentials struct {
	PlanID          int64  `json:"planId"`
	PaymentMethod   string `json:"paymentMethod"`
	PaymentMethodID int64  `json:"paymentMethodId,omitempty"` // 0: none, with a free plan or marketplace
}

// Kind of all Essentials subscriptions.
func (Essentials) Kind() cloud.Kind {
	return cloud.Kind{Name: "essentials-subscription", FirstID: 100_000, Limit: limit}
}

func (c *service) essentialsOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listEssentialsSubscriptions", listEssentials),
		engine.Task("createEssentialsSubscription", c.createEssentials),
		engine.Answer("getEssentialsSubscription", getEssentials),
		engine.Task("updateEssentialsSubscription",
			unlessPro("UPDATING_A_FIXED_SUBSCRIPTION_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", c.updateEssentials)),
		engine.Task("deleteEssentialsSubscription",
			unlessPro("DELETING_A_FIXED_SUBSCRIPTION_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", deleteEssentials)),
	}
}

// proNamed is the error of an Essentials operation whose path names a Pro
// subscription: one that is not found, where the operation has no code for it.
type proNamed struct{ missing *cloud.Error }

func (e proNamed) Error() string { return e.missing.Error() }

func (e proNamed) Unwrap() error { return e.missing }

// unlessPro gives an Essentials operation its own code for Pro subscriptions.
func unlessPro[In any](
	code cloud.Code, f func(context.Context, *store.Tx, In) (engine.Outcome, error),
) func(context.Context, *store.Tx, In) (engine.Outcome, error) {
	return func(ctx context.Context, tx *store.Tx, in In) (engine.Outcome, error) {
		out, err := f(ctx, tx, in)
		if named := (proNamed{}); errors.As(err, &named) {
			err = cloud.Errorf(code, "The subscription is a Pro one, which has operations of its own.")
		}
		return out, err
	}
}

// readEssentials reads a subscription, in whatever state.
// It returns SUBSCRIPTION_NOT_FOUND.
func readEssentials(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[Essentials], error) {
	sub, ok, err := store.Get[Essentials](ctx, tx, id)
	if err == nil && !ok {
		err = noEssentials(ctx, tx, id)
	}
	return sub, err
}

func noEssentials(ctx context.Context, tx *store.Tx, id int64) error {
	missing := cloud.Errorf("SUBSCRIPTION_NOT_FOUND", "Essentials subscription %d was not found.", id)
	_, pro, err := store.Get[Subscription](ctx, tx, id)
	switch {
	case err != nil:
		return err
	case pro:
		return proNamed{missing}
	default:
		return missing
	}
}

// essentialsView is an Essentials subscription as a client sees it: with its plan.
type essentialsView struct {
	ID                            int64         `json:"id"`
	Name                          string        `json:"name"`
	Status                        cloud.Status  `json:"status"`
	PaymentMethodID               int64         `json:"paymentMethodId,omitempty"`
	PaymentMethodType             string        `json:"paymentMethodType"`
	PlanID                        int64         `json:"planId"`
	PlanName                      string        `json:"planName"`
	Size                          float64       `json:"size"`
	SizeMeasurementUnit           string        `json:"sizeMeasurementUnit"`
	Provider                      string        `json:"provider"`
	Region                        string        `json:"region"`
	Price                         int64         `json:"price"`
	PricePeriod                   string        `json:"pricePeriod"`
	PriceCurrency                 string        `json:"priceCurrency"`
	MaximumDatabases              int           `json:"maximumDatabases"`
	Availability                  string        `json:"availability"`
	Connections                   string        `json:"connections"`
	CIDRAllowRules                int           `json:"cidrAllowRules"`
	SupportDataPersistence        bool          `json:"supportDataPersistence"`
	SupportInstantAndDailyBackups bool          `json:"supportInstantAndDailyBackups"`
	SupportReplication            bool          `json:"supportReplication"`
	SupportClustering             bool          `json:"supportClustering"`
	CustomerSupport               string        `json:"customerSupport"`
	CreationDate                  time.Time     `json:"creationDate"`
	Error                         *wire.Failure `json:"error,omitempty"`
	wire.Linked
}

func showEssentials(sub cloud.Resource[Essentials]) *essentialsView {
	found, _ := catalog.PlanByID(sub.Body.PlanID)
	p := found.Show()
	return &essentialsView{
		ID:                            sub.ID,
		Name:                          sub.Name,
		Status:                        sub.Status,
		PaymentMethodID:               sub.Body.PaymentMethodID,
		PaymentMethodType:             sub.Body.PaymentMethod,
		PlanID:                        p.ID,
		PlanName:                      p.Name,
		Size:                          p.Size,
		SizeMeasurementUnit:           p.SizeMeasurementUnit,
		Provider:                      p.Provider,
		Region:                        p.Region,
		Price:                         p.Price,
		PricePeriod:                   p.PricePeriod,
		PriceCurrency:                 p.PriceCurrency,
		MaximumDatabases:              p.MaximumDatabases,
		Availability:                  p.Availability,
		Connections:                   p.Connections,
		CIDRAllowRules:                p.CIDRAllowRules,
		SupportDataPersistence:        p.SupportDataPersistence,
		SupportInstantAndDailyBackups: p.SupportInstantAndDailyBackups,
		SupportReplication:            p.SupportReplication,
		SupportClustering:             p.SupportClustering,
		CustomerSupport:               p.CustomerSupport,
		CreationDate:                  wire.Date(sub.CreatedAt),
		Error:                         wire.FailureOf(sub.Error),
		Linked:                        wire.Linked{Links: wire.NoLinks()},
	}
}

func getEssentials(ctx context.Context, tx *store.Tx, in Path) (*essentialsView, error) {
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	return showEssentials(sub), nil
}

type essentialsList struct {
	AccountID     int64             `json:"accountId"`
	Subscriptions []*essentialsView `json:"subscriptions"`
	wire.Linked
}

func listEssentials(ctx context.Context, tx *store.Tx, _ struct{}) (*essentialsList, error) {
	subs, err := store.All[Essentials](ctx, tx)
	if err != nil {
		return nil, err
	}
	list := &essentialsList{AccountID: tx.Caller.Account, Subscriptions: []*essentialsView{}}
	for _, sub := range subs {
		list.Subscriptions = append(list.Subscriptions, showEssentials(sub))
	}
	return list, nil
}

type essentialsCreate struct {
	Name            string `json:"name"`
	PlanID          int64  `json:"planId"`
	PaymentMethod   string `json:"paymentMethod"`
	PaymentMethodID *int64 `json:"paymentMethodId"`
}

func (c *service) createEssentials(
	ctx context.Context, tx *store.Tx, in essentialsCreate,
) (out engine.Outcome, err error) {
	if c, err = c.of(ctx, tx); err != nil {
		return out, err
	}
	sub := cloud.Resource[Essentials]{Name: in.Name, Status: cloud.StatusPending, Body: Essentials{PlanID: in.PlanID}}
	p, ok := catalog.PlanByID(in.PlanID)
	switch {
	case strings.TrimSpace(in.Name) == "":
		return out, cloud.Errorf("FIXED_SUBSCRIPTION_NAME_NOT_PROVIDED", "A subscription needs a name.")
	case !ok:
		return out, cloud.Errorf("FIXED_SUBSCRIPTION_CREATE_PLAN_NOT_FOUND", "Plan %d was not found.", in.PlanID)
	}
	if err := checkFreePlans(ctx, tx, p, 0); err != nil {
		return out, err
	}
	if err := c.payPlan(&sub.Body, p, cmp.Or(in.PaymentMethod, creditCard), in.PaymentMethodID); err != nil {
		return out, err
	}
	if sub, err = resource.Insert(ctx, tx, sub); err != nil {
		return out, err
	}
	return planChange(tx, sub, essentialsCreation, cloud.StatusActive), nil
}

// payPlan settles how a plan is paid: as Pro subscriptions are, unless it is free.
func (c *service) payPlan(s *Essentials, p catalog.Plan, method string, id *int64) (err error) {
	switch {
	case p.Free() && id != nil:
		return cloud.Errorf("FIXED_PAYMENT_INFO_NOT_ALLOWED_IN_FREE_FIXED_PLAN",
			"Payment info is not for a free plan: leave out paymentMethodId.")
	case p.Free():
		s.PaymentMethod, s.PaymentMethodID = method, 0
		return nil
	}
	s.PaymentMethod, s.PaymentMethodID, err = c.payment(method, id)
	return err
}

// checkFreePlans refuses a second free subscription of the account, one with an
// id aside.
func checkFreePlans(ctx context.Context, tx *store.Tx, wanted catalog.Plan, id int64) error {
	if !wanted.Free() {
		return nil
	}
	subs, err := store.All[Essentials](ctx, tx)
	if err != nil {
		return err
	}
	for _, sub := range subs {
		if p, _ := catalog.PlanByID(sub.Body.PlanID); sub.ID != id && sub.Status != cloud.StatusDeleting && p.Free() {
			return cloud.Errorf("FIXED_SUBSCRIPTION_ACCOUNT_ALREADY_HAS_A_FREE_PLAN",
				"The account has a quota of one free plan, which subscription %d has.", sub.ID)
		}
	}
	return nil
}

// A subscription goes once its database has gone, or is on its way out.
func deleteEssentials(ctx context.Context, tx *store.Tx, in Path) (out engine.Outcome, err error) {
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if sub.Status != cloud.StatusActive && sub.Status != cloud.StatusError {
		return out, errNotActive(sub)
	}
	return deleteEmpty(ctx, tx, sub, essentialsDeletion)
}
