package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/understudy-dev/understudy/internal/store"
)

// keptOf is a product that has a Postgres of its own, and what is read of it.
type keptOf struct {
	name       string
	product    *product
	postmaster int                 // the process of its Postgres
	reads      map[string][][]byte // rendered requests, one per account, by what they read
}

// keptReads are what is read.
func keptReads() []string { return []string{"task", "subscription", "database"} }

// measureKept reads what nobody changes from a product that is alone on its database, from that of an earlier commit,
// and from a bare chi handler nothing, and the same answers: how much of what lies between is their size.
func measureKept(ctx context.Context, e *env) (rows []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	var all []*keptOf
	defer func() {
		for _, k := range all {
			err = errors.Join(err, k.product.stop())
		}
	}()
	for _, one := range []struct{ name, binary string }{{present, e.binary}, {earlier, e.before}} {
		if one.binary == "" {
			continue
		}
		k, err := e.keptOf(ctx, one.name, one.binary)
		if err != nil {
			return nil, err
		}
		all = append(all, k)
	}
	bare, err := e.serveBare(e.fixture.url, all[0].product.addr)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	nothing := [][]byte{get(bare.addr, "/nothing/1", "")}
	for _, clients := range []int{manyClients, 1} {
		for _, what := range keptReads() {
			figures := map[string]rounds{}
			for range e.rounds * pieces {
				measure := func(name, addr string, pid, postmaster int, requests [][]byte) error {
					figure, err := metered(pid, postmaster, func() (loaded, error) {
						return load(ctx, addr, clients, e.duration/pieces, requests, http.StatusOK)
					})
					figures[name] = append(figures[name], figure)
					return err
				}
				for _, k := range all {
					if err := measure(k.name, k.product.addr, k.product.pid(), k.postmaster, k.reads[what]); err != nil {
						return nil, err
					}
				}
				if err := errors.Join(
					measure("bare", bare.addr, bare.pid(), 0, nothing),
					measure("alike", bare.addr, bare.pid(), 0, all[0].reads[what]),
				); err != nil {
					return nil, err
				}
			}
			for _, name := range slices.Sorted(maps.Keys(figures)) {
				e.say("kept %s, %d clients, %s: %.0f/s", what, clients, name, median(figures[name].rates()))
			}
			now, label := figures[present], fmt.Sprintf("kept %s, %d clients", what, clients)
			atLeast := 0.0
			if clients == 1 {
				label, atLeast = fmt.Sprintf("kept %s, 1 client", what), 0.9
			}
			rows = append(rows, row{
				label + " / bare chi, no database", perSecond, now.rates(), figures["bare"].rates(), now.cpuOfAll(),
				goal{atLeast: atLeast},
			}, row{
				label + " / bare chi, the same answer", perSecond, now.rates(), figures["alike"].rates(), now.cpuOfAll(), goal{},
			})
			if before := figures[earlier]; len(before) > 0 {
				rows = append(rows,
					row{label + " / before", perSecond, now.rates(), before.rates(), now.cpuOfAll(), goal{atLeast: 2}},
					row{label + ", before", perSecond, before.rates(), nil, before.cpuOfAll(), goal{}})
			}
		}
	}
	return rows, nil
}

// keptOf starts a product and gives accounts something to read.
func (e *env) keptOf(ctx context.Context, name, binary string) (_ *keptOf, err error) {
	dir, err := e.tempDir()
	if err != nil {
		return nil, err
	}
	k := &keptOf{name: name, reads: map[string][][]byte{}}
	k.product, err = e.serveAs(ctx, binary, "--data-dir", dir, "--speed", "0", "--accounts", "any")
	if err != nil {
		return nil, err
	}
	k.postmaster = postmasterOf(dir)
	for i := range numAccounts {
		if err := k.fill(ctx, headers(store.Secrets{Key: fmt.Sprint("kept-", i), Secret: "kept-secret"})); err != nil {
			return nil, errors.Join(err, k.product.stop())
		}
	}
	return k, nil
}

// fill makes an account, and a subscription with a database in it.
func (k *keptOf) fill(ctx context.Context, account string) error {
	addr := k.product.addr
	c, err := newClient(ctx, addr, account)
	if err != nil {
		return err
	}
	defer c.close()
	task, err := c.start("/v1/subscriptions", subscriptionBody)
	if err != nil {
		return err
	}
	var end taskAnswer
	for end.Response.ResourceID == 0 && ctx.Err() == nil {
		if err := c.ask(get(addr, "/v1/tasks/"+task, account), http.StatusOK, &end); err != nil {
			return err
		}
	}
	subscription := fmt.Sprintf("/v1/subscriptions/%d", end.Response.ResourceID)
	if err := c.settle(ctx, subscription); err != nil {
		return err
	}
	var list struct {
		Subscription []struct {
			Databases []struct {
				ID int64 `json:"databaseId"`
			}
		}
	}
	if err := c.ask(get(addr, subscription+"/databases", account), http.StatusOK, &list); err != nil {
		return err
	}
	database := fmt.Sprintf("%s/databases/%d", subscription, list.Subscription[0].Databases[0].ID)
	for what, path := range map[string]string{
		"task": "/v1/tasks/" + task, "subscription": subscription, "database": database,
	} {
		k.reads[what] = append(k.reads[what], get(addr, path, account))
	}
	return nil
}
