package dashboard

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/store"
)

// page is a page, and the templates NAME and NAME#PART, of which its parts are those that change by themselves.
type page struct {
	name  string
	path  string // below the prefix, as http.ServeMux has it
	title string
	load  func(h *Handler, q *query) (any, error)
	parts []string
}

// query is what a page is asked for.
type query struct {
	*http.Request
	values  url.Values
	account sandbox.AccountName // zero: all of them
}

func (q *query) ctx() context.Context { return q.Context() }

// ref names the account as the service takes it; empty: all of them.
func (q *query) ref() string {
	if q.account.ID == 0 {
		return ""
	}
	return strconv.FormatInt(q.account.ID, 10)
}

func (q *query) get(name string) string { return strings.TrimSpace(q.values.Get(name)) }

// number is a parameter that is a number from 0 up.
func (q *query) number(name string) int {
	n, err := strconv.Atoi(q.values.Get(name))
	if err != nil || n < 0 || n > 1e6 {
		return 0
	}
	return n
}

// view is what the templates are given.
type view struct {
	Name, Title string
	URL         string // of the page, with its query
	Path        string // of the page, without
	Query       url.Values
	Account     sandbox.AccountName
	Accounts    []sandbox.AccountName // to choose from: the first of
	AllAccounts int
	ReadOnly    bool
	LoggedIn    bool
	Live        bool // the page has parts that change
	Problem     *problem
	Done        any // what an action came to, where that is to be shown
	Data        any
}

// chosen is how many accounts there are to choose from in the head of each page; the page of accounts has all.
const chosen = 30

// accounts finds the account that a page is about.
func (h *Handler) accounts(q *query) (list []sandbox.AccountName, all int, err error) {
	if list, all, err = h.Service.Busy(q.ctx(), "", 0, chosen); err != nil {
		return nil, 0, err
	}
	ref := q.get("account")
	if ref == "" {
		if all == 1 {
			q.account = list[0]
		}
		return list, all, nil
	}
	for _, a := range list {
		if a.Name == ref || strconv.FormatInt(a.ID, 10) == ref {
			q.account = a
			return list, all, nil
		}
	}
	a, err := h.Service.Account(q.ctx(), ref)
	q.account = sandbox.AccountName{ID: a.ID, Name: a.Name}
	return append(list, q.account), all, err
}

// readable refuses what is no text.
func readable(all ...url.Values) error {
	for _, values := range all {
		for _, texts := range values {
			for _, text := range texts {
				if !openapi.IsText(text) {
					return cloud.Errorf("BAD_REQUEST", "%q is not a text.", text)
				}
			}
		}
	}
	return nil
}

// one makes sure that a page is about one account: the first one, where none was chosen.
func (q *query) one(v *view) error {
	if q.account.ID == 0 && len(v.Accounts) > 0 {
		q.account = v.Accounts[0]
		v.Account = q.account
	}
	if q.account.ID == 0 {
		return cloud.Errorf("ACCOUNT_NOT_FOUND", "There is no account.")
	}
	return nil
}

// view loads a page.
func (h *Handler) view(p *page, r *http.Request) (v *view, err error) {
	v, q, err := h.head(p, r)
	if err == nil {
		v.Data, err = p.load(h, q)
	}
	return v, err
}

// head is a page without its data, and what it is asked for.
func (h *Handler) head(p *page, r *http.Request) (v *view, q *query, err error) {
	values := r.URL.Query()
	values.Del(lastSeen)
	q = &query{Request: r, values: values}
	v = &view{
		Name: p.name, Title: p.title, Path: r.URL.Path, Query: values, ReadOnly: h.ReadOnly, LoggedIn: h.Token != "",
		Live: len(p.parts) > 0,
	}
	v.URL = v.Path
	if len(values) > 0 {
		v.URL += "?" + values.Encode()
	}
	if v.Accounts, v.AllAccounts, err = h.accounts(q); err != nil {
		return v, q, err
	}
	v.Account = q.account
	if perAccount[p.name] {
		err = q.one(v)
	}
	return v, q, err
}

// serve shows a page, or streams its parts.
func (h *Handler) serve(p *page) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if len(p.parts) > 0 && strings.HasPrefix(r.Header.Get("Accept"), eventStream) {
			h.stream(w, r, p)
			return
		}
		v, err := h.view(p, r)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		h.show(w, http.StatusOK, v)
	}
}

// show writes a page.
func (h *Handler) show(w http.ResponseWriter, status int, v *view) {
	text, err := h.render("layout", v)
	if err != nil {
		h.Logger.Error("dashboard", "page", v.Name, "error", err)
		http.Error(w, "The page cannot be shown; the server's log has more.", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Vary", "Accept")
	w.WriteHeader(status)
	_, _ = w.Write(text) // the client is gone
}

func (h *Handler) render(name string, v *view) ([]byte, error) {
	var text bytes.Buffer
	err := h.templates.ExecuteTemplate(&text, name, v)
	return text.Bytes(), err
}

// body is what a page has between its head and its end.
func (h *Handler) body(v *view) (template.HTML, error) {
	text, err := h.render(v.Name, v)
	return template.HTML(text), err //nolint:gosec // it comes from a template
}

// part is a part of a page where it stands at first, and where a stream changes it.
func (h *Handler) part(name string, v *view) (template.HTML, error) {
	text, err := h.render(v.Name+"#"+name, v)
	name = template.HTMLEscapeString(name)
	return template.HTML(`<div id="part-` + name + `" class="part" sse-swap="` + name + //nolint:gosec // from templates
		`" hx-swap="morph:innerHTML">` + string(text) + `</div>`), err
}

// problem is an error as it is shown.
type problem struct {
	Status int
	Code   string
	Text   string
}

// problemOf says what went wrong.
func (h *Handler) problemOf(r *http.Request, err error) *problem {
	if rule, ok := errors.AsType[*cloud.Error](err); ok {
		return h.problem(rule.Code, rule.Description)
	}
	switch {
	case errors.Is(err, errNoPage):
		return h.problem("NOT_FOUND", "There is no page "+r.URL.Path+".")
	case errors.Is(err, errReadOnly): // which nobody but the dashboard says
		return &problem{http.StatusForbidden, "READ_ONLY", "This dashboard only shows: it was started with --ui-readonly."}
	case store.Unavailable(err):
		return h.problem("UNAVAILABLE", "The database cannot be reached just now. Try again.")
	}
	h.Logger.Error("dashboard", "path", r.URL.Path, "error", err)
	return h.problem(cloud.Code(h.Control.InternalError()), "The server failed; its log has more.")
}

// problem is one with a code of the document of control, which has its status.
func (h *Handler) problem(code cloud.Code, text string) *problem {
	p := &problem{Status: http.StatusInternalServerError, Code: string(code), Text: text}
	if known, ok := h.Control.Code(p.Code); ok {
		p.Status = known.Status
	}
	return p
}

// fail shows an error in place of a page.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := h.problemOf(r, err)
	v := &view{
		Name: "problem", Title: http.StatusText(p.Status), Path: r.URL.Path, URL: r.URL.Path, Query: url.Values{},
		ReadOnly: h.ReadOnly, LoggedIn: h.Token != "", Problem: p,
	}
	h.show(w, p.Status, v)
}

// ignoring is an error, unless it is one with a code.
func ignoring(err error, code cloud.Code) error {
	if rule, ok := errors.AsType[*cloud.Error](err); ok && rule.Code == code {
		return nil
	}
	return err
}
