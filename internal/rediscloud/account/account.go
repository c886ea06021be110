package account

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

func (c *Assets) accountOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("getCurrentAccount", c.getCurrentAccount),
		engine.Answer("listPaymentMethods", c.listPaymentMethods),
	}
}

type currentAccount struct {
	Account account `json:"account"`
	wire.Linked
}

type account struct {
	ID                int64     `json:"id"`
	Name              string    `json:"name"`
	CreatedTimestamp  time.Time `json:"createdTimestamp"`
	UpdatedTimestamp  time.Time `json:"updatedTimestamp"`
	POCStatus         string    `json:"pocStatus"`
	MarketplaceStatus string    `json:"marketplaceStatus"`
	Key               apiKey    `json:"key"`
}

type apiKey struct {
	Name             string      `json:"name"`
	AccountID        int64       `json:"accountId"`
	AccountName      string      `json:"accountName"`
	AllowedSourceIPs []string    `json:"allowedSourceIps"`
	CreatedTimestamp time.Time   `json:"createdTimestamp"`
	Owner            apiKeyOwner `json:"owner"`
	UserAccountID    int64       `json:"userAccountId"`
	HTTPSourceIP     string      `json:"httpSourceIp"`
}

type apiKeyOwner struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

func (c *Assets) getCurrentAccount(ctx context.Context, tx *store.Tx, _ struct{}) (*currentAccount, error) {
	a, err := tx.Account(ctx)
	if err != nil {
		return nil, err
	}
	key := tx.Caller.Key
	owner, err := c.keyOwner(ctx, tx, key)
	if err != nil {
		return nil, err
	}
	return &currentAccount{Account: account{
		ID:                a.ID,
		Name:              a.Name,
		CreatedTimestamp:  wire.Date(a.CreatedAt),
		UpdatedTimestamp:  wire.Date(a.ChangedAt),
		POCStatus:         "inactive",
		MarketplaceStatus: "inactive",
		Key: apiKey{
			Name:             key.Name,
			AccountID:        a.ID,
			AccountName:      a.Name,
			AllowedSourceIPs: allowedSourceIPs(key),
			CreatedTimestamp: wire.Date(key.CreatedAt),
			Owner:            apiKeyOwner{Name: owner.Name, Email: owner.Email},
			UserAccountID:    owner.ID,
			HTTPSourceIP:     tx.Caller.SourceIP,
		},
	}}, nil
}

// allowedSourceIPs are the addresses that a key may be used from.
func allowedSourceIPs(key cloud.Key) []string {
	if len(key.AllowFrom) == 0 {
		return []string{"0.0.0.0/0"}
	}
	blocks := make([]string, len(key.AllowFrom))
	for i, block := range key.AllowFrom {
		blocks[i] = block.String()
	}
	return blocks
}

// PaymentMethod is a card on file.
type PaymentMethod struct {
	ID                 int64  `json:"id"`
	Type               string `json:"type"`
	CreditCardEndsWith int    `json:"creditCardEndsWith"`
	NameOnCard         string `json:"nameOnCard"`
	ExpirationMonth    int    `json:"expirationMonth"`
	ExpirationYear     int    `json:"expirationYear"`
}

type paymentMethodItem struct {
	PaymentMethod
	Links []wire.Link `json:"links"`
}

type paymentMethods struct {
	AccountID      int64               `json:"accountId"`
	PaymentMethods []paymentMethodItem `json:"paymentMethods"`
	wire.Linked
}

func (c *Assets) listPaymentMethods(ctx context.Context, tx *store.Tx, _ struct{}) (*paymentMethods, error) {
	c, err := c.Of(ctx, tx)
	if err != nil {
		return nil, err
	}
	out := &paymentMethods{AccountID: tx.Caller.Account, PaymentMethods: []paymentMethodItem{}}
	for _, m := range c.PaymentMethods {
		out.PaymentMethods = append(out.PaymentMethods, paymentMethodItem{m, wire.NoLinks()})
	}
	return out, nil
}
