package main

import (
	"context"
	"fmt"
	"io"

	"github.com/understudy-dev/understudy/internal/control"
)

type seedCmd struct {
	clientFlags
	File string `arg:"" help:"File of YAML to read, - for standard input; docs/sandbox.md describes it."`
	accountFlag
}

// Run seeds.
func (c *seedCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	content, err := readInput(c.File)
	if err != nil {
		return err
	}
	defer stderr.Progress("seed", 0).Done()
	seeded, err := control.SeedAccounts.Call(ctx, client, control.SeedInput{
		File: control.File{Content: content}, Account: c.Account,
	})
	if err != nil {
		return err
	}
	var rows []string
	for _, a := range seeded.Accounts {
		key, secret := "", ""
		if a.Keys != nil {
			key, secret = a.Keys.APIKey, a.Keys.APISecretKey
		}
		rows = append(rows, fmt.Sprintf("%d\t%s\t%d\t%d\t%s\t%s", a.Account.ID, a.Account.Name, a.Made,
			a.Account.Resources, key, secret))
	}
	return c.print(stdout, seeded, "ID\tNAME\tMADE\tRESOURCES\tX-API-KEY\tX-API-SECRET-KEY", rows...)
}
