package catalog

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
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
		"no public endpoint": {publicEndpoint, func(_, to *Database) { to.PublicAccess = false }, cloud.BadRequest},
		"from Active-Active": {publicEndpoint, func(from, _ *Database) { from.Locals = []Local{{}} }, cloud.BadRequest},
		"to Active-Active":   {publicEndpoint, func(_, to *Database) { to.Locals = []Local{{}} }, cloud.BadRequest},
		"port":               {publicEndpoint, func(_, to *Database) { to.Port = 2 }, cloud.BadRequest},
		"TLS":                {publicEndpoint, func(from, _ *Database) { from.TLS = true }, cloud.BadRequest},
		"default user":       {publicEndpoint, func(from, _ *Database) { from.NoDefaultUser = true }, cloud.BadRequest},
		"source addresses":   {publicEndpoint, func(from, _ *Database) { from.SourceIPs = []string{"10.0.0.1"} }, cloud.BadRequest},
		"redirected source":  {publicEndpoint, func(from, _ *Database) { from.Redirected = true }, cloud.ConflictError},
		"target of another":  {publicEndpoint, func(_, to *Database) { to.EndpointsOf = 1 }, cloud.ConflictError},
	} {
		from, to := Database{Port: 1, PublicAccess: true}, Database{Port: 1, PublicAccess: true}
		tt.change(&from, &to)
		if got := codeOf(t, checkRedirection(tt.targetType, from, to)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
