package account

import (
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestPersonNames(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]cloud.Code{
		"Ada Moreau": "", "": "USER_NAME_IS_INVALID", " ": "USER_NAME_IS_INVALID", "a\tb": "USER_NAME_IS_INVALID",
		strings.Repeat("a", 129): "USER_NAME_IS_INVALID",
	} {
		if got := cloudtest.CodeOf(t, checkPersonName(name)); got != want {
			t.Errorf("%q: got code %q, want %q", name, got, want)
		}
	}
}
