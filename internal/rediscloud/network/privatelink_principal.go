package network

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of a principal, and how long it stays in them.
const (
	principalComing cloud.Status = "associating"
	principalThere  cloud.Status = "associated"

	principalAssociation cloud.Length = "private-link-principal.association"
)

// awsAccount is the type of a principal that none is named for.
const awsAccount = "aws_account"

// Principal is who may connect to a PrivateLink; its name says who that is.
type Principal struct {
	Type  string `json:"type"`
	Alias string `json:"alias,omitempty"`
}

// Kind of all principals.
func (Principal) Kind() cloud.Kind {
	return cloud.Kind{Name: "private-link-principal", Parent: "private-link"}
}

type principalSpec struct {
	Principal string `json:"principal"`
	Type      string `json:"type"` // empty: an AWS account
	Alias     string `json:"alias"`
}

type principalCreate struct {
	subscription.LocationPath
	principalSpec
}

func createPrincipal(ctx context.Context, tx *store.Tx, in principalCreate) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, privateLinkRules(
		"PRIVATE_LINK_CREATING_PRINCIPLES_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_CREATING_PRINCIPLES_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	return at.Done(link.ID), admit(ctx, tx, at, link.ID, in.principalSpec)
}

// admit lets a principal connect. Clients admit those that are there once more when
// they change anything, so that is not an error.
func admit(ctx context.Context, tx *store.Tx, at subscription.Location, link int64, spec principalSpec) error {
	body := Principal{Type: cmp.Or(spec.Type, awsAccount), Alias: spec.Alias}
	if err := checkPrincipal(spec.Principal, body.Type, at.Sub.Body.AWSAccountID()); err != nil {
		return err
	}
	p, there, err := findPrincipal(ctx, tx, link, spec.Principal)
	if err != nil {
		return err
	}
	p.Body = body
	if there {
		store.Update(tx, p)
		return nil
	}
	p.Parent, p.Name, p.Status = link, spec.Principal, principalComing
	p, err = resource.Insert(ctx, tx, p)
	tx.Plan(resource.Step(p, principalAssociation, principalThere))
	return err
}

// checkPrincipal checks how a principal of a type is written: as AWS does. owner is
// the account that the databases live in, which needs no link to them.
func checkPrincipal(principal, kind, owner string) error {
	const arn = `^arn:aws[a-z-]*:`
	pattern := map[string]string{
		awsAccount:          `^([0-9]{12}|arn:aws[a-z-]*:iam::[0-9]{12}:root)$`,
		"organization":      arn + `organizations::[0-9]{12}:organization/o-[a-z0-9]+$`,
		"organization_unit": arn + `organizations::[0-9]{12}:ou/o-[a-z0-9]+/ou-[a-z0-9-]+$`,
		"iam_role":          arn + `iam::[0-9]{12}:role/.+$`,
		"iam_user":          arn + `iam::[0-9]{12}:user/.+$`,
		"service_principal": `^[a-z0-9.-]+\.amazonaws\.com$`,
	}[kind]
	switch ok, err := regexp.MatchString(pattern, principal); {
	case err != nil:
		return err
	case !ok:
		return cloud.Errorf("PRIVATE_LINK_PRINCIPAL_INVALID_PRINCIPLE", "%q is not a principal of type %s.", principal, kind)
	case kind == awsAccount && regexp.MustCompile(`[0-9]{12}`).FindString(principal) == owner:
		return cloud.Errorf("PRIVATE_LINK_PRINCIPAL_CANNOT_BE_OWNER_ACCOUNT",
			"Account %s is the one that the subscription lives in.", owner)
	}
	return nil
}

func deletePrincipal(ctx context.Context, tx *store.Tx, in struct {
	subscription.LocationPath
	Principal string `json:"principal"`
},
) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, privateLinkRules(
		"PRIVATE_LINK_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRINCIPALS_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRINCIPALS_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	p, ok, err := findPrincipal(ctx, tx, link.ID, in.Principal)
	if err == nil && !ok {
		err = cloud.Errorf("PRIVATE_LINK_PRINCIPAL_NOT_FOUND", "Principal %s of the PrivateLink was not found.", in.Principal)
	}
	if err != nil {
		return out, err
	}
	store.Remove[Principal](tx, p.ID)
	return at.Done(link.ID), nil
}

func findPrincipal(
	ctx context.Context, tx *store.Tx, link int64, principal string,
) (p cloud.Resource[Principal], ok bool, err error) {
	all, err := store.List[Principal](ctx, tx, link)
	i := slices.IndexFunc(all, func(p cloud.Resource[Principal]) bool { return p.Name == principal })
	if err != nil || i < 0 {
		return p, false, err
	}
	return all[i], true, nil
}
