package dashboard

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// snapshots is the page of what is kept of accounts.
type snapshots struct {
	Snapshots []sandbox.Snapshot
}

func loadSnapshots(h *Handler, q *query) (any, error) {
	all, err := h.Service.Snapshots(q.ctx())
	return &snapshots{all}, err
}

// exportSnapshot answers with a snapshot as a file.
func (h *Handler) exportSnapshot(w http.ResponseWriter, r *http.Request) {
	name := r.URL.Query().Get("name")
	file, err := h.Service.ExportSnapshot(r.Context(), name)
	if err != nil {
		h.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{
		"filename": strings.Map(plain, name) + ".json",
	}))
	_, _ = w.Write(file) //nolint:gosec // it is saved, not shown
}

// plain is what a file's name may have of a snapshot's.
func plain(r rune) rune {
	if strings.ContainsRune(`/\":*?<>|`, r) || r < ' ' {
		return '-'
	}
	return r
}

func saveSnapshot(ctx context.Context, o order) (any, error) {
	_, err := o.service.SaveSnapshot(ctx, o.account, strings.TrimSpace(o.get("name")), o.get("replace") != "")
	return nil, err
}

func loadSnapshot(ctx context.Context, o order) (any, error) {
	_, err := o.service.LoadSnapshot(ctx, o.account, o.get("name"))
	return nil, err
}

func deleteSnapshot(ctx context.Context, o order) (any, error) {
	return nil, o.service.DeleteSnapshot(ctx, o.get("name"))
}

func importSnapshot(ctx context.Context, o order) (any, error) {
	_, err := o.service.ImportSnapshot(ctx, strings.TrimSpace(o.get("name")), o.file, o.get("replace") != "")
	return nil, err
}

func fork(ctx context.Context, o order) (any, error) {
	account, pair, err := o.service.Fork(ctx, o.account, strings.TrimSpace(o.get("name")))
	if err != nil {
		return nil, err
	}
	return minted{fmt.Sprintf("Account %s, %d", account.Name, account.ID), pair}, nil
}
