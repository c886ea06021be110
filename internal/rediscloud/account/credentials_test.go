package account

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestCredentials(t *testing.T) {
	t.Parallel()
	good := credentials{"AKIA1", "secret", "console", "word"}
	if err := good.check(); err != nil {
		t.Error(err)
	}
	for _, bad := range []credentials{
		{"", "secret", "console", "word"},
		{"AKIA1", " ", "console", "word"},
		{"AKIA1", "secret", "", "word"},
		{"AKIA1", "secret", "console", ""},
	} {
		if got := cloudtest.CodeOf(t, bad.check()); got != "CLOUD_ACCOUNT_INVALID_CREDS" {
			t.Errorf("%+v: got code %q", bad, got)
		}
	}
}
