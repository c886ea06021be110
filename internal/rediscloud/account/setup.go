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
}

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

// addCard makes a card like the one in the files, which keeps its id.
func (c *Assets) addCard(like PaymentMethod, card Card) error {
	m := like
	if m.Type != card.Type || m.CreditCardEndsWith != card.EndsIn {
		m.ID = 30_000 + derive.Number(int64(card.EndsIn), "card "+card.Type, 1e6)
		m.Type, m.CreditCardEndsWith = card.Type, card.EndsIn
	}
	if slices.ContainsFunc(c.PaymentMethods, func(other PaymentMethod) bool { return other.ID == m.ID }) {
		return fmt.Errorf("--card %s %04d is there twice", card.Type, card.EndsIn)
	}
	c.PaymentMethods = append(c.PaymentMethods, m)
	return nil
}

// addAccount gives an account an id below those of the accounts that clients make.
func (c *Assets) addAccount(account SetupAccount) error {
	least, first := int64(100), CloudAccount{}.Kind().FirstID
	id := least + derive.Number(0, "cloud account "+account.Name, first-least)
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
		Body: CloudAccount{
			Provider: account.Provider, AccessKeyID: "AKIA" + strings.ToUpper(derive.Hex(id, "access key", 16)),
		},
	}))
	return nil
}

// addGateway makes a gateway like the one in the files. Its invitation has an id
// above that one's.
func (c *Assets) addGateway(uid string) error {
	g := c.TransitGateways[0]
	if g.GatewayUID == uid {
		return nil
	}
	g.ID = 1_000 + derive.Number(0, uid, 1e6)
	g.Name, g.GatewayUID = uid, uid
	g.Account = fmt.Sprintf("%012d", derive.Number(g.ID, "AWS account", 1e12))
	hex := derive.Hex(g.ID, "resource share", 32)
	g.ShareUID = strings.Join([]string{hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:]}, "-")
	if slices.ContainsFunc(c.TransitGateways, func(other SharedGateway) bool { return other.ID == g.ID }) {
		return fmt.Errorf("--transit-gateway %s is there twice", uid)
	}
	c.TransitGateways = append(c.TransitGateways, g)
	return nil
}
