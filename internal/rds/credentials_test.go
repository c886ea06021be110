package rds_test

import (
	"encoding/json"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// signedRequest is one as the official client (huaweicloud-sdk-go-v3 v0.1.207) has sent it.
type signedRequest struct {
	Name   string
	Key    string `json:"ak"`
	Secret string `json:"sk"`
	Method string
	Host   string
	URI    string
	Header http.Header
	Body   string
}

// signedRequests reads them, and lets their keys act for an account, of which the project is another key.
func signedRequests(t *testing.T, w *apitest.World) (requests []signedRequest, account int64) {
	t.Helper()
	text, err := os.ReadFile("testdata/signatures.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &requests); err != nil || len(requests) == 0 {
		t.Fatalf("testdata/signatures.json has %d requests, %v", len(requests), err)
	}
	a := w.Account()
	pairs := []store.Secrets{
		{Key: requests[0].Key, Secret: requests[0].Secret}, {Key: projectOf(requests[0]), Secret: "token"},
	}
	for i, pair := range pairs {
		key := cloud.Key{Name: []string{"signer", "project"}[i], Role: "Owner"}
		if _, err := w.DB.NewKey(t.Context(), store.DeclaredKey{Account: a.ID, Key: key, Secrets: pair}); err != nil {
			t.Fatal(err)
		}
	}
	return requests, a.ID
}

// send sends a request as it was sent, to a server.
func (s signedRequest) send(t *testing.T, w *apitest.World) (status int, body string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), s.Method, w.URL+s.URI, strings.NewReader(s.Body))
	if err != nil {
		t.Fatal(err)
	}
	req.Host, req.Header = s.Host, s.Header.Clone()
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(text)
}

const wrong = "DBS.280056"

// What the official client signs is taken, and nothing of it once it was altered.
func TestSignatures(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	requests, _ := signedRequests(t, w)
	for _, r := range requests {
		t.Run(r.Name, func(t *testing.T) {
			t.Parallel()
			if status, body := r.send(t, w); strings.Contains(body, wrong) {
				t.Fatalf("as it was signed: got %d %s", status, body)
			}
			altered := map[string]func(*signedRequest){
				"path":      func(r *signedRequest) { r.URI = pathOf(r.URI) + "x" + strings.TrimPrefix(r.URI, pathOf(r.URI)) },
				"query":     func(r *signedRequest) { r.URI = pathOf(r.URI) + "?offset=7" },
				"body":      func(r *signedRequest) { r.Body += " " },
				"date":      func(r *signedRequest) { r.Header.Set("X-Sdk-Date", "20261129T155001Z") },
				"no date":   func(r *signedRequest) { r.Header.Del("X-Sdk-Date") },
				"agent":     func(r *signedRequest) { r.Header.Set("User-Agent", "another") },
				"hash":      func(r *signedRequest) { r.Header.Set("X-Sdk-Content-Sha256", strings.Repeat("0", 64)) },
				"signature": func(r *signedRequest) { r.authorization(`Signature=.*`, "Signature="+strings.Repeat("0", 64)) },
				"key":       func(r *signedRequest) { r.authorization("Access="+r.Key, "Access=another") },
				"headers":   func(r *signedRequest) { r.authorization(";x-sdk-date", "") },
				"algorithm": func(r *signedRequest) { r.authorization("SDK-HMAC-SHA256", "SDK-HMAC-SM3") },
				"nothing":   func(r *signedRequest) { r.Header.Del("Authorization") },
				"project":   func(r *signedRequest) { r.URI = strings.Replace(r.URI, projectOf(*r), "another", 1) },
			}
			if strings.HasSuffix(pathOf(r.URI), "/instances") { // there are two methods for it, and no longer path
				delete(altered, "path")
				altered["method"] = func(r *signedRequest) {
					r.Method = map[string]string{http.MethodGet: http.MethodPost, http.MethodPost: http.MethodGet}[r.Method]
				}
			}
			if r.Header.Get("X-Sdk-Content-Sha256") != "" { // the client has not signed the body
				delete(altered, "body")
			}
			for what, alter := range altered {
				one := r
				one.Header = r.Header.Clone()
				alter(&one)
				if status, body := one.send(t, w); status != http.StatusForbidden || !strings.Contains(body, wrong) {
					t.Errorf("with another %s: got %d %s, want %s", what, status, body, wrong)
				}
			}
		})
	}
}

func (s *signedRequest) authorization(old, changed string) {
	s.Header.Set("Authorization", regexp.MustCompile(old).ReplaceAllString(s.Header.Get("Authorization"), changed))
}

// pathOf is a request's, as it is sent.
func pathOf(uri string) string {
	path, _, _ := strings.Cut(uri, "?")
	return path
}

// projectOf is that in the path of a request.
func projectOf(s signedRequest) string { return strings.Split(s.URI, "/")[2] }

// A signature that was right is refused once its key is revoked or has another secret, and is no way into another
// account's project.
func TestSignaturesOfKeysThatChange(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	requests, account := signedRequests(t, w)
	get := requests[0]
	want := func(status int, when string) {
		t.Helper()
		if got, body := get.send(t, w); got != status {
			t.Errorf("%s: got %d %s, want %d", when, got, body, status)
		}
	}
	want(http.StatusOK, "at first")
	stranger := w.Account()
	get.URI = strings.Replace(get.URI, projectOf(get), stranger.Secrets.Key, 1)
	want(http.StatusForbidden, "in a project of others")
	get.URI = requests[0].URI

	keys, err := w.DB.Keys(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	signer := keys[1] // the first is that of the account itself
	if signer.Name != "signer" {
		t.Fatalf("got keys %+v", keys)
	}
	if err := w.DB.RotateKey(t.Context(), account, signer.ID, store.Secrets{Key: get.Key, Secret: "another"}); err != nil {
		t.Fatal(err)
	}
	want(http.StatusForbidden, "with another secret")
	back := store.DeclaredKey{Account: account, Key: signer, Secrets: store.Secrets{Key: get.Key, Secret: get.Secret}}
	if err := w.DB.DeclareKey(t.Context(), back); err != nil {
		t.Fatal(err)
	}
	want(http.StatusOK, "with its own again")
	if err := w.DB.RevokeKey(t.Context(), account, signer.ID); err != nil {
		t.Fatal(err)
	}
	keys, err = w.DB.Keys(t.Context(), account)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range keys {
		if k.Name == "signer" {
			if err := w.DB.RevokeKey(t.Context(), account, k.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	want(http.StatusForbidden, "revoked")
}

// Where any credentials are taken, a project is made by the first that are used for it, and these stay the only ones.
func TestProjectsAreMadeOnFirstUse(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	known, _ := signedRequests(t, w)
	w.DB.AdoptAnyKeys(store.Adoption{Owner: cloud.Account{OwnerName: "Anybody"}, Role: "Owner", Most: 5})
	want := func(status int, r signedRequest, when string) {
		t.Helper()
		if got, body := r.send(t, w); got != status {
			t.Errorf("%s: got %d %s, want %d", when, got, body, status)
		}
	}
	in := func(project string, header http.Header) signedRequest {
		return signedRequest{Method: http.MethodGet, URI: "/v3/" + project + "/instances", Header: header}
	}
	token := func(t string) http.Header { return http.Header{"X-Auth-Token": {t}} }
	by := func(key string) http.Header {
		return http.Header{"X-Sdk-Date": {"20261129T155000Z"}, "Authorization": {"SDK-HMAC-SHA256 Access=" + key +
			", SignedHeaders=x-sdk-date, Signature=" + strings.Repeat("0", 64)}}
	}
	want(http.StatusOK, in("first", token("t1")), "a project by a token")
	want(http.StatusOK, in("first", token("t1")), "by the token again")
	want(http.StatusForbidden, in("", token("t1")), "no project")
	want(http.StatusForbidden, in("first", token("t2")), "by another token")
	want(http.StatusForbidden, in("first", by("k1")), "by a signature")
	want(http.StatusOK, in("second", by("k1")), "a project by a signature, which nobody can check")
	want(http.StatusOK, in("second", by("k1")), "by a signature for that key again")
	want(http.StatusForbidden, in("second", by("k2")), "by a signature for another key")
	want(http.StatusOK, in("third", by("k1")), "a third project by the key of the second")
	want(http.StatusForbidden, in(projectOf(known[0]), token("t1")), "a project that was declared, by a token of others")
	want(http.StatusForbidden, in("fourth", by(known[0].Key)), "a fourth one by a key that was declared, wrongly signed")
	want(http.StatusOK, in("fourth", token("t1")), "a fourth project")
	want(http.StatusForbidden, in("fifth", token("t1")), "more than there may be")
	accounts, err := w.DB.CountAccounts(t.Context())
	if err != nil || accounts != 5 {
		t.Errorf("there are %d accounts, %v, want 5", accounts, err)
	}
}
