package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

type keyCmd struct {
	List   keyListCmd   `cmd:"" help:"List the keys of an account."`
	Create keyCreateCmd `cmd:"" help:"Create a key for an account and print its pair."`
	Rotate keyRotateCmd `cmd:"" help:"Give a key a new pair, print it, and revoke the one it had."`
	Revoke keyRevokeCmd `cmd:"" help:"Revoke a key: its pair is refused from then on."`
}

// keyArg names a key of an account.
type keyArg struct {
	accountArg
	Key string `arg:"" help:"Key, by its id or name."`
}

func (k keyArg) path() control.KeyPath {
	return control.KeyPath{AccountPath: control.AccountPath{Account: k.Account}, Key: k.Key}
}

type keyListCmd struct {
	clientFlags
	accountArg
}

const keyHeader = "ID\tNAME\tROLE\tALLOWED FROM\tCREATED"

func keyRow(k sandbox.Key) string {
	from := "everywhere"
	if len(k.AllowFrom) > 0 {
		from = strings.Join(k.AllowFrom, ", ")
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%s", k.ID, k.Name, k.Role, from, k.CreatedAt.Format(timeColumn))
}

// Run lists the keys.
func (c *keyListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListKeys.Call(ctx, client, control.AccountPath{Account: c.Account})
	if err != nil {
		return err
	}
	var rows []string
	for _, k := range list.Keys {
		rows = append(rows, keyRow(k))
	}
	return c.print(stdout, list, keyHeader, rows...)
}

type keyCreateCmd struct {
	clientFlags
	accountArg
	Name      string   `arg:"" optional:"" help:"Its name, which no other key of the account has. Default: made of the ids."`
	Role      string   `placeholder:"ROLE" help:"Role of the person it belongs to: docs/access.md has them. Default: Owner."`
	AllowFrom []string `placeholder:"CIDR" help:"Block of addresses that it may be used from; may be repeated or separated by commas. Default: everywhere."`
	pairFlags
}

// Run creates a key.
func (c *keyCreateCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	made, err := control.CreateKey.Call(ctx, client, control.NewKey{
		AccountPath: control.AccountPath{Account: c.Account},
		NewKey: sandbox.NewKey{
			Name: c.Name, Role: c.Role, AllowFrom: c.AllowFrom, APIKey: c.APIKey, APISecretKey: c.APISecretKey,
		},
	})
	if err != nil {
		return err
	}
	return c.printMade(stdout, made)
}

func (c clientFlags) printMade(stdout io.Writer, made control.CreatedKey) error {
	return c.print(stdout, made, "", append(
		[]string{fmt.Sprintf("key\t%d (%s)", made.Key.ID, made.Key.Name)}, pairRows(made.Keys)...)...)
}

type keyRotateCmd struct {
	clientFlags
	keyArg
}

// Run rotates a key.
func (c *keyRotateCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	made, err := control.RotateKey.Call(ctx, client, c.path())
	if err != nil {
		return err
	}
	return c.printMade(stdout, made)
}

type keyRevokeCmd struct {
	clientFlags
	keyArg
}

// Run revokes a key.
func (c *keyRevokeCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err := control.RevokeKey.Call(ctx, client, c.path()); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"revoked": c.Key}, "Key %s of account %s is revoked.", c.Key, c.Account)
}
