package network

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// An endpoint in use leaves once its owner has run the deletion script at GCP, which
// nothing here can see. The official Terraform provider does not ask for it either: to
// destroy an endpoint it looks at the list of its service, and again 10 seconds later,
// and by then wants it gone.
//
// Whoever only reads looks at the list, too, but goes on to something else: a refresh
// asks for the service first and for the creation script of each endpoint after its
// list. So looks count while nothing else is asked about the service and no endpoint of
// it is on its way, which would be worth waiting for.

// pscWatch is how the owner of an endpoint looks on.
type pscWatch struct {
	// the creation script was read as Terraform does: nobody else is taken for it
	Terraform bool       `json:"terraform,omitempty"`
	Polls     int        `json:"looks,omitempty"` // at the list, since anything else was asked
	FirstPoll *time.Time `json:"firstLook,omitempty"`
}

// The polls of one provider at work lie between these, from the first to the last;
// several readers at once are quicker, and one that comes back is slower.
const (
	pscPollsLeast = 5 * time.Second
	pscPollsMost  = time.Minute
)

// pscPollLimit returns at which poll an endpoint goes: the second of the provider that destroys
// it. Before these an answered endpoint has been looked at by its accepter, and a
// rejected one by its own refresh, which asks for no script.
func pscPollLimit(status cloud.Status) (n int, counts bool) {
	switch status {
	case pscEndpointPending:
		return 2, true
	case cloud.StatusActive:
		return 3, true
	case pscEndpointRejected:
		return 4, true
	default:
		return 0, false
	}
}

// countPoll counts a poll of the list, and reports whether it is that of a provider that waits
// for the endpoint to leave.
func (w *pscWatch) countPoll(status cloud.Status, now time.Time) (leaves bool) {
	if w.Polls == 0 || now.Sub(*w.FirstPoll) > pscPollsMost {
		w.Polls, w.FirstPoll = 0, &now
	}
	w.Polls++
	n, counts := pscPollLimit(status)
	return counts && w.Polls >= n && now.Sub(*w.FirstPoll) >= pscPollsLeast
}

// watchPSCEndpoints lists the endpoints of a service for somebody who looks at them.
// Those that are thereby taken for deleted go.
func watchPSCEndpoints(
	ctx context.Context, tx *store.Tx, service int64,
) (left []cloud.Resource[PSCEndpoint], err error) {
	endpoints, err := store.List[PSCEndpoint](ctx, tx, service)
	if err != nil {
		return nil, err
	}
	for _, endpoint := range endpoints {
		if _, counts := pscPollLimit(endpoint.Status); !counts && endpoint.Status != cloud.StatusError {
			unwatch(tx, endpoints)
			return endpoints, nil
		}
	}
	for _, endpoint := range endpoints {
		switch {
		case !endpoint.Body.Terraform:
			left = append(left, endpoint)
		case endpoint.Body.countPoll(endpoint.Status, tx.Now):
			store.Remove[PSCEndpoint](tx, endpoint.ID)
		default:
			left = append(left, endpoint)
			store.Update(tx, endpoint)
		}
	}
	return left, nil
}

// unwatchPSCEndpoints forgets the polls of the endpoints of a service: something else was
// asked about it.
func unwatchPSCEndpoints(ctx context.Context, tx *store.Tx, service int64) error {
	endpoints, err := store.List[PSCEndpoint](ctx, tx, service)
	unwatch(tx, endpoints)
	return err
}

func unwatch(tx *store.Tx, endpoints []cloud.Resource[PSCEndpoint]) {
	for _, endpoint := range endpoints {
		if endpoint.Body.Polls == 0 {
			continue
		}
		endpoint.Body.Polls, endpoint.Body.FirstPoll = 0, nil
		store.Update(tx, endpoint)
	}
}
