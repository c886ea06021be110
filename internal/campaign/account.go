package campaign

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// account is the account of one run, over the control API.
type account struct {
	client    *control.Client
	id        string
	variables []cloud.Variable // that point at it
	seeded    []Resource       // that it had before
}

// openAccount makes an empty account, in which work takes its time divided by a speed; 0: none.
func openAccount(ctx context.Context, client *control.Client, name string, speed float64) (*account, error) {
	const distinct = 6 // letters, for those of other campaigns on the same server
	made, err := control.CreateAccount.Call(ctx, client, sandbox.NewAccount{
		Name: fmt.Sprintf("campaign %s %s", cmp.Or(name, "without a fault"), rand.Text()[:distinct]),
	})
	if err != nil {
		return nil, err
	}
	a := &account{client: client, id: fmt.Sprint(made.Account.ID)}
	path := control.AccountPath{Account: a.id}
	change := control.DurationsChange{AccountPath: path, DurationsChange: sandbox.DurationsChange{Speed: &speed}}
	if _, err := control.SetDurations.Call(ctx, client, change); err != nil {
		return nil, err
	}
	env, err := control.GetEnvironment.Call(ctx, client, path)
	a.variables = env.Variables
	return a, err
}

// seed gives the account what a seed file says, which nothing later is about.
func (a *account) seed(ctx context.Context, file []byte) (err error) {
	if file == nil {
		return nil
	}
	in := control.SeedInput{File: control.File{Content: file}, Account: a.id}
	if _, err := control.SeedAccounts.Call(ctx, a.client, in); err != nil {
		return fmt.Errorf("seed: %w", err)
	}
	a.seeded, err = a.has(ctx)
	return err
}

// close deletes the account with all that it has.
func (a *account) close(ctx context.Context) error {
	_, err := control.DeleteAccount.Call(ctx, a.client, control.AccountPath{Account: a.id})
	return err
}

// arm arms a preset or a bundle for the account.
func (a *account) arm(ctx context.Context, fault string) error {
	rule, err := sandbox.ReadRule(nil, map[string]any{"match.account": fmt.Sprintf("%q", a.id)})
	if err == nil {
		_, err = control.ArmFault.Call(ctx, a.client, sandbox.NewFault{Preset: fault, Rule: rule})
	}
	return err
}

// disarm disarms what is armed, and returns how often it struck.
func (a *account) disarm(ctx context.Context) (hits int64, err error) {
	query := control.FaultQuery{Account: a.id}
	armed, err := control.ListFaults.Call(ctx, a.client, query)
	if err != nil {
		return 0, err
	}
	for _, f := range armed.Faults {
		hits += f.Hits
	}
	_, err = control.ClearFaults.Call(ctx, a.client, query)
	return hits, err
}

// mostWait is how long the account is waited for at most, where nothing holds its work back.
const mostWait = 10 * time.Second

// settle waits until all that was asked for is done. What a fault holds back, it does not wait for.
func (a *account) settle(ctx context.Context) error {
	_, err := control.Wait.Call(ctx, a.client, control.Await{Account: a.id, Idle: true, Timeout: mostWait.String()})
	return err
}

// has returns what the account has beside what it was seeded with, by kind and id: all that was ever there and is not
// gone.
func (a *account) has(ctx context.Context) ([]Resource, error) {
	type key struct {
		kind string
		id   int64
	}
	there, makers := map[key]Resource{}, map[string]string{} // by task
	for query := (control.EventList{Account: a.id, Limit: mostEvents}); ; {
		page, err := control.ListEvents.Call(ctx, a.client, query)
		if err != nil {
			return nil, err
		}
		for _, e := range page.Events {
			k := key{e.Kind, e.ID}
			switch {
			case e.Type == sandbox.EventTask:
				makers[e.Task] = e.Name
			case e.Status == string(cloud.StatusGone):
				delete(there, k)
			default:
				by := makers[e.Task]
				if before, known := there[k]; known {
					by = before.By
				}
				there[k] = Resource{Kind: e.Kind, ID: e.ID, Name: e.Name, Status: e.Status, By: by}
			}
		}
		if len(page.Events) < mostEvents {
			break
		}
		query.After = page.Events[len(page.Events)-1].Seq
	}
	list := make([]Resource, 0, len(there))
	for _, r := range there {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID))
	})
	return without(list, a.seeded), nil
}

// mostEvents is how many are read at once.
const mostEvents = 10000

// requests returns how many the account got, those that were struck, and the operations of all.
func (a *account) requests(ctx context.Context) (n int, struck []string, operations map[string]bool, err error) {
	const all = 10000
	found, err := control.ListJournal.Call(ctx, a.client, control.JournalQuery{
		JournalFilter: control.JournalFilter{Account: a.id, Limit: all},
	})
	if err != nil {
		return 0, nil, nil, err
	}
	operations = map[string]bool{}
	for _, e := range found.Entries {
		operations[e.Operation] = true
		if e.Fault != "" && len(struck) < mostStruck {
			struck = append(struck, fmt.Sprintf("%s %s: %s, %s", e.Method, e.Path, answered(e.Status), plainMark(e.Fault)))
		}
	}
	return len(found.Entries), struck, operations, nil
}

// mostStruck is how many struck requests are shown.
const mostStruck = 5

// answered is a status in words; there is none where the connection was cut.
func answered(status int) string {
	if status == 0 {
		return "no answer"
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// plainMark is a mark without the numbers of the rules, which differ from run to run.
func plainMark(mark string) string {
	var names []string
	for one := range strings.SplitSeq(mark, ",") {
		name, _, _ := strings.Cut(strings.TrimSpace(one), "#")
		if !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}
