package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// accountFlag names an account where there mostly is one.
type accountFlag struct {
	Account string `env:"UNDERSTUDY_ACCOUNT" default:"Demo" placeholder:"ACCOUNT" help:"Account, by its id or name. Default: ${default}."`
}

type resetCmd struct {
	clientFlags
	Account string `arg:"" optional:"" help:"Account, by its id or name."`
	All     bool   `help:"Reset all accounts, all at once."`
	Rules   bool   `help:"Remove the fault rules, the declared assets and what else a seed file has set up, too."`
	Clock   bool   `help:"Set the clock to the real time, too."`
	IDSeed  *int64 `name:"id-seed" placeholder:"N" help:"Number from which ids follow from now on. Default: the same as before, if any."`
}

// Run resets.
func (c *resetCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	if c.All == (c.Account != "") {
		return fmt.Errorf("%w: name an account to reset, or say --all", server.ErrConfig)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	defer stderr.Progress("reset", 0).Done()
	reset := sandbox.Reset{Rules: c.Rules, Clock: c.Clock, Seed: c.IDSeed}
	var after control.Accounts
	if c.All {
		after, err = control.ResetAccounts.Call(ctx, client, reset)
	} else {
		var one sandbox.Account
		one, err = control.ResetAccount.Call(ctx, client, control.ResetInput{
			AccountPath: control.AccountPath{Account: c.Account}, Reset: reset,
		})
		after.Accounts = []sandbox.Account{one}
	}
	if err != nil {
		return err
	}
	var rows []string
	for _, a := range after.Accounts {
		rows = append(rows, accountRow(a))
	}
	return c.print(stdout, after, accountHeader, rows...)
}

type forkCmd struct {
	clientFlags
	accountArg
	Name string `arg:"" optional:"" help:"Name of the new account, which no other one has. Default: made of its id."`
}

// Run forks an account.
func (c *forkCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer stderr.Progress("fork", 0).Done()
	made, err := control.ForkAccount.Call(ctx, client, control.ForkInput{
		AccountPath: control.AccountPath{Account: c.Account}, Name: c.Name,
	})
	if err != nil {
		return err
	}
	return c.printCreated(stdout, made)
}

type snapshotCmd struct {
	Save   snapshotSaveCmd   `cmd:"" help:"Save the state of an account under a name."`
	Load   snapshotLoadCmd   `cmd:"" help:"Give an account the state of a snapshot, in place of its own."`
	List   snapshotListCmd   `cmd:"" help:"List all snapshots."`
	Delete snapshotDeleteCmd `cmd:"" help:"Delete a snapshot."`
	Export snapshotExportCmd `cmd:"" help:"Write a snapshot into a file."`
	Import snapshotImportCmd `cmd:"" help:"Make a snapshot of a file."`
}

// snapshotArg names a snapshot.
type snapshotArg struct {
	Snapshot string `arg:"" help:"Name of the snapshot: letters, digits, dots, dashes and underscores."`
}

func (a snapshotArg) path() control.SnapshotPath { return control.SnapshotPath{Snapshot: a.Snapshot} }

const snapshotHeader = "NAME\tACCOUNT\tRESOURCES\tTASKS\tSCHEMA\tSAVED"

func snapshotRow(s sandbox.Snapshot) string {
	return fmt.Sprintf("%s\t%s\t%d\t%d\t%d\t%s", s.Name, s.Account, s.Resources, s.Tasks, s.Schema,
		s.CreatedAt.Format("2006-01-02 15:04:05"))
}

type snapshotSaveCmd struct {
	clientFlags
	snapshotArg
	accountFlag
	Replace bool `help:"Take the place of the snapshot of that name."`
}

// Run saves a snapshot.
func (c *snapshotSaveCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer stderr.Progress("save", 0).Done()
	saved, err := control.SaveSnapshot.Call(ctx, client, control.SaveInput{
		SnapshotPath: c.path(), Account: c.Account, Replace: c.Replace,
	})
	if err != nil {
		return err
	}
	return c.print(stdout, saved, snapshotHeader, snapshotRow(saved))
}

type snapshotLoadCmd struct {
	clientFlags
	snapshotArg
	accountFlag
}

// Run loads a snapshot.
func (c *snapshotLoadCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer stderr.Progress("load", 0).Done()
	loaded, err := control.LoadSnapshot.Call(ctx, client, control.SnapshotInput{
		AccountPath: control.AccountPath{Account: c.Account}, Snapshot: c.Snapshot,
	})
	if err != nil {
		return err
	}
	return c.print(stdout, loaded, snapshotHeader, snapshotRow(loaded))
}

type snapshotListCmd struct{ clientFlags }

// Run lists the snapshots.
func (c *snapshotListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListSnapshots.Call(ctx, client, control.None{})
	if err != nil {
		return err
	}
	var rows []string
	for _, s := range list.Snapshots {
		rows = append(rows, snapshotRow(s))
	}
	return c.print(stdout, list, snapshotHeader, rows...)
}

type snapshotDeleteCmd struct {
	clientFlags
	snapshotArg
}

// Run deletes a snapshot.
func (c *snapshotDeleteCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err := control.DeleteSnapshot.Call(ctx, client, c.path()); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"deleted": c.Snapshot}, "Snapshot %s is deleted.", c.Snapshot)
}

type snapshotExportCmd struct {
	clientFlags
	snapshotArg
	File string `arg:"" default:"-" help:"File to write. Default: standard output."`
}

// Run exports a snapshot.
func (c *snapshotExportCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	defer stderr.Progress("export", 0).Done()
	file, err := control.ExportSnapshot.Call(ctx, client, c.path())
	if err != nil {
		return err
	}
	if c.File == "-" {
		_, err = stdout.Write(file.Content)
		return err
	}
	if err := os.WriteFile(c.File, file.Content, 0o600); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"snapshot": c.Snapshot, "file": c.File},
		"Snapshot %s is in %s.", c.Snapshot, c.File)
}

type snapshotImportCmd struct {
	clientFlags
	snapshotArg
	File    string `arg:"" default:"-" help:"File to read. Default: standard input."`
	Replace bool   `help:"Take the place of the snapshot of that name."`
}

// Run imports a snapshot.
func (c *snapshotImportCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	content, err := readInput(c.File)
	if err != nil {
		return err
	}
	defer stderr.Progress("import", 0).Done()
	imported, err := control.ImportSnapshot.Call(ctx, client, control.ImportInput{
		SnapshotPath: c.path(), File: control.File{Content: content}, Replace: c.Replace,
	})
	if err != nil {
		return err
	}
	return c.print(stdout, imported, snapshotHeader, snapshotRow(imported))
}

// readInput reads a file, or standard input where that is called -.
func readInput(name string) ([]byte, error) {
	if name == "-" {
		return io.ReadAll(os.Stdin)
	}
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.Join(server.ErrConfig, errors.New(strings.TrimPrefix(err.Error(), "open ")))
	}
	return content, nil
}
