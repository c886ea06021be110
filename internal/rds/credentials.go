package rds

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/store"
)

// errCredentials is why credentials are refused.
var errCredentials = errors.New("credentials")

func refused(format string, args ...any) api.Problem {
	return api.Problem{Status: http.StatusForbidden, Message: fmt.Sprintf(format, args...), Err: errCredentials}
}

// Credentials are a token for the project of the path, or a signature. The project is the key of a pair, and the token
// its secret; or a pair of the same account has signed, its key being the access key.
func (dialect) Credentials(r *http.Request) (c store.Credentials, err error) {
	if c.Tenant = api.PathParam(r, "project_id"); c.Tenant == "" {
		return c, refused("There is no project in the path.")
	}
	if token := r.Header.Get("X-Auth-Token"); token != "" {
		c.Secrets = store.Secrets{Key: c.Tenant, Secret: token}
		return c, nil
	}
	authorization := r.Header.Get("Authorization")
	if authorization == "" {
		return c, refused("There is neither an X-Auth-Token nor a signature.")
	}
	signed, err := readSignature(authorization)
	if err != nil {
		return c, err
	}
	body, err := api.PeekBody(r)
	if err != nil {
		return c, err
	}
	c.Key, c.Signature = signed.access, signed.sum
	c.Message, err = signed.message(r, body)
	return c, err
}

// WrongCredentials is the refusal of a token or a signature that nobody has. doc: error-codes
func (dialect) WrongCredentials() api.Problem {
	return refused("Invalid token, or a signature that is not right, for this project.")
}
