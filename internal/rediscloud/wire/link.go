package wire

import (
	"fmt"
	"strings"
)

// Link is one entry of `links`: where something is found, and how to ask for it.
type Link struct {
	Rel  string `json:"rel"`
	Href string `json:"href"`
	Type string `json:"type"` // HTTP method
}

// Linked gives an answer its links. An operation returns the answer as a pointer
// and leaves the links alone: the HTTP edge, which knows the address, sets them.
type Linked struct {
	Links []Link `json:"links"`
}

// LinkSelf makes href, absolute, the answer's link to itself.
func (l *Linked) LinkSelf(href string) {
	l.Links = []Link{{Rel: "self", Href: href, Type: "GET"}}
}

// Page is Linked for a list that comes in pages: its link to itself always says
// which page it is, also where the request left that to the defaults.
type Page struct {
	Linked
	Offset, Limit int `json:"-"`
}

// LinkSelf makes href, absolute, with the page for a query, the answer's link to itself.
func (p *Page) LinkSelf(href string) {
	path, _, _ := strings.Cut(href, "?")
	p.Linked.LinkSelf(fmt.Sprintf("%s?offset=%d&limit=%d", path, p.Offset, p.Limit))
}

// NoLinks is what the items of a list have: their links are for the whole list.
func NoLinks() []Link { return []Link{} }
