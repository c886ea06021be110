package main

import (
	"io"
	"maps"
	"net/http"
	"sync"
)

// likeness answers from memory what another server does, with the same headers: what it costs to send just that. It
// asks the other one once for each path.
type likeness struct {
	of    string   // host:port
	known sync.Map // *likeAnswer by path
}

type likeAnswer struct {
	status int
	header http.Header
	body   []byte
}

func (l *likeness) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	known, ok := l.known.Load(r.URL.Path)
	if !ok {
		asked, err := l.ask(r)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		l.known.Store(r.URL.Path, asked)
		known = asked
	}
	answer := known.(*likeAnswer)
	maps.Copy(w.Header(), answer.header)
	w.WriteHeader(answer.status)
	_, _ = w.Write(answer.body) //nolint:gosec // to no browser; a client that is gone is no concern here
}

func (l *likeness) ask(r *http.Request) (*likeAnswer, error) {
	r = r.Clone(r.Context())
	r.RequestURI, r.URL.Scheme, r.URL.Host = "", "http", l.of // the header Host, of which links are made, stays
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	answer.Header.Del("Date") // each answer has its own
	return &likeAnswer{answer.StatusCode, answer.Header, body}, err
}
