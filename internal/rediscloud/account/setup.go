package account

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
)

// Setup is what accounts have that nothing in the API can give them, beside the data
// files. Ids follow from what is said, not from its order: so they stay over restarts,
// and are the same with every server of a database.
type Setup struct {
	Cards           []Card         // in place of the one in the files; none: that one
	CloudAccounts   []SetupAccount // active at once; nobody can change them
	TransitGateways []string       // by the ids of AWS, beside the one in the files
	Users           []SetupUser    // only where one account declares them
}

// SetupUser is a user beside the owner. An empty role is that of a member.
type SetupUser struct{ Email, Role string }

// Card is a credit card, by what clients look for.
type Card struct {
	Type   string
	EndsIn int // the last four digits
}

// SetupAccount is a cloud account at AWS or GCP.
type SetupAccount struct{ Name, Provider string }

// ParseCard reads a type and four digits: "Mastercard 1234".
func ParseCard(text string) (Card, error) {
	words := strings.Fields(text)
	if len(words) < 2 || !regexp.MustCompile(`^[0-9]{4}$`).MatchString(words[len(words)-1]) {
		return Card{}, fmt.Errorf("%q is not the type of a card and its last four digits, like %q", text, "Mastercard 1234")
	}
	endsIn, err := strconv.Atoi(words[len(words)-1])
	return Card{strings.Join(words[:len(words)-1], " "), endsIn}, err
}

// ParseAccount reads a name and a provider, AWS if there is none: "ours:GCP".
func ParseAccount(text string) (SetupAccount, error) {
	name, provider, ok := strings.Cut(text, ":")
	if !ok {
		provider = catalog.AWS
	}
	name = strings.TrimSpace(name)
	if name == "" || provider != catalog.AWS && provider != catalog.GCP {
		return SetupAccount{}, fmt.Errorf("%q is not a name, or a name and %s or %s, like %q",
			text, catalog.AWS, catalog.GCP, "ours:AWS")
	}
	return SetupAccount{name, provider}, nil
}

// ParseUser reads an address and a role: "ann@example.com:Viewer".
func ParseUser(text string) (SetupUser, error) {
	email, role, _ := strings.Cut(text, ":")
	if !strings.Contains(email, "@") {
		return SetupUser{}, fmt.Errorf("%q is not an address, or an address and a role, like %q",
			text, "ann@example.com:Viewer")
	}
	return SetupUser{email, role}, nil
}

// Object returns what an account declares that is to have what a setup says of, and no other of the same sort.
func (s Setup) Object() map[string][]map[string]any {
	object := map[string][]map[string]any{}
	for _, card := range s.Cards {
		object["paymentMethods"] = append(object["paymentMethods"],
			map[string]any{"type": card.Type, "creditCardEndsWith": card.EndsIn})
	}
	for _, a := range s.CloudAccounts {
		object["cloudAccounts"] = append(object["cloudAccounts"], map[string]any{"name": a.Name, "provider": a.Provider})
	}
	for _, uid := range s.TransitGateways {
		object["transitGateways"] = append(object["transitGateways"], map[string]any{"awsTgwUid": uid})
	}
	for _, u := range s.Users {
		name, _, _ := strings.Cut(u.Email, "@")
		object["users"] = append(object["users"], map[string]any{"name": name, "email": u.Email, "role": u.Role})
	}
	return object
}

// ParseGateway reads the id that AWS gives a transit gateway.
func ParseGateway(text string) (string, error) {
	if !regexp.MustCompile(`^tgw-[0-9a-z]{1,32}$`).MatchString(text) {
		return "", fmt.Errorf("%q is not the id of a transit gateway, like %q", text, "tgw-0123456789abcdef0")
	}
	return text, nil
}

// add puts a setup into the data of the files. It refuses what is there twice.
func (c *Assets) add(s Setup) error {
	if len(s.Cards) > 0 {
		built := c.PaymentMethods
		c.PaymentMethods = nil
		for _, card := range s.Cards {
			if err := c.addCard(built[0], card); err != nil {
				return err
			}
		}
	}
	for _, account := range s.CloudAccounts {
		if err := c.addAccount(account); err != nil {
			return err
		}
	}
	for _, gateway := range s.TransitGateways {
		if err := c.addGateway(gateway); err != nil {
			return err
		}
	}
	return nil
}

// cardLike makes a card like another one, which keeps its id where it is the same.
func cardLike(m PaymentMethod, card Card) PaymentMethod {
	if m.Type != card.Type || m.CreditCardEndsWith != card.EndsIn {
		m.ID = 30_000 + derive.Number(int64(card.EndsIn), "card "+card.Type, 1e6)
		m.Type, m.CreditCardEndsWith = card.Type, card.EndsIn
	}
	return m
}

func (c *Assets) addCard(like PaymentMethod, card Card) error {
	m := cardLike(like, card)
	if slices.ContainsFunc(c.PaymentMethods, func(other PaymentMethod) bool { return other.ID == m.ID }) {
		return fmt.Errorf("--card %s %04d is there twice", card.Type, card.EndsIn)
	}
	c.PaymentMethods = append(c.PaymentMethods, m)
	return nil
}

// setupAccountID is below the ids of the cloud accounts that clients make.
func setupAccountID(name string) int64 {
	least, first := int64(100), CloudAccount{}.Kind().FirstID
	return least + derive.Number(0, "cloud account "+name, first-least)
}

func setupAccessKey(id int64) string {
	return "AKIA" + strings.ToUpper(derive.Hex(id, "access key", 16))
}

func (c *Assets) addAccount(account SetupAccount) error {
	id := setupAccountID(account.Name)
	for _, other := range c.cloudAccounts {
		switch {
		case other.Name == account.Name:
			return fmt.Errorf("--cloud-account %s is there twice", account.Name)
		case other.ID == id:
			return fmt.Errorf("--cloud-account %s has the id of %s by chance: choose another name", account.Name, other.Name)
		}
	}
	c.cloudAccounts = append(c.cloudAccounts, showCloudAccount(cloud.Resource[CloudAccount]{
		ID: id, Name: account.Name, Status: cloud.StatusActive,
		Body: CloudAccount{Provider: account.Provider, AccessKeyID: setupAccessKey(id)},
	}))
	return nil
}

// gatewayLike makes a gateway like another one. Its invitation has an id above that one's.
func gatewayLike(g SharedGateway, uid string) SharedGateway {
	if g.GatewayUID == uid {
		return g
	}
	g.ID = 1_000 + derive.Number(0, uid, 1e6)
	g.Name, g.GatewayUID = uid, uid
	g.Account = fmt.Sprintf("%012d", derive.Number(g.ID, "AWS account", 1e12))
	hex := derive.Hex(g.ID, "resource share", 32)
	g.ShareUID = strings.Join([]string{hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:]}, "-")
	return g
}

// addGateway adds a gateway like the one in the files, which may be said again.
func (c *Assets) addGateway(uid string) error {
	g := gatewayLike(c.TransitGateways[0], uid)
	if g.ID == c.TransitGateways[0].ID {
		return nil
	}
	if slices.ContainsFunc(c.TransitGateways, func(other SharedGateway) bool { return other.ID == g.ID }) {
		return fmt.Errorf("--transit-gateway %s is there twice", uid)
	}
	c.TransitGateways = append(c.TransitGateways, g)
	return nil
}
