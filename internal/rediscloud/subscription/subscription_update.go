package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// subscriptionUpdateRequest changes what it names. It has two forms: the second is
// that of the keys.
type subscriptionUpdateRequest struct {
	ID              int64   `path:"subscriptionId" json:"-"`
	Name            *string `json:"name"`
	PaymentMethod   *string `json:"paymentMethod"`
	PaymentMethodID *int64  `json:"paymentMethodId"`
	PublicAccess    *bool   `json:"publicEndpointAccess"`
	keysSpec
}

// A change shows at once; the subscription is pending for a while all the same.
func (c *service) updateProSubscription(
	ctx context.Context, tx *store.Tx, in subscriptionUpdateRequest,
) (out engine.Outcome, err error) {
	if in.Keys != nil {
		return applyKeys(ctx, tx, in.ID, in.keysSpec)
	}
	if c, err = c.of(ctx, tx); err != nil {
		return out, err
	}
	sub, err := ActiveSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if in.Name != nil {
		sub.Name = *in.Name
	}
	if in.PublicAccess != nil && *in.PublicAccess != sub.Body.PublicAccess {
		sub.Body.PublicAccess = *in.PublicAccess
		if err := setPublicAccess(ctx, tx, sub.ID, *in.PublicAccess); err != nil {
			return out, err
		}
	}
	if err := c.changePayment(&sub.Body, in.PaymentMethod, in.PaymentMethodID); err != nil {
		return out, err
	}
	store.Update(tx, sub)
	return planChange(tx, sub, subscriptionUpdate, cloud.StatusActive), nil
}

// changePayment leaves the card as it is while the method stays the same and no
// other card is named.
func (c *service) changePayment(s *Subscription, method *string, id *int64) (err error) {
	if id == nil && (method == nil || *method == s.PaymentMethod) {
		return nil
	}
	wanted := s.PaymentMethod
	if method != nil {
		wanted = *method
	}
	s.PaymentMethod, s.PaymentMethodID, err = c.payment(wanted, id)
	return err
}

// A subscription goes once its databases have gone, or are on their way out: those
// vanish with it.
func deleteProSubscription(ctx context.Context, tx *store.Tx, in Path) (out engine.Outcome, err error) {
	sub, err := ReadSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if sub.Status != cloud.StatusActive && sub.Status != cloud.StatusError && sub.Status != statusKeyPending {
		return out, errNotActive(sub)
	}
	return deleteEmpty(ctx, tx, sub, subscriptionDeletion)
}
