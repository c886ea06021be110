package main

import (
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
	Delete accountDeleteCmd `cmd:"" help:"Delete an account with all that it has."`
}

// accountArg names an account.
type accountArg struct {
	Account string `arg:"" help:"Account, by its id or name."`
}

type accountListCmd struct{ clientFlags }

const accountHeader = "ID\tNAME\tRESOURCES\tPENDING TASKS\tCREATED"

func accountRow(a sandbox.Account) string {
	return fmt.Sprintf("%d\t%s\t%d\t%d\t%s",
		a.ID, a.Name, a.Resources, a.PendingTasks, a.CreatedAt.Format("2006-01-02 15:04:05"))
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
}

// Run creates an account.
func (c *accountCreateCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	made, err := control.CreateAccount.Call(ctx, client, sandbox.NewAccount{
		Name: c.Name, OwnerName: c.OwnerName, OwnerEmail: c.OwnerEmail, CapPolicy: c.CapPolicy,
	})
	if err != nil {
		return err
	}
	return c.print(stdout, made, "", fmt.Sprintf("account\t%d (%s)", made.Account.ID, made.Account.Name),
		"x-api-key\t"+made.Keys.APIKey, "x-api-secret-key\t"+made.Keys.APISecretKey)
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

type accountDeleteCmd struct {
	clientFlags
	accountArg
}

// Run deletes an account.
func (c *accountDeleteCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err = control.DeleteAccount.Call(ctx, client, control.AccountPath{Account: c.Account}); err != nil || c.JSON {
		return err
	}
	_, err = fmt.Fprintf(stdout, "Account %s is deleted.\n", c.Account)
	return err
}
