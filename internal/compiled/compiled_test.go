package compiled

import (
	"bytes"
	"os"
	"testing"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// The compiled forms are those of the documents as they are.
func TestFormsAreUpToDate(t *testing.T) {
	t.Parallel()
	for path, form := range map[string][]byte{
		"../../openapi.yaml": redisCloud, "../../sandbox.yaml": control, "../rds/rds.yaml": rds,
	} {
		document, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want, err := openapi.Compile(document)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(form, want) {
			t.Errorf("%s has changed: run go generate ./internal/compiled", path)
		}
	}
}

// A document of somebody else is read, too.
func TestOtherDocument(t *testing.T) {
	t.Parallel()
	doc, err := Load([]byte(`
openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /things:
    delete:
      operationId: deleteThings
      responses: {"204": {description: Done.}}
`))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := doc.Operation("deleteThings"); !ok {
		t.Error("its operation is not there")
	}
}

func BenchmarkLoad(b *testing.B) {
	document, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		b.Fatal(err)
	}
	for name, load := range map[string]func([]byte) (*openapi.Document, error){
		"compiled": Load, "document": openapi.Load,
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := load(document); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
