package catalog

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestRedirectionRules(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		targetType string
		change     func(from, to *Database)
		want       cloud.Code
	}{
		"alike":              {publicEndpoint, func(_, _ *Database) {}, ""},
		"private":            {privateEndpoint, func(from, to *Database) { from.PublicAccess, to.PublicAccess = false, false }, ""},
		"no public endpoint": {publicEndpoint, func(_, to *Database) { to.PublicAccess = false }, "BAD_REQUEST"},
		"from Active-Active": {publicEndpoint, func(from, _ *Database) { from.Locals = []Local{{}} }, "BAD_REQUEST"},
		"to Active-Active":   {publicEndpoint, func(_, to *Database) { to.Locals = []Local{{}} }, "BAD_REQUEST"},
		"port":               {publicEndpoint, func(_, to *Database) { to.Port = 2 }, "BAD_REQUEST"},
		"TLS":                {publicEndpoint, func(from, _ *Database) { from.TLS = true }, "BAD_REQUEST"},
		"default user":       {publicEndpoint, func(from, _ *Database) { from.NoDefaultUser = true }, "BAD_REQUEST"},
		"source addresses":   {publicEndpoint, func(from, _ *Database) { from.SourceIPs = []string{"10.0.0.1"} }, "BAD_REQUEST"},
		"redirected source":  {publicEndpoint, func(from, _ *Database) { from.Redirected = true }, "CONFLICT_ERROR"},
		"target of another":  {publicEndpoint, func(_, to *Database) { to.EndpointsOf = 1 }, "CONFLICT_ERROR"},
	} {
		from, to := Database{Port: 1, PublicAccess: true}, Database{Port: 1, PublicAccess: true}
		tt.change(&from, &to)
		if got := cloudtest.CodeOf(t, checkRedirection(tt.targetType, from, to)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
