// Package redirection lets one database take over the endpoints of another one, for a while or for good.
package redirection

import "github.com/understudy-dev/understudy/internal/engine"

// Operations returns the operations on redirections.
func Operations() []engine.Operation { return redirectionOperations() }
