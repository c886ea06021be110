// Package acl is who may do what in databases: rules, roles that grant them in databases, and users who have a role.
package acl

import (
	"embed"
	"sync"

	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

//go:embed data/*.json
var files embed.FS

// defaultRules are rules that every account has and nobody can change.
var defaultRules = sync.OnceValue(func() []defaultRule { return catalog.MustRead[[]defaultRule](files, "acl-rules") })
