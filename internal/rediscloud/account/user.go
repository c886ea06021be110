package account

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// What is stored of users is only what became of those that an account has from the start.

// UserChange is what differs for a person from the start.
type UserChange struct {
	Role    string `json:"role,omitempty"`
	Deleted bool   `json:"deleted,omitempty"`
}

// Kind of all changed users. Their ids are those they had from the start.
func (UserChange) Kind() cloud.Kind { return cloud.Kind{Name: "user"} }

// accountUser is a person of the account. The first one is the account's owner,
// who is named with it and whose keys the API is called with.
type accountUser struct {
	ID        int64       `json:"id"`
	Name      string      `json:"name"`
	Email     string      `json:"email"`
	Role      string      `json:"role"`
	SignUp    time.Time   `json:"signUp,omitzero"` // that of the account
	UserType  string      `json:"userType"`
	HasAPIKey bool        `json:"hasApiKey"`
	Options   userOptions `json:"options"`
}

type userOptions struct {
	Billing           bool `json:"billing"`
	EmailAlerts       bool `json:"emailAlerts"`
	OperationalEmails bool `json:"operationalEmails"`
	MFAEnabled        bool `json:"mfaEnabled"`
}

func (c *Assets) userOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listUsers", c.listUsers),
		engine.Answer("getUser", c.getUser),
		engine.Task("updateUser", c.updateUser),
		engine.Task("deleteUser", c.deleteUser),
	}
}

// readUsers returns the users of the account as they are now.
func (c *Assets) readUsers(ctx context.Context, tx *store.Tx) ([]accountUser, error) {
	account, err := tx.Account(ctx)
	if err != nil {
		return nil, err
	}
	changes, err := store.All[UserChange](ctx, tx)
	if err != nil {
		return nil, err
	}
	keyRoles, err := tx.KeyRoles(ctx)
	if err != nil {
		return nil, err
	}
	own, err := c.Of(ctx, tx)
	if err != nil {
		return nil, err
	}
	users := slices.Clone(own.users)
	users[0].Name, users[0].Email = account.OwnerName, account.OwnerEmail
	for i := range users {
		users[i].SignUp = wire.Date(account.CreatedAt)
	}
	for _, change := range changes {
		i := slices.IndexFunc(users, func(u accountUser) bool { return u.ID == change.ID })
		if i < 0 {
			continue // of a user whom the account no longer has
		}
		if change.Body.Deleted {
			users = slices.Delete(users, i, i+1)
			continue
		}
		users[i].Name, users[i].Role = change.Name, change.Body.Role
	}
	for i := range users {
		users[i].HasAPIKey = slices.ContainsFunc(keyRoles, users[i].holds)
	}
	return users, nil
}

// holds reports whether the keys of a role are this user's: whoever has the role.
func (u accountUser) holds(role string) bool {
	return role == strings.TrimSuffix(u.Role, " (API use only)")
}

// keyOwner returns the user whose key this is; the account's owner where nobody has
// its role any more.
func (c *Assets) keyOwner(ctx context.Context, tx *store.Tx, key cloud.Key) (accountUser, error) {
	users, err := c.readUsers(ctx, tx)
	if err != nil {
		return accountUser{}, err
	}
	i := slices.IndexFunc(users, func(u accountUser) bool { return u.holds(key.Role) })
	return users[max(i, 0)], nil
}

// findUser returns a user of the account, or USER_NOT_FOUND.
func (c *Assets) findUser(ctx context.Context, tx *store.Tx, id int64) (accountUser, error) {
	users, err := c.readUsers(ctx, tx)
	if err != nil {
		return accountUser{}, err
	}
	i := slices.IndexFunc(users, func(u accountUser) bool { return u.ID == id })
	if i < 0 {
		return accountUser{}, cloud.Errorf("USER_NOT_FOUND", "User %d was not found.", id)
	}
	return users[i], nil
}

// accountUsers has its account's id under another name than other lists.
type accountUsers struct {
	Account int64         `json:"account"`
	Users   []accountUser `json:"users"`
}

func (c *Assets) listUsers(ctx context.Context, tx *store.Tx, _ struct{}) (accountUsers, error) {
	users, err := c.readUsers(ctx, tx)
	return accountUsers{tx.Caller.Account, users}, err
}

type userPath struct {
	ID int64 `path:"userId" json:"-"`
}

func (c *Assets) getUser(ctx context.Context, tx *store.Tx, in userPath) (accountUser, error) {
	return c.findUser(ctx, tx, in.ID)
}

func (c *Assets) updateUser(ctx context.Context, tx *store.Tx, in struct {
	ID   int64   `path:"userId" json:"-"`
	Name string  `json:"name"`
	Role *string `json:"role"`
},
) (out engine.Outcome, err error) {
	user, err := c.findUser(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if err := checkPersonName(in.Name); err != nil {
		return out, err
	}
	role := user.Role
	if in.Role != nil {
		role = *in.Role
	}
	if role != user.Role && c.isOwner(user) {
		return out, cloud.Errorf("USER_CANNOT_UPDATE_IT_IS_OWN_ROLE", "Nobody can change the own role.")
	}
	return engine.Outcome{ResourceID: user.ID}, saveUser(ctx, tx, user.ID, in.Name, UserChange{Role: role})
}

func (c *Assets) deleteUser(ctx context.Context, tx *store.Tx, in userPath) (out engine.Outcome, err error) {
	user, err := c.findUser(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if c.isOwner(user) {
		return out, cloud.Errorf("USER_CANNOT_DELETE_OWN_USER", "Nobody can delete the own user.")
	}
	return engine.Outcome{ResourceID: user.ID}, saveUser(ctx, tx, user.ID, user.Name, UserChange{Deleted: true})
}

// isOwner reports whether a user is the one whose keys the API is called with.
func (c *Assets) isOwner(u accountUser) bool { return u.ID == c.users[0].ID }

// saveUser keeps what becomes of a user. It is so at once: users are not
// provisioned.
func saveUser(ctx context.Context, tx *store.Tx, id int64, name string, change UserChange) error {
	r := cloud.Resource[UserChange]{ID: id, Name: name, Status: cloud.StatusActive, Body: change}
	_, ok, err := store.Get[UserChange](ctx, tx, id)
	if ok {
		store.Update(tx, r)
	} else if err == nil {
		store.Insert(tx, r)
	}
	return err
}

// The bounds are not public.
func checkPersonName(name string) error {
	const most = 128
	if strings.TrimSpace(name) == "" || utf8.RuneCountInString(name) > most ||
		strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return cloud.Errorf("USER_NAME_IS_INVALID", "A name has 1 to %d characters that can be printed.", most)
	}
	return nil
}
