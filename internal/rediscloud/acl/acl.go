package acl

import (
	"context"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// Access control is rules, which roles grant in databases, and users, who have a
// role. Databases have to learn of every change; until then what has changed is
// pending, and so is all that depends on it.

// aclChange is how long databases take to learn of a change.
const aclChange cloud.Length = "access-control.change"

// Operations returns the operations on rules, roles and users.
func Operations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listAclRedisRules", listACLRules),
		engine.Task("createAclRedisRule", createACLRule),
		engine.Task("updateAclRedisRule", updateACLRule),
		engine.Task("deleteAclRedisRule", deleteACLRule),
		engine.Answer("listAclRoles", listACLRoles),
		engine.Task("createAclRole", createACLRole),
		engine.Task("updateAclRole", updateACLRole),
		engine.Task("deleteAclRole", deleteACLRole),
		engine.Answer("listAclUsers", listACLUsers),
		engine.Task("createAclUser", createACLUser),
		engine.Answer("getAclUser", getACLUser),
		engine.Task("updateAclUser", updateACLUser),
		engine.Task("deleteAclUser", deleteACLUser),
	}
}

// deleteACL begins the end of a rule, a role or a user.
func deleteACL[B cloud.Body](tx *store.Tx, id int64) engine.Outcome {
	resource.Transition[B](tx, id, cloud.StatusDeleting, aclChange, cloud.StatusGone)
	return engine.Outcome{ResourceID: id}
}

// lockACL locks what is to be changed. What is on its way out counts as gone:
// missing is the code for both.
func lockACL[B cloud.Body](ctx context.Context, tx *store.Tx, id int64, missing cloud.Code) (cloud.Resource[B], error) {
	r, ok, err := store.Get[B](ctx, tx, id)
	if err == nil && (!ok || r.Status == cloud.StatusDeleting) {
		err = cloud.Errorf(missing, "%s %d was not found.", r.Body.Kind().Name, id)
	}
	return r, err
}

// pendingRoles makes roles pending, and their users. A role comes after its users:
// who waits for it finds them ready.
func pendingRoles(ctx context.Context, tx *store.Tx, roles ...int64) error {
	users, err := store.All[User](ctx, tx)
	if err != nil {
		return err
	}
	usersOf := map[int64][]int64{}
	for _, user := range users {
		if user.Status != cloud.StatusDeleting {
			usersOf[user.Body.RoleID] = append(usersOf[user.Body.RoleID], user.ID)
		}
	}
	for _, role := range roles {
		for _, user := range usersOf[role] {
			resource.Transition[User](tx, user, cloud.StatusPending, aclChange, cloud.StatusActive)
		}
		resource.Transition[Role](tx, role, cloud.StatusPending, aclChange, cloud.StatusActive)
	}
	return nil
}

// aclNames are the codes for names of a kind: not there, of wrong characters, too
// long, and in use.
type aclNames struct{ missing, invalid, tooLong, taken cloud.Code }

// check checks a new name. The bounds are not public.
func (n aclNames) check(name string) error {
	const most = 128
	switch {
	case strings.TrimSpace(name) == "":
		return cloud.Errorf(n.missing, "A name is needed.")
	case utf8.RuneCountInString(name) > most:
		return cloud.Errorf(n.tooLong, "A name has %d characters at most.", most)
	case strings.ContainsFunc(name, func(r rune) bool { return !unicode.IsPrint(r) }):
		return cloud.Errorf(n.invalid, "%q cannot be a name: it has characters that cannot be printed.", name)
	}
	return nil
}

// checkNew is check for a name that nothing else of the kind may have.
func checkNew[B cloud.Body](ctx context.Context, tx *store.Tx, n aclNames, name string) error {
	if err := n.check(name); err != nil {
		return err
	}
	_, ok, err := store.Named[B](ctx, tx, name, cloud.StatusDeleting)
	if err == nil && ok {
		err = n.exists(name)
	}
	return err
}

func (n aclNames) exists(name string) error {
	return cloud.Errorf(n.taken, "The name %q is in use.", name)
}
