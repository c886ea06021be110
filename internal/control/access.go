package control

import (
	"crypto/subtle"
	"net"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Access says who may control.
type Access struct {
	// Token is asked for in every request, as a bearer token. Empty: nothing is asked for, which only a server on the
	// loopback address may do.
	Token string
	// Hosts are the names, in lower case, under which a request may address the server, beside those of the loopback
	// address. It is looked at only without a token: a web page that has its own name resolve to the loopback address
	// sends that name.
	Hosts []string
}

// Guarded lets through to next only who may control.
func (h *Handler) Guarded(next http.Handler) http.Handler { return h.checked(next, h.Access.check) }

// Addressed lets through to next only requests that call the server by one of its names. With a token it is not asked
// for that: who knows a server under which name is not known where it is exposed.
func (h *Handler) Addressed(next http.Handler) http.Handler {
	if h.Access.Token != "" {
		return next
	}
	return h.checked(next, h.Access.checkHost)
}

func (h *Handler) checked(next http.Handler, check func(*http.Request) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := check(r); err != nil {
			h.fail(w, r, err)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// check returns why a request may not control; nil: it may.
func (a Access) check(r *http.Request) error {
	fetched := r.Header.Get("Sec-Fetch-Site")
	if r.Header.Get("Origin") != "" || fetched == "cross-site" || fetched == "same-site" {
		return cloud.Errorf("FORBIDDEN_ORIGIN", "Web pages cannot control the sandbox.")
	}
	if a.Token != "" {
		sent, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
		if subtle.ConstantTimeCompare([]byte(sent), []byte(a.Token)) != 1 {
			return cloud.Errorf("UNAUTHORIZED", "Send the control token, as Authorization: Bearer TOKEN.")
		}
		return nil
	}
	return a.checkHost(r)
}

// checkHost returns why a request may not be meant for this server; nil: it may. One without a name is from no browser.
func (a Access) checkHost(r *http.Request) error {
	host := r.Host
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.TrimSuffix(strings.ToLower(strings.Trim(host, "[]")), ".")
	if host == "" || host == "localhost" || strings.HasSuffix(host, ".localhost") || slices.Contains(a.Hosts, host) {
		return nil
	}
	if ip := net.ParseIP(host); ip != nil && ip.IsLoopback() {
		return nil
	}
	return cloud.Errorf("FORBIDDEN_HOST",
		"The sandbox is not called %q: start it with --allow-host %s if it is.", host, host)
}
