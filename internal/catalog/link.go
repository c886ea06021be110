package catalog

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

// noLinks is what the items of a list have: their links are for the whole list.
func noLinks() []Link { return []Link{} }
