package dashboard

import (
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"net/http"
	"net/url"
	"path"
	"strings"
)

// session is the cookie of who has logged in. It says that its bearer knew the token, and nothing else.
const session = "understudy-ui"

func (h *Handler) sessionValue() string {
	mac := hmac.New(sha256.New, []byte(h.Token))
	_, _ = mac.Write([]byte("dashboard")) // a hash takes everything
	return hex.EncodeToString(mac.Sum(nil))
}

// knows reports whether a request may see what the token keeps.
func (h *Handler) knows(r *http.Request) bool {
	if h.Token == "" {
		return true
	}
	if sent, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		return same(sent, h.Token)
	}
	cookie, err := r.Cookie(session)
	return err == nil && same(cookie.Value, h.sessionValue())
}

func same(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// loggedIn lets through to next only who knows the token, and sends others to say it.
func (h *Handler) loggedIn(next http.HandlerFunc) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case h.knows(r):
			if err := readable(r.URL.Query(), url.Values{"": {r.URL.Path}}); err != nil {
				h.fail(w, r, err)
				return
			}
			next(w, r)
		case r.Method == http.MethodGet && !strings.HasPrefix(r.Header.Get("Accept"), eventStream):
			to := h.Prefix + "/login?" + url.Values{"to": {r.URL.RequestURI()}}.Encode()
			http.Redirect(w, r, to, http.StatusSeeOther)
		default:
			http.Error(w, "Log in at "+h.Prefix+"/login.", http.StatusUnauthorized)
		}
	})
}

func (h *Handler) loginView(r *http.Request) *view {
	return &view{
		Name: "login", Title: "Log in", Path: r.URL.Path, URL: r.URL.Path, Query: url.Values{}, Data: r.FormValue("to"),
	}
}

func (h *Handler) showLogin(w http.ResponseWriter, r *http.Request) {
	if h.knows(r) {
		http.Redirect(w, r, h.back(r), http.StatusSeeOther)
		return
	}
	h.show(w, http.StatusOK, h.loginView(r))
}

// back is where a log-in leads: to a page of ours, whatever the request says. It has to begin like one as it is
// written, too: browsers take \ for / and escaped dots for dots, and so could find the name of another server in it.
func (h *Handler) back(r *http.Request) string {
	to := r.FormValue("to")
	u, err := url.Parse(to)
	if err != nil || !strings.HasPrefix(to, h.Prefix+"/") ||
		!strings.HasPrefix(path.Clean(strings.ReplaceAll(u.Path, `\`, "/"))+"/", h.Prefix+"/") {
		return h.Prefix + "/"
	}
	return to
}

func (h *Handler) logIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if h.Token != "" && !same(r.PostFormValue("token"), h.Token) {
		v := h.loginView(r)
		v.Problem = h.problem("UNAUTHORIZED", "That is not the token.")
		h.show(w, v.Problem.Status, v)
		return
	}
	h.setSession(w, r, h.sessionValue(), 0)
	http.Redirect(w, r, h.back(r), http.StatusSeeOther)
}

func (h *Handler) logOut(w http.ResponseWriter, r *http.Request) {
	h.setSession(w, r, "", -1)
	http.Redirect(w, r, h.Prefix+"/login", http.StatusSeeOther)
}

func (h *Handler) setSession(w http.ResponseWriter, r *http.Request, value string, age int) {
	http.SetCookie(w, &http.Cookie{ //nolint:gosec // it is Secure where the connection is
		Name: session, Value: value, Path: h.Prefix + "/", MaxAge: age, HttpOnly: true, SameSite: http.SameSiteStrictMode,
		Secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https",
	})
}
