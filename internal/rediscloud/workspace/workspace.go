// Package workspace keeps the documents of data integration workspaces, as text: nothing follows from them.
package workspace

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Workspace is the data integration workspace of a subscription. What the service
// behind the real one understands is not public, so this is a small store of
// documents instead: whatever JSON a path was given, it keeps.
type Workspace struct {
	// By path; the empty one is the workspace itself. The JSON is kept as text, since
	// Postgres would write its numbers and members another way.
	Documents map[string]string `json:"documents"`
}

// Kind of all workspaces; a subscription has one at most.
func (Workspace) Kind() cloud.Kind {
	return cloud.Kind{Name: "data-integration-workspace", Parent: "subscription", FirstID: 1_000}
}

// What a workspace keeps at most. It is one row, read and written as a whole under
// the lock of its account.
const (
	maxDocuments     = 1_000
	maxWorkspaceSize = 1 << 20 // bytes of JSON and of paths
)

// Operations returns the operations on workspaces. Each function is bound twice: for the workspace itself, and for the
// paths below.
func Operations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listDataIntegrationWorkspaces", listWorkspaces),
		atWorkspace("getDataIntegrationWorkspace", getDocument),
		below("getDataIntegrationWorkspaceSubpath", getDocument),
		atWorkspace("postDataIntegrationWorkspace", change(postDocument)),
		below("postDataIntegrationWorkspaceSubpath", change(postDocument)),
		atWorkspace("putDataIntegrationWorkspace", change(putDocument)),
		below("putDataIntegrationWorkspaceSubpath", change(putDocument)),
		atWorkspace("patchDataIntegrationWorkspace", change(patchDocument)),
		below("patchDataIntegrationWorkspaceSubpath", change(patchDocument)),
		atWorkspace("deleteDataIntegrationWorkspace", change(deleteDocuments)),
		below("deleteDataIntegrationWorkspaceSubpath", change(deleteDocuments)),
	}
}

// document is a place in a workspace, with the JSON that came along: null for none.
type document struct {
	subscription int64
	path         string
	json         json.RawMessage
}

type documentFunc func(ctx context.Context, tx *store.Tx, at document) (json.RawMessage, error)

// anyJSON is a body of which nothing is known.
type anyJSON struct{ json json.RawMessage }

// UnmarshalJSON takes everything.
func (a *anyJSON) UnmarshalJSON(data []byte) error {
	a.json = bytes.Clone(data)
	return nil
}

type workspaceInput struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	anyJSON      `json:"-"`
}

func atWorkspace(id string, f documentFunc) engine.Operation {
	return engine.Answer(id, func(ctx context.Context, tx *store.Tx, in workspaceInput) (json.RawMessage, error) {
		return f(ctx, tx, document{in.Subscription, "", in.json})
	})
}

type documentInput struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	Path         string `path:"path" json:"-"`
	anyJSON      `json:"-"`
}

func below(id string, f documentFunc) engine.Operation {
	return engine.Answer(id, func(ctx context.Context, tx *store.Tx, in documentInput) (json.RawMessage, error) {
		return f(ctx, tx, document{in.Subscription, strings.Trim(in.Path, "/"), in.json})
	})
}

// workspaceOf reads the workspace of a subscription; without an id there is none yet.
func workspaceOf(ctx context.Context, tx *store.Tx, subscription int64) (w cloud.Resource[Workspace], err error) {
	all, err := store.List[Workspace](ctx, tx, subscription)
	if err != nil || len(all) == 0 {
		return w, err
	}
	return all[0], nil
}

func getDocument(ctx context.Context, tx *store.Tx, at document) (json.RawMessage, error) {
	if _, err := subscription.ReadSubscription(ctx, tx, at.subscription); err != nil {
		return nil, err
	}
	w, err := workspaceOf(ctx, tx, at.subscription)
	if err != nil {
		return nil, err
	}
	kept, ok := w.Body.Documents[at.path]
	if !ok {
		return nil, at.missing()
	}
	return json.RawMessage(kept), nil
}

func (at document) missing() error {
	return cloud.Errorf("ENTITY_NOT_FOUND",
		"%q was not found in the data integration workspace of subscription %d.", at.path, at.subscription)
}

// change lets a function change the documents of an active subscription, and
// stores them. A workspace is there while it keeps something.
func change(f func(kept map[string]string, at document) (json.RawMessage, error)) documentFunc {
	return func(ctx context.Context, tx *store.Tx, at document) (json.RawMessage, error) {
		sub, err := subscription.ActiveSubscription(ctx, tx, at.subscription)
		if err != nil {
			return nil, err
		}
		w, err := workspaceOf(ctx, tx, sub.ID)
		if err != nil {
			return nil, err
		}
		if w.Body.Documents == nil {
			w.Body.Documents = map[string]string{}
		}
		answer, err := f(w.Body.Documents, at)
		if err != nil {
			return nil, err
		}
		switch {
		case len(w.Body.Documents) == 0:
			store.Remove[Workspace](tx, w.ID)
		case w.ID != 0:
			store.Update(tx, w)
		default:
			w.Parent, w.Status = sub.ID, cloud.StatusActive
			_, err = resource.Insert(ctx, tx, w)
		}
		return answer, err
	}
}

// orEmpty is an empty object where a request came without a body.
func (at document) orEmpty() json.RawMessage {
	if at.json == nil {
		return json.RawMessage("{}")
	}
	return at.json
}

func postDocument(kept map[string]string, at document) (json.RawMessage, error) {
	if _, ok := kept[at.path]; ok {
		return nil, cloud.Errorf("CONFLICT_ERROR", "Something is kept at %q already.", at.path)
	}
	return putDocument(kept, at)
}

func putDocument(kept map[string]string, at document) (json.RawMessage, error) {
	return keep(kept, at.path, at.orEmpty())
}

// keep puts JSON at a path, whatever is there, if the workspace has room for it.
func keep(kept map[string]string, path string, document json.RawMessage) (json.RawMessage, error) {
	kept[path] = string(document)
	size := 0
	for path, text := range kept {
		size += len(path) + len(text)
	}
	switch {
	case len(kept) > maxDocuments:
		return nil, cloud.Errorf("BAD_REQUEST", "A data integration workspace keeps %d documents at most.", maxDocuments)
	case size > maxWorkspaceSize:
		return nil, cloud.Errorf("BAD_REQUEST",
			"A data integration workspace keeps %d MiB at most, paths included.", maxWorkspaceSize>>20)
	}
	return document, nil
}

// patchDocument merges, as RFC 7396 says.
func patchDocument(kept map[string]string, at document) (json.RawMessage, error) {
	before, ok := kept[at.path]
	if !ok {
		return nil, at.missing()
	}
	merged, err := Merge(json.RawMessage(before), at.orEmpty())
	if err != nil {
		return nil, fmt.Errorf("merge %q: %w", at.path, err)
	}
	return keep(kept, at.path, merged)
}

// Merge leaves numbers as they are written; members come in the order of their
// names.
func Merge(before, patch json.RawMessage) (json.RawMessage, error) {
	old, err := decodeExact(before)
	if err != nil {
		return nil, err
	}
	changes, err := decodeExact(patch)
	if err != nil {
		return nil, err
	}
	return wire.AppendJSON(nil, merged(old, changes))
}

func decodeExact(text json.RawMessage) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	err = decoder.Decode(&value)
	return value, err
}

func merged(before, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	members, ok := before.(map[string]any)
	if !ok {
		members = map[string]any{}
	}
	for name, value := range changes {
		if value == nil {
			delete(members, name)
			continue
		}
		members[name] = merged(members[name], value)
	}
	return members
}

// deleteDocuments takes what is kept below along.
func deleteDocuments(kept map[string]string, at document) (json.RawMessage, error) {
	gone, ok := kept[at.path]
	for path := range kept {
		if path == at.path || at.path == "" || strings.HasPrefix(path, at.path+"/") {
			delete(kept, path)
			ok = true
		}
	}
	if !ok {
		return nil, at.missing()
	}
	return json.RawMessage(cmp.Or(gone, "{}")), nil
}

type workspaceList struct {
	Workspaces []workspaceView `json:"workspaces"`
	wire.Linked
}

type workspaceView struct {
	Subscription int64       `json:"subscriptionId"`
	CreatedAt    time.Time   `json:"createdAt"`
	UpdatedAt    time.Time   `json:"updatedAt"`
	Paths        []string    `json:"paths"`
	Links        []wire.Link `json:"links"`
}

func listWorkspaces(ctx context.Context, tx *store.Tx, _ struct{}) (*workspaceList, error) {
	all, err := store.All[Workspace](ctx, tx)
	if err != nil {
		return nil, err
	}
	list := &workspaceList{Workspaces: []workspaceView{}}
	for _, w := range all {
		list.Workspaces = append(list.Workspaces, workspaceView{
			Subscription: w.Parent, CreatedAt: w.CreatedAt.UTC(), UpdatedAt: w.UpdatedAt.UTC(),
			Paths: slices.Sorted(maps.Keys(w.Body.Documents)), Links: wire.NoLinks(),
		})
	}
	slices.SortFunc(list.Workspaces, func(a, b workspaceView) int { return int(a.Subscription - b.Subscription) })
	return list, nil
}
