package main

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

type accountCmd struct {
	List   accountListCmd   `cmd:"" help:"List all accounts."`
	Create accountCreateCmd `cmd:"" help:"Create an empty account and print its keys."`
	Show   accountShowCmd   `cmd:"" help:"Show an account."`
	Change accountChangeCmd `cmd:"" help:"Change the name, the owner or the cap policy of an account."`
	Delete accountDeleteCmd `cmd:"" help:"Delete an account with all that it has."`
}

// accountArg names an account.
type accountArg struct {
	Account string `arg:"" help:"Account, by its id or name."`
}

type accountListCmd struct{ clientFlags }

const (
	accountHeader = "ID\tNAME\tCAP POLICY\tRESOURCES\tPENDING TASKS\tCREATED"
	timeColumn    = "2006-01-02 15:04:05"
)

func accountRow(a sandbox.Account) string {
	return fmt.Sprintf("%d\t%s\t%s\t%d\t%d\t%s", a.ID, a.Name, cmp.Or(a.CapPolicy, "default"), a.Resources, a.PendingTasks,
		a.CreatedAt.Format(timeColumn))
}

// Run lists the accounts.
func (c *accountListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListAccounts.Call(ctx, client, control.None{})
	if err != nil {
		return err
	}
	var rows []string
	for _, a := range list.Accounts {
		rows = append(rows, accountRow(a))
	}
	return c.print(stdout, list, accountHeader, rows...)
}

type accountCreateCmd struct {
	clientFlags
	Name       string `arg:"" optional:"" help:"Its name, which no other account has. Default: made of its id."`
	OwnerName  string `placeholder:"NAME" help:"Name of its owner."`
	OwnerEmail string `placeholder:"ADDRESS" help:"Address of its owner."`
	CapPolicy  string `enum:",queue,reject" default:"" placeholder:"queue|reject" help:"What happens to the change of a fourth subscription while three are being changed. Default: what the server says."`
	pairFlags
}

// pairFlags are a pair of keys that a user wants to have.
type pairFlags struct {
	APIKey       string `placeholder:"KEY" help:"Account key. Default: a new pair."`
	APISecretKey string `placeholder:"KEY" help:"User key. Default: a new pair."`
}

func pairRows(k sandbox.KeyPair) []string {
	return []string{"x-api-key\t" + k.APIKey, "x-api-secret-key\t" + k.APISecretKey}
}

// Run creates an account.
func (c *accountCreateCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	made, err := control.CreateAccount.Call(ctx, client, sandbox.NewAccount{
		Name: c.Name, OwnerName: c.OwnerName, OwnerEmail: c.OwnerEmail, CapPolicy: c.CapPolicy,
		APIKey: c.APIKey, APISecretKey: c.APISecretKey,
	})
	if err != nil {
		return err
	}
	return c.printCreated(stdout, made)
}

// printCreated prints a new account with its keys.
func (f clientFlags) printCreated(stdout io.Writer, made control.CreatedAccount) error {
	return f.print(stdout, made, "", append(
		[]string{fmt.Sprintf("account\t%d (%s)", made.Account.ID, made.Account.Name)}, pairRows(made.Keys)...)...)
}

type accountShowCmd struct {
	clientFlags
	accountArg
}

// Run shows an account.
func (c *accountShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	a, err := control.GetAccount.Call(ctx, client, control.AccountPath{Account: c.Account})
	if err != nil {
		return err
	}
	return c.print(stdout, a, accountHeader, accountRow(a))
}

type accountChangeCmd struct {
	clientFlags
	accountArg
	Name       string `placeholder:"NAME" help:"Its new name, which no other account has."`
	OwnerName  string `placeholder:"NAME" help:"Name of its owner."`
	OwnerEmail string `placeholder:"ADDRESS" help:"Address of its owner."`
	CapPolicy  string `enum:",queue,reject,default" default:"" placeholder:"queue|reject|default" help:"What happens from now on to the change of a fourth subscription while three are being changed; default: what the server says."`
}

// Run changes an account.
func (c *accountChangeCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	given := func(text string) *string {
		if text == "" {
			return nil
		}
		return &text
	}
	a, err := control.ChangeAccount.Call(ctx, client, control.AccountChange{
		AccountPath: control.AccountPath{Account: c.Account},
		AccountChange: sandbox.AccountChange{
			Name: given(c.Name), OwnerName: given(c.OwnerName), OwnerEmail: given(c.OwnerEmail), CapPolicy: given(c.CapPolicy),
		},
	})
	if err != nil {
		return err
	}
	return c.print(stdout, a, accountHeader, accountRow(a))
}

type accountDeleteCmd struct {
	clientFlags
	accountArg
}

// Run deletes an account.
func (c *accountDeleteCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err := control.DeleteAccount.Call(ctx, client, control.AccountPath{Account: c.Account}); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"deleted": c.Account}, "Account %s is deleted.", c.Account)
}
