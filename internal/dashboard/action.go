package dashboard

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// maxForm is the longest that a form may be.
const maxForm = 64 << 20

var errReadOnly = errors.New("read-only")

// order is what a form asks for.
type order struct {
	service *sandbox.Service
	account string // its id; empty: none was chosen
	form    url.Values
	file    []byte // that came with it; nil: none
}

func (o order) get(name string) string { return o.form.Get(name) }

// actions are what forms can ask for, by what they send as "do". What one returns is shown on a page that has a place
// for it; nil: the page shows it anyway.
var actions = map[string]func(context.Context, order) (any, error){
	"account.create":  createAccount,
	"account.fork":    fork,
	"account.reset":   resetAccount,
	"key.create":      createKey,
	"key.revoke":      revokeKey,
	"key.rotate":      rotateKey,
	"snapshot.save":   saveSnapshot,
	"snapshot.load":   loadSnapshot,
	"snapshot.delete": deleteSnapshot,
	"snapshot.import": importSnapshot,
	"clock.set":       setClock,
	"clock.advance":   advance,
	"fault.arm":       armFault,
	"fault.disarm":    disarmFault,
	"fault.clear":     clearFaults,
	"journal.clear":   clearJournal,
}

// act does what a form on a page asks for, and shows that page again.
func (h *Handler) act(p *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h.ReadOnly {
			h.fail(w, r, errReadOnly)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxForm)
		file, err := readForm(r)
		if err != nil {
			h.fail(w, r, cloud.Errorf("BAD_REQUEST", "The form cannot be read, or is longer than %d MB.", maxForm>>20))
			return
		}
		if err := readable(r.PostForm); err != nil {
			h.fail(w, r, err)
			return
		}
		action, ok := actions[r.PostForm.Get("do")]
		if r.PostForm.Get("do") == "try" {
			action, ok = h.try, true
		}
		if !ok {
			h.fail(w, r, cloud.Errorf("BAD_REQUEST", "There is no action %q.", r.PostForm.Get("do")))
			return
		}
		o := order{service: h.Service, account: r.PostForm.Get("account"), form: r.PostForm, file: file}
		if o.account == "" {
			o.account = r.URL.Query().Get("account")
		}
		done, err := action(r.Context(), o)
		if err == nil && !p.shows(done) {
			http.Redirect(w, r, r.URL.RequestURI(), http.StatusSeeOther) //nolint:gosec // to where it came from
			return
		}
		v, pageErr := h.view(p, r)
		if pageErr != nil {
			h.fail(w, r, errors.Join(pageErr, err))
			return
		}
		v.Done = done
		status := http.StatusOK
		if err != nil {
			v.Problem = h.problemOf(r, err)
			status = v.Problem.Status
		}
		h.show(w, status, v)
	}
}

// shows reports whether a page has a place for what an action came to.
func (p *page) shows(done any) bool {
	switch done.(type) {
	case minted:
		return p.name == "accounts" || p.name == "snapshots"
	case sandbox.Advanced:
		return p.name == "clock"
	case tried:
		return p.name == "operation"
	}
	return false
}

// readForm reads a form, and the file that came with it.
func readForm(r *http.Request) (file []byte, err error) {
	if media, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")); media != "multipart/form-data" {
		return nil, r.ParseForm()
	}
	if err := r.ParseMultipartForm(maxForm); err != nil {
		return nil, err
	}
	content, _, err := r.FormFile("file")
	if err != nil {
		return nil, err
	}
	return io.ReadAll(content)
}
