package account

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
)

// maxID bounds the ids that may be chosen, to what every client can read.
const maxID = 1<<31 - 1

// checkID refuses an id that cannot be chosen; 0 is none.
func checkID(id, most int64) error {
	if id < 0 || id > most {
		return fmt.Errorf("id %d is not between 1 and %d", id, most)
	}
	return nil
}

// newPaymentMethod is a card as it is declared.
type newPaymentMethod struct {
	ID                 int64  `json:"id"`
	Type               string `json:"type"`
	CreditCardEndsWith *int   `json:"creditCardEndsWith"`
	NameOnCard         string `json:"nameOnCard"`
	ExpirationMonth    int    `json:"expirationMonth"`
	ExpirationYear     int    `json:"expirationYear"`
}

func (c *Assets) newCard(in newPaymentMethod) (PaymentMethod, error) {
	like := builtIn().PaymentMethods[0]
	switch {
	case strings.TrimSpace(in.Type) == "":
		return like, errors.New("type is missing, such as Visa")
	case in.CreditCardEndsWith == nil || *in.CreditCardEndsWith < 0 || *in.CreditCardEndsWith > 9999:
		return like, errors.New("creditCardEndsWith is missing, or not the last four digits")
	case in.ExpirationMonth < 0 || in.ExpirationMonth > 12:
		return like, fmt.Errorf("expirationMonth %d is no month", in.ExpirationMonth)
	case in.ExpirationYear < 0 || in.ExpirationYear > 9999:
		return like, fmt.Errorf("expirationYear %d is no year", in.ExpirationYear)
	}
	m := cardLike(like, Card{in.Type, *in.CreditCardEndsWith})
	m.ID = cmp.Or(in.ID, m.ID)
	m.NameOnCard = cmp.Or(in.NameOnCard, m.NameOnCard)
	m.ExpirationMonth = cmp.Or(in.ExpirationMonth, m.ExpirationMonth)
	m.ExpirationYear = cmp.Or(in.ExpirationYear, m.ExpirationYear)
	return m, checkID(in.ID, maxID)
}

// newAccount is a cloud account as it is declared.
type newAccount struct {
	ID             int64        `json:"id"`
	Name           string       `json:"name"`
	Provider       string       `json:"provider"`
	AccessKeyID    string       `json:"accessKeyId"`
	SignInLoginURL string       `json:"signInLoginUrl"`
	Status         cloud.Status `json:"status"`
}

func newCloudAccount(in newAccount) (cloudAccount, error) {
	in.Provider, in.Status = cmp.Or(in.Provider, catalog.AWS), cmp.Or(in.Status, cloud.StatusActive)
	states := []cloud.Status{cloud.StatusActive, StatusDraft, statusChangeDraft, cloud.StatusError}
	switch {
	case strings.TrimSpace(in.Name) == "":
		return cloudAccount{}, errors.New("name is missing")
	case in.Provider != catalog.AWS && in.Provider != catalog.GCP:
		return cloudAccount{}, fmt.Errorf("provider %q is neither %s nor %s", in.Provider, catalog.AWS, catalog.GCP)
	case !slices.Contains(states, in.Status):
		return cloudAccount{}, fmt.Errorf("status %q is none of %v", in.Status, states)
	case in.ID == InternalCloudAccount:
		return cloudAccount{}, fmt.Errorf("id %d is that of Redis' own account", in.ID)
	}
	id := cmp.Or(in.ID, setupAccountID(in.Name))
	return showCloudAccount(cloud.Resource[CloudAccount]{
		ID: id, Name: in.Name, Status: in.Status,
		Body: CloudAccount{in.Provider, cmp.Or(in.AccessKeyID, setupAccessKey(id)), in.SignInLoginURL},
	}), checkID(in.ID, CloudAccount{}.Kind().FirstID-1) // further ones are for those that clients make
}

// newPerson is a user as it is declared.
type newPerson struct {
	ID       int64       `json:"id"`
	Name     string      `json:"name"`
	Email    string      `json:"email"`
	Role     string      `json:"role"`
	UserType string      `json:"userType"`
	Options  userOptions `json:"options"`
}

func (c *Assets) newUser(in newPerson) (accountUser, error) {
	var roles []string
	for _, u := range builtIn().users {
		roles = append(roles, u.Role)
	}
	in.Role = cmp.Or(in.Role, "Member")
	u := accountUser{
		ID: cmp.Or(in.ID, 100_000+derive.Number(0, "user "+in.Email, 1e6)), Name: in.Name, Email: in.Email, Role: in.Role,
		UserType: cmp.Or(in.UserType, "Local"), Options: in.Options,
	}
	switch {
	case !strings.Contains(in.Email, "@"):
		return u, errors.New("email is missing, or no address")
	case !slices.Contains(roles, in.Role):
		return u, fmt.Errorf("role %q is none of %s", in.Role, strings.Join(roles, ", "))
	case in.ID == builtIn().users[0].ID:
		return u, fmt.Errorf("id %d is that of the owner", in.ID)
	}
	if err := checkPersonName(in.Name); err != nil {
		return u, errors.New("name is missing, or cannot be printed")
	}
	return u, checkID(in.ID, maxID)
}

// newShare is a transit gateway as it is declared.
type newShare struct {
	ID         int64     `json:"id"`
	Name       string    `json:"name"`
	ShareUID   string    `json:"resourceShareUid"`
	Account    string    `json:"awsAccountId"`
	GatewayUID string    `json:"awsTgwUid"`
	SharedDate time.Time `json:"sharedDate"`
}

func (c *Assets) newGateway(in newShare) (SharedGateway, error) {
	if _, err := ParseGateway(in.GatewayUID); err != nil {
		return SharedGateway{}, fmt.Errorf("awsTgwUid: %w", err)
	}
	g := gatewayLike(builtIn().TransitGateways[0], in.GatewayUID)
	g.ID = cmp.Or(in.ID, g.ID)
	g.Name = cmp.Or(in.Name, g.Name)
	g.ShareUID = cmp.Or(in.ShareUID, g.ShareUID)
	g.Account = cmp.Or(in.Account, g.Account)
	if !in.SharedDate.IsZero() {
		g.SharedDate = in.SharedDate
	}
	return g, checkID(in.ID, maxID)
}
