package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/understudy-dev/understudy/internal/control"
)

type assetCmd struct {
	Show assetShowCmd `cmd:"" help:"Show what an account has and no operation of the API makes: cards, cloud accounts, users, transit gateways."`
	Set  assetSetCmd  `cmd:"" help:"Declare what an account has, in place of what was declared before; of each sort in place of what the server gives."`
	Add  assetAddCmd  `cmd:"" help:"Declare what an account has beside what it has."`
}

type assetShowCmd struct {
	clientFlags
	accountArg
}

// Run shows what an account has.
func (c *assetShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	has, err := control.GetAssets.Call(ctx, client, control.AccountPath{Account: c.Account})
	if err != nil {
		return err
	}
	return printAssets(stdout, has)
}

type assetSetCmd struct {
	clientFlags
	accountArg
	assetFlags
}

// Run declares what an account has.
func (c *assetSetCmd) Run(ctx context.Context, stdout io.Writer) error {
	return c.declare(ctx, stdout, control.SetAssets, c.Account, c.assetFlags)
}

type assetAddCmd struct {
	clientFlags
	accountArg
	assetFlags
}

// Run declares what an account has more.
func (c *assetAddCmd) Run(ctx context.Context, stdout io.Writer) error {
	return c.declare(ctx, stdout, control.AddAssets, c.Account, c.assetFlags)
}

func (f clientFlags) declare(
	ctx context.Context, stdout io.Writer, o control.Operation[control.AccountAssets, control.Assets],
	account string, flags assetFlags,
) error {
	object, err := flags.object(os.Stdin)
	if err != nil {
		return err
	}
	if !json.Valid(object) {
		return fmt.Errorf("--file %s is no JSON", flags.File)
	}
	client, err := f.client()
	if err != nil {
		return err
	}
	has, err := o.Call(ctx, client, control.AccountAssets{
		AccountPath: control.AccountPath{Account: account}, Assets: control.Assets{Assets: object},
	})
	if err != nil {
		return err
	}
	return printAssets(stdout, has)
}

// printAssets writes what an account has in the form in which it can be declared.
func printAssets(w io.Writer, has control.Assets) error {
	var text bytes.Buffer
	if err := json.Indent(&text, has.Assets, "", "  "); err != nil {
		return err
	}
	_, err := fmt.Fprintln(w, text.String())
	return err
}
