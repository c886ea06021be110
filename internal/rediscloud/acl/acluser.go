package acl

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// User logs in to the databases of a role. The password is not kept: nothing
// shows it, and there are no databases to log in to.
type User struct {
	RoleID int64 `json:"roleId"`
}

// Kind of all users of databases.
func (User) Kind() cloud.Kind { return cloud.Kind{Name: "ACL user", FirstID: 300} }

// checkUserName checks a name by which a user logs in.
func checkUserName(name string) error {
	names := userNames()
	switch {
	case name == "default":
		return cloud.Errorf(names.invalid, "Every database has a user %q of its own.", name)
	case strings.TrimSpace(name) != "" && strings.ContainsFunc(name, unicode.IsSpace):
		return cloud.Errorf(names.invalid, "The name of a user has no spaces.")
	}
	return names.check(name)
}

func userNames() aclNames {
	return aclNames{
		"ACL_USER_NAME_IS_MISSING", "ACL_USER_NAME_NOT_VALID", "ACL_USER_NAME_NOT_VALID", "ACL_USER_NAME_ALREADY_EXISTS",
	}
}

// checkUserPassword checks the length and that every kind of character is there.
func checkUserPassword(password string) error {
	const least, most = 8, 128
	special := func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) }
	n := utf8.RuneCountInString(password)
	if n == 0 {
		return cloud.Errorf("ACL_USER_PASSWORD_IS_MISSING", "A password is needed.")
	}
	for _, kind := range []func(rune) bool{unicode.IsLower, unicode.IsUpper, unicode.IsDigit, special} {
		if n < least || n > most || !strings.ContainsFunc(password, kind) {
			return cloud.Errorf("ACL_USER_PASSWORD_NOT_VALID",
				"A password has %d to %d characters, among them a lower-case and an upper-case letter, a digit "+
					"and a special character.", least, most)
		}
	}
	return nil
}

type aclUserView struct {
	ID     int64        `json:"id"`
	Name   string       `json:"name"`
	Role   string       `json:"role"`
	Status cloud.Status `json:"status"`
}

type oneACLUser struct {
	aclUserView
	wire.Linked
}

type aclUserItem struct {
	aclUserView
	Links []wire.Link `json:"links"`
}

type aclUsers struct {
	AccountID int64         `json:"accountId"`
	Users     []aclUserItem `json:"users"`
	wire.Linked
}

func listACLUsers(ctx context.Context, tx *store.Tx, _ struct{}) (*aclUsers, error) {
	users, err := store.All[User](ctx, tx)
	if err != nil {
		return nil, err
	}
	roles, err := store.All[Role](ctx, tx)
	if err != nil {
		return nil, err
	}
	names := map[int64]string{}
	for _, role := range roles {
		names[role.ID] = role.Name
	}
	out := &aclUsers{AccountID: tx.Caller.Account, Users: []aclUserItem{}}
	for _, u := range users {
		out.Users = append(out.Users, aclUserItem{aclUserView{u.ID, u.Name, names[u.Body.RoleID], u.Status}, wire.NoLinks()})
	}
	return out, nil
}

type aclUserPath struct {
	ID int64 `path:"aclUserId" json:"-"`
}

func getACLUser(ctx context.Context, tx *store.Tx, in aclUserPath) (*oneACLUser, error) {
	u, ok, err := store.Get[User](ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, cloud.Errorf("ACL_USER_NOT_FOUND", "ACL user %d was not found.", in.ID)
	}
	role, _, err := store.Get[Role](ctx, tx, u.Body.RoleID)
	if err != nil {
		return nil, err
	}
	return &oneACLUser{aclUserView: aclUserView{u.ID, u.Name, role.Name, u.Status}}, nil
}

func createACLUser(ctx context.Context, tx *store.Tx, in struct {
	Name     string `json:"name"`
	Role     string `json:"role"`
	Password string `json:"password"`
},
) (out engine.Outcome, err error) {
	if err := checkUserName(in.Name); err != nil {
		return out, err
	}
	if err := checkNew[User](ctx, tx, userNames(), in.Name); err != nil {
		return out, err
	}
	if err := checkUserPassword(in.Password); err != nil {
		return out, err
	}
	role, err := roleNamed(ctx, tx, in.Role)
	if err != nil {
		return out, err
	}
	return resource.Create(ctx, tx, in.Name, User{role}, cloud.StatusPending, aclChange)
}

// The name stays. What is not named stays, too.
func updateACLUser(ctx context.Context, tx *store.Tx, in struct {
	ID       int64   `path:"aclUserId" json:"-"`
	Role     *string `json:"role"`
	Password *string `json:"password"`
},
) (out engine.Outcome, err error) {
	user, err := lockACL[User](ctx, tx, in.ID, "ACL_USER_NOT_FOUND")
	if err != nil {
		return out, err
	}
	if in.Password != nil {
		if err := checkUserPassword(*in.Password); err != nil {
			return out, err
		}
	}
	if in.Role != nil {
		if user.Body.RoleID, err = roleNamed(ctx, tx, *in.Role); err != nil {
			return out, err
		}
	}
	store.Update(tx, user)
	resource.Transition[User](tx, user.ID, cloud.StatusPending, aclChange, cloud.StatusActive)
	return engine.Outcome{ResourceID: user.ID}, nil
}

func deleteACLUser(ctx context.Context, tx *store.Tx, in aclUserPath) (out engine.Outcome, err error) {
	user, err := lockACL[User](ctx, tx, in.ID, "ACL_USER_NOT_FOUND")
	if err != nil {
		return out, err
	}
	return deleteACL[User](tx, user.ID), nil
}

// roleNamed finds the role that a user is to have.
func roleNamed(ctx context.Context, tx *store.Tx, name string) (int64, error) {
	role, ok, err := store.Named[Role](ctx, tx, name, cloud.StatusDeleting)
	if err == nil && !ok {
		err = cloud.Errorf("ACL_ROLE_DOES_NOT_EXISTS", "ACL role %q was not found: the role of a user has to exist.", name)
	}
	return role.ID, err
}
