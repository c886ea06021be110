package terraform

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

// All else says what it said.
func TestWithoutBackend(t *testing.T) {
	t.Parallel()
	const rest = "locals { a = 1 }\nresource \"backend\" \"s3\" {}\n"
	for name, tt := range map[string]struct{ text, want string }{
		"a backend": {
			"terraform {\n  required_version = \">= 1.5\" # or so\n  backend \"s3\" {\n    bucket = \"a\"\n  }\n}\n" + rest,
			"terraform {\n  required_version = \">= 1.5\" # or so\n}\n" + rest,
		},
		"a cloud": {
			"terraform {\n  cloud {\n    workspaces { name = \"w\" }\n  }\n}\n" + rest, "terraform {\n}\n" + rest,
		},
		"neither": {rest, rest},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := WithoutBackend([]byte(tt.text), "main.tf")
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
	if _, err := WithoutBackend([]byte("terraform {"), "main.tf"); err == nil {
		t.Error("half a configuration is none")
	}
}
