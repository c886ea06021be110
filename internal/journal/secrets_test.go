package journal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
)

const (
	hidden = "Sentinel-4711" // in the place of every secret
	open   = "harmless"      // in that of every other text
)

// secretName is what a member that is a secret may be called. It only finds members that the document forgot to mark.
var secretName = regexp.MustCompile(`(?i)password$|secret|token$|private.?key|credentials$`)

// walk makes values of a schema: for each alternative of each choice one, with all members.
type walk struct {
	t       *testing.T
	secrets int
	within  []*openapi3.Schema
}

func (w *walk) values(where string, schema *openapi3.Schema) (values []any) {
	if slices.Contains(w.within, schema) {
		return nil
	}
	w.within = append(w.within, schema)
	defer func() { w.within = w.within[:len(w.within)-1] }()
	for _, parts := range []openapi3.SchemaRefs{schema.OneOf, schema.AnyOf, schema.AllOf} {
		for _, part := range parts {
			values = append(values, w.values(where, part.Value)...)
		}
	}
	name := where[strings.LastIndex(where, ".")+1:]
	secret := strings.HasPrefix(schema.Format, "password")
	if secretName.MatchString(name) && schema.Type.Is(openapi3.TypeString) && !secret {
		w.t.Errorf("%s is called like a secret, and is not marked as one", where)
	}
	switch {
	case schema.Format == "password":
		w.secrets++
		// Of whatever type: what a client puts there by mistake is one as well.
		values = append(values, hidden, []any{hidden}, map[string]any{"x": hidden})
	case schema.Format == "password-uri":
		w.secrets++
		values = append(values, "ftp://me:"+hidden+"@host/path", "https://host/?sig="+hidden, "%zz"+hidden)
	case schema.Type.Is(openapi3.TypeString):
		values = append(values, open)
	case schema.Type.Is(openapi3.TypeArray):
		if items := w.values(where, schema.Items.Value); len(items) > 0 {
			values = append(values, items)
		}
	case len(schema.Properties) > 0:
		values = append(values, w.objects(where, schema)...)
	}
	return values
}

// objects are as many as the member with the most values has.
func (w *walk) objects(where string, schema *openapi3.Schema) (objects []any) {
	for name, member := range schema.Properties {
		for i, value := range w.values(where+"."+name, member.Value) {
			if i == len(objects) {
				objects = append(objects, map[string]any{"unknown": hidden, "deep": []any{map[string]any{"x": hidden}}})
			}
			objects[i].(map[string]any)[name] = value
		}
	}
	return objects
}

// Every body of every operation, with a sentinel where the document speaks of a secret and where it speaks of nothing:
// the sentinel is in nothing that the journal shows, and what is no secret is.
func TestSecretsAreNeverShown(t *testing.T) {
	t.Parallel()
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	root, err := openapi3.NewLoader().LoadFromData(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t}
	bodies := 0
	for path, item := range root.Paths.Map() {
		for method, spec := range item.Operations() {
			op, _ := document.Operation(spec.OperationID)
			see := func(status int, sent, answered any) {
				bodies++
				see(t, op, method, path, status, sent, answered)
			}
			if spec.RequestBody != nil {
				schema := spec.RequestBody.Value.Content["application/json"].Schema.Value
				for _, value := range w.values(op.ID, schema) {
					see(http.StatusAccepted, value, nil)
				}
			}
			for status, response := range spec.Responses.Map() {
				code, err := strconv.Atoi(status)
				if err != nil {
					code = http.StatusTeapot // none that is declared
				}
				media := response.Value.Content["application/json"]
				if media == nil {
					see(code, nil, hidden)
					continue
				}
				for _, value := range w.values(op.ID, media.Schema.Value) {
					see(code, nil, value)
				}
			}
		}
	}
	if bodies < 500 || w.secrets < 50 {
		t.Errorf("%d bodies with %d secrets were seen, want many more", bodies, w.secrets)
	}
}

// see has a journal show an exchange, and looks for the sentinel.
func see(t *testing.T, op *openapi.Operation, method, path string, status int, sent, answered any) {
	t.Helper()
	encode := func(v any) []byte {
		if v == nil {
			return nil
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	j := journal.New(1)
	r := journal.Record{
		ID: "x", Time: time.Now(), Account: 1, Method: method, URL: &url.URL{Path: path, RawQuery: "q=" + hidden},
		Host: "127.0.0.1:8080", Proto: "HTTP/1.1", Operation: op, Status: status,
		Body: encode(sent), Answer: encode(answered),
		Header: http.Header{
			"X-Api-Key": {hidden}, "X-Api-Secret-Key": {hidden}, "Authorization": {"Bearer " + hidden}, "Cookie": {hidden},
			"Idempotency-Key": {hidden}, "X-Anything": {hidden}, "User-Agent": {open},
		},
		Sent: http.Header{"Idempotency-Key": {hidden}, "Content-Type": {"application/json"}},
	}
	j.Add(r)
	e, _ := j.Entry("x")
	shown := string(encode(e)) + e.Curl + fmt.Sprint(e) + string(encode(j.Archive(journal.Query{}, "p", "v")))
	if strings.Contains(shown, hidden) {
		t.Errorf("%s, status %d: a secret is shown:\n%s", op.ID, status, shown)
	}
	for _, body := range [][]byte{r.Body, r.Answer} {
		if strings.Contains(string(body), `"`+open+`"`) && strings.Count(shown, open) < 5 {
			t.Errorf("%s, status %d: what is no secret is not shown:\n%s", op.ID, status, shown)
		}
	}
}
