package subscription

import (
	"context"
	"net/netip"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/lazy"
	"github.com/understudy-dev/understudy/internal/store"
)

// allowListLimit is how many addresses, and how many security groups, an allow
// list takes. doc: security/cidr-whitelist
const allowListLimit = 32

// AllowList says from where a subscription may be reached; empty: not limited.
type AllowList struct {
	CIDRs          []string `json:"cidrs,omitempty"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
}

func cidrOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("getProSubscriptionCidrAllowList", getAllowList),
		engine.Task("updateProSubscriptionCidrAllowList", updateAllowList),
	}
}

// allowListView has names in another style than the rest of the API.
type allowListView struct {
	CIDRs          []string `json:"cidr_ips"`
	SecurityGroups []string `json:"security_group_ids"`
	Errors         []string `json:"errors"` // always empty
}

func getAllowList(ctx context.Context, tx *store.Tx, in Path) (any, error) {
	sub, err := ReadSubscription(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	if sub.Body.ActiveActive() {
		return nil, cloud.Errorf("GETTING_SINGLE_REGION_CIDR_WHITE_LIST_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
			"Subscription %d is Active-Active, which has no CIDR allow list.", sub.ID)
	}
	return allowListView{
		CIDRs:          append([]string{}, sub.Body.AllowList.CIDRs...),
		SecurityGroups: append([]string{}, sub.Body.AllowList.SecurityGroups...),
		Errors:         []string{},
	}, nil
}

type allowListUpdate struct {
	ID             int64    `path:"subscriptionId" json:"-"`
	CIDRs          []string `json:"cidrIps"`
	SecurityGroups []string `json:"securityGroupIds"`
}

// What is absent is emptied: the request replaces the whole list.
func updateAllowList(ctx context.Context, tx *store.Tx, in allowListUpdate) (out engine.Outcome, err error) {
	sub, err := ActiveSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if sub.Body.ActiveActive() {
		return out, cloud.Errorf("UPDATING_SINGLE_REGION_CIDR_WHITE_LIST_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
			"Subscription %d is Active-Active, which has no CIDR allow list.", sub.ID)
	}
	sub.Body.AllowList = AllowList{CIDRs: in.CIDRs, SecurityGroups: in.SecurityGroups}
	if err := sub.Body.AllowList.check(); err != nil {
		return out, err
	}
	store.Update(tx, sub)
	return engine.Outcome{ResourceID: sub.ID}, nil
}

var securityGroup = lazy.Regexp(`^sg-[0-9a-f]{8,17}$`)

func (l AllowList) check() error {
	if max(len(l.CIDRs), len(l.SecurityGroups)) > allowListLimit {
		return cloud.Errorf("CIDR_WHITELIST_LIMIT_EXCEEDED",
			"An allow list has a quota of %d entries of a kind.", allowListLimit)
	}
	for i, cidr := range l.CIDRs {
		if !isAddressRange(cidr) {
			return cloud.Errorf("CIDR_WHITELIST_INVALID_CIDRS",
				"%q is neither an IPv4 address nor a range of them in CIDR notation.", cidr)
		}
		if slices.Contains(l.CIDRs[:i], cidr) {
			return cloud.Errorf("CIDR_WHITELIST_DUPLICATE_CIDRS", "%s is listed twice.", cidr)
		}
	}
	for i, group := range l.SecurityGroups {
		if !securityGroup().MatchString(group) {
			return cloud.Errorf("CIDR_WHITELIST_INVALID_SG", "%q is not the id of a security group.", group)
		}
		if slices.Contains(l.SecurityGroups[:i], group) {
			return cloud.Errorf("CIDR_WHITELIST_DUPLICATE_SG", "%s is listed twice.", group)
		}
	}
	return nil
}

// isAddressRange reports whether a text is an IPv4 address or a CIDR whose address
// has no bits beyond its mask.
func isAddressRange(text string) bool {
	if address, err := netip.ParseAddr(text); err == nil {
		return address.Is4()
	}
	prefix, err := netip.ParsePrefix(text)
	return err == nil && prefix.Addr().Is4() && prefix == prefix.Masked()
}
