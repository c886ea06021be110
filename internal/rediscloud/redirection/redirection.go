// Package redirection lets one database take over the endpoints of another one, for a while or for good.
package redirection

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// How far a redirection is after which time. The endpoints themselves move as soon as it is asked for.
const (
	redirectionPending  cloud.Length = "redirection.pending"
	redirectionProgress cloud.Length = "redirection.progress"
	redirectionLength   cloud.Length = "redirection.completion"
)

// revertWithin is how long a redirection can be undone.
const revertWithin = 24 * time.Hour

// Statuses of a redirection. Its end is not active: it is no resource to work with.
const (
	redirectionInitiated cloud.Status = "initiated"
	redirectionUnderWay  cloud.Status = "in-progress"
	redirectionCompleted cloud.Status = "completed"
	redirectionReverted  cloud.Status = "reverted"
)

// Types of endpoints.
const (
	publicEndpoint  = "public"
	privateEndpoint = "private"
)

// Redirection sends the clients of one database to another: that gets its dynamic
// endpoints.
type Redirection struct {
	Source        int64            `json:"source"`
	Target        int64            `json:"target"`
	DuplicateACLs bool             `json:"duplicateACLs,omitempty"`
	Endpoints     []redirectedPair `json:"endpoints"`
	CompletedAt   *time.Time       `json:"completedAt,omitempty"` // noted when it is being reverted
}

type redirectedPair struct {
	SourceName string `json:"sourceEndpointName"`
	TargetName string `json:"targetEndpointName"`
	SourceType string `json:"sourceEndpointType"`
	TargetType string `json:"targetEndpointType"`
}

// Kind of all redirections.
func (Redirection) Kind() cloud.Kind { return cloud.Kind{Name: "redirection", FirstID: 1} }

// redirectionID is what clients call a redirection.
func redirectionID(id int64) string {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "redirection/%d", id)).String()
}

// Operations returns the operations on redirections.
func Operations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("createEndpointRedirection", createRedirection),
		engine.Answer("getEndpointRedirection", getRedirection),
		engine.Answer("revertEndpointRedirection", revertRedirection),
	}
}

type redirectionView struct {
	ID            string           `json:"redirectionId"`
	Status        cloud.Status     `json:"status"`
	Source        int64            `json:"sourceDatabaseId"`
	Target        int64            `json:"targetDatabaseId"`
	IsRevert      bool             `json:"isRevert"`
	DuplicateACLs bool             `json:"duplicateACLs"`
	StartedAt     time.Time        `json:"startedAt"`
	CompletedAt   *time.Time       `json:"completedAt,omitempty"`
	RevertedAt    *time.Time       `json:"revertedAt,omitempty"`
	Endpoints     []redirectedPair `json:"endpoints"`
}

func showRedirection(r cloud.Resource[Redirection]) redirectionView {
	view := redirectionView{
		ID:            redirectionID(r.ID),
		Status:        r.Status,
		Source:        r.Body.Source,
		Target:        r.Body.Target,
		IsRevert:      r.Body.CompletedAt != nil,
		DuplicateACLs: r.Body.DuplicateACLs,
		StartedAt:     wire.Date(r.CreatedAt),
		CompletedAt:   r.Body.CompletedAt,
		Endpoints:     r.Body.Endpoints,
	}
	if r.Status == redirectionCompleted {
		view.CompletedAt = new(wire.Date(r.UpdatedAt))
	}
	if r.Status == redirectionReverted {
		view.RevertedAt = new(wire.Date(r.UpdatedAt))
	}
	return view
}

type redirectionPath struct {
	ID string `path:"redirectionId" json:"-"`
}

// findRedirection reads a redirection by what clients call it; there are few.
func findRedirection(ctx context.Context, tx *store.Tx, id string) (r cloud.Resource[Redirection], err error) {
	all, err := store.All[Redirection](ctx, tx)
	if err != nil {
		return r, err
	}
	i := slices.IndexFunc(all, func(r cloud.Resource[Redirection]) bool { return redirectionID(r.ID) == id })
	if i < 0 {
		return r, cloud.Errorf("ENTITY_NOT_FOUND", "Redirection %q was not found.", id)
	}
	return all[i], nil
}

func getRedirection(ctx context.Context, tx *store.Tx, in redirectionPath) (redirectionView, error) {
	r, err := findRedirection(ctx, tx, in.ID)
	return showRedirection(r), err
}

type redirectionCreate struct {
	Source        int64  `json:"sourceDatabaseId"`
	Target        int64  `json:"targetDatabaseId"`
	TargetType    string `json:"endpointTargetType"`
	DuplicateACLs bool   `json:"duplicateACLs"`
	Protection    bool   `json:"migrationProtection"`
}

// The source may be of either kind, the target is a Pro database.
func createRedirection(ctx context.Context, tx *store.Tx, in redirectionCreate) (view redirectionView, err error) {
	target, ok, err := store.Get[subscription.Database](ctx, tx, in.Target)
	switch {
	case err != nil:
		return view, err
	case !in.Protection:
		return view, cloud.Errorf("BAD_REQUEST", "migrationProtection must be true.")
	case !ok || !subscription.ProDatabases.Has(target):
		return view, cloud.Errorf("DATABASE_NOT_FOUND",
			"Database %d was not found among the Pro ones, as the target must be.", in.Target)
	case in.Source == in.Target:
		return view, cloud.Errorf("BAD_REQUEST", "A database cannot be redirected to itself.")
	}
	source, ok, err := store.Get[subscription.Database](ctx, tx, in.Source)
	switch {
	case err != nil:
		return view, err
	case !ok:
		return view, cloud.Errorf("DATABASE_NOT_FOUND", "Database %d was not found.", in.Source)
	}
	return redirect(ctx, tx, in, source, target)
}

func redirect(
	ctx context.Context, tx *store.Tx, in redirectionCreate, source, target cloud.Resource[subscription.Database],
) (view redirectionView, err error) {
	if source.Status != cloud.StatusActive || target.Status != cloud.StatusActive {
		return view, cloud.Errorf("CONFLICT_ERROR", "Both databases must be active.")
	}
	if err := checkRedirection(in.TargetType, source.Body, target.Body); err != nil {
		return view, err
	}
	if err := checkPublic(ctx, tx, source.Parent, target.Parent); err != nil {
		return view, err
	}
	_, names := source.Body.Endpoints(source.ID, source.Parent)
	if subscription.EssentialsDatabases.Has(source) {
		names.Private = "" // the machines are shared
	}
	r := cloud.Resource[Redirection]{Status: redirectionInitiated, CreatedAt: tx.Now, Body: Redirection{
		Source: in.Source, Target: in.Target, DuplicateACLs: in.DuplicateACLs,
		Endpoints: redirectedPairs(names, in.TargetType, target),
	}}
	if r, err = resource.Insert(ctx, tx, r); err != nil {
		return view, err
	}
	source.Body.Redirected, target.Body.ServesEndpointsOf = true, source.Body.NamedAfter(source.ID)
	store.Update(tx, source)
	store.Update(tx, target)
	err = subscription.StopTraffic(ctx, tx, source)
	tx.Plan(
		resource.Step(r, redirectionPending, cloud.StatusPending),
		resource.Step(r, redirectionProgress, redirectionUnderWay),
		resource.Step(r, redirectionLength, redirectionCompleted),
	)
	return showRedirection(r), err
}

// checkRedirection checks that clients of one database would find the other as
// they left the one.
//
// doc: databases/redirect-endpoints
func checkRedirection(targetType string, from, to subscription.Database) error {
	switch {
	case from.ActiveActive() || to.ActiveActive():
		return cloud.Errorf("BAD_REQUEST", "Endpoints of Active-Active databases cannot be redirected.")
	case from.Redirected || from.ServesEndpointsOf != 0 || to.Redirected || to.ServesEndpointsOf != 0:
		return cloud.Errorf("CONFLICT_ERROR", "One of the databases is part of another redirection.")
	case targetType == publicEndpoint && !to.PublicAccess:
		return cloud.Errorf("BAD_REQUEST", "The target has no public endpoint.")
	case from.Port != to.Port:
		return cloud.Errorf("BAD_REQUEST", "The databases have different ports, %d and %d.", from.Port, to.Port)
	case from.TLS != to.TLS:
		return cloud.Errorf("BAD_REQUEST", "Only one of the databases uses TLS.")
	case from.NoDefaultUser != to.NoDefaultUser:
		return cloud.Errorf("BAD_REQUEST", "Only one of the databases has a default user.")
	case !slices.Equal(from.AllowedSources(), to.AllowedSources()):
		return cloud.Errorf("BAD_REQUEST", "The databases may be reached from different addresses.")
	}
	return nil
}

// checkPublic refuses subscriptions that are connected by Private Service Connect or
// PrivateLink: the endpoints of those lead to a cluster of their own.
func checkPublic(ctx context.Context, tx *store.Tx, subscriptions ...int64) error {
	for _, sub := range subscriptions {
		services, err := store.List[network.PSCService](ctx, tx, sub)
		if err != nil {
			return err
		}
		links, err := store.List[network.PrivateLink](ctx, tx, sub)
		if err != nil {
			return err
		}
		if len(services)+len(links) > 0 {
			return cloud.Errorf("BAD_REQUEST", "Subscription %d uses Private Service Connect or PrivateLink.", sub)
		}
	}
	return nil
}

// redirectedPairs lists which name leads where from now on. The port is the same.
func redirectedPairs(
	names subscription.EndpointPair, targetType string, target cloud.Resource[subscription.Database],
) []redirectedPair {
	places, _ := target.Body.Endpoints(target.ID, target.Parent)
	place := places.Private
	if targetType == publicEndpoint {
		place = places.Public
	}
	pairs := []redirectedPair{}
	add := func(name, sourceType string) {
		if name != "" {
			pairs = append(pairs, redirectedPair{hostOf(name), hostOf(place), sourceType, targetType})
		}
	}
	add(names.Public, publicEndpoint)
	add(names.Private, privateEndpoint)
	return pairs
}

// hostOf is an endpoint without its port.
func hostOf(endpoint string) string {
	host, _, _ := strings.Cut(endpoint, ":")
	return host
}

// The endpoints go back, and it is the target that gets no traffic then.
func revertRedirection(ctx context.Context, tx *store.Tx, in redirectionPath) (view redirectionView, err error) {
	r, err := findRedirection(ctx, tx, in.ID)
	switch {
	case err != nil:
		return view, err
	case r.Status != redirectionCompleted:
		return view, cloud.Errorf("CONFLICT_ERROR", "The redirection is %s. Only a completed one can be reverted.", r.Status)
	case tx.Now.Sub(r.UpdatedAt) > revertWithin:
		return view, cloud.Errorf("CONFLICT_ERROR", "A redirection can be reverted within %v.", revertWithin)
	}
	target, ok, err := revertEndpoints(ctx, tx, r.Body)
	switch {
	case err != nil:
		return view, err
	case !ok:
		return view, cloud.Errorf("CONFLICT_ERROR", "One of the databases is gone.")
	}
	if err := subscription.StopTraffic(ctx, tx, target); err != nil {
		return view, err
	}
	r.Body.CompletedAt = new(wire.Date(r.UpdatedAt))
	store.Update(tx, r)
	r.Status = redirectionUnderWay
	resource.Transition[Redirection](tx, r.ID, r.Status, redirectionLength, redirectionReverted)
	return showRedirection(r), nil
}

// Leave takes a database that is being deleted out of the redirection that
// it is part of, if there is one. Then the other database is free for another: a
// source has its endpoints back, a target keeps those of the source for good.
func Leave(ctx context.Context, tx *store.Tx, id int64, d subscription.Database) error {
	if !d.Redirected && d.ServesEndpointsOf == 0 {
		return nil
	}
	all, err := store.All[Redirection](ctx, tx)
	if err != nil {
		return err
	}
	for _, r := range slices.Backward(all) { // of earlier ones nothing is left
		switch id {
		case r.Body.Source:
			return keepEndpoints(ctx, tx, r.Body.Target, d.NamedAfter(id))
		case r.Body.Target:
			_, _, err := revertEndpoints(ctx, tx, r.Body)
			return err
		}
	}
	return nil
}

// keepEndpoints makes the endpoints that a target has of a source its own.
func keepEndpoints(ctx context.Context, tx *store.Tx, id, endpointsOf int64) error {
	target, ok, err := store.Get[subscription.Database](ctx, tx, id)
	if err != nil || !ok || target.Body.ServesEndpointsOf != endpointsOf {
		return err // it has kept them already, and this is a second deletion
	}
	target.Body.InheritedFrom, target.Body.ServesEndpointsOf = endpointsOf, 0
	store.Update(tx, target)
	return nil
}

// revertEndpoints gives the source of a redirection the endpoints that its target has; ok is
// false if the redirection has ended already: a deletion of either database ends it.
func revertEndpoints(
	ctx context.Context, tx *store.Tx, r Redirection,
) (target cloud.Resource[subscription.Database], ok bool, err error) {
	target, ok, err = store.Get[subscription.Database](ctx, tx, r.Target)
	if err != nil || !ok {
		return target, false, err
	}
	ok, err = restoreTraffic(ctx, tx, r.Source, target.Body.ServesEndpointsOf)
	if err != nil || !ok {
		return target, false, err
	}
	target.Body.ServesEndpointsOf = 0
	store.Update(tx, target)
	return target, true, nil
}

// restoreTraffic gives a database its traffic back with its endpoints, if those are the ones
// that lead elsewhere; ok is false if they are not or there is no such database.
func restoreTraffic(ctx context.Context, tx *store.Tx, id, endpointsOf int64) (ok bool, err error) {
	db, ok, err := store.Get[subscription.Database](ctx, tx, id)
	if err != nil || !ok || endpointsOf != db.Body.NamedAfter(id) {
		return false, err
	}
	db.Body.Redirected = false
	store.Update(tx, db)
	return true, subscription.LetTraffic(ctx, tx, db.ID)
}
