package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/server"
)

type journalCmd struct {
	List   journalListCmd   `cmd:"" help:"List the latest requests, the oldest first."`
	Show   journalShowCmd   `cmd:"" help:"Show a request with its headers and bodies, without secrets."`
	Curl   journalCurlCmd   `cmd:"" help:"Print a request as a command for curl."`
	Har    journalHARCmd    `cmd:"" help:"Export requests as an HTTP archive (HAR 1.2)."`
	Follow journalFollowCmd `cmd:"" help:"Print requests as they come, until interrupted."`
	Clear  journalClearCmd  `cmd:"" help:"Forget the requests."`
}

// journalFilter chooses requests.
type journalFilter struct {
	Account   string `placeholder:"ACCOUNT" help:"Only those of an account, by its id or name; none: those of which nobody knows whose they are."`
	Operation string `placeholder:"ID" help:"Only those for an operation, by its id in openapi.yaml."`
	Method    string `placeholder:"METHOD" help:"Only those with a method."`
	Status    string `placeholder:"STATUS" help:"Only those that were answered so: 404, or 4xx."`
	Path      string `placeholder:"TEXT" help:"Only those with a text in their path."`
	Text      string `placeholder:"TEXT" help:"Only those with a text in anything that is shown of them, bodies too."`
	Task      string `placeholder:"ID" help:"Only the one that started a task."`
	Since     string `placeholder:"TIME" help:"Only those from then on: 2026-03-02T10:15:30Z, or a while ago as in 5m."`
	Unmatched bool   `help:"Only those that matched no operation."`
	Fault     bool   `help:"Only those into which a fault was injected."`
}

// filter is what control takes.
func (f journalFilter) filter(limit int) (control.JournalFilter, error) {
	since := f.Since
	if since != "" {
		if ago, err := time.ParseDuration(since); err == nil {
			since = time.Now().Add(-ago).UTC().Format(time.RFC3339Nano)
		} else if _, err := time.Parse(time.RFC3339Nano, since); err != nil {
			return control.JournalFilter{}, fmt.Errorf(
				"%w: --since %q is neither a time like 2026-03-02T10:15:30Z nor a while like 5m", server.ErrConfig, since)
		}
	}
	return control.JournalFilter{
		Account: f.Account, Operation: f.Operation, Method: f.Method, Status: f.Status, Path: f.Path, Text: f.Text,
		Task: f.Task, Since: since, Unmatched: f.Unmatched, Fault: f.Fault, Limit: limit,
	}, nil
}

const (
	journalHeader = "SEQ\tTIME\tACCOUNT\tREQUEST\tOPERATION\tSTATUS\tMS\tNOTES"
	// journalLine is the same for a row that is printed before the next one is known.
	journalLine = "%-6s  %-12s  %-7s  %-50s  %-28s  %-6s  %-8s  %s\n"
)

func journalRow(e journal.Entry) string {
	account := "-"
	if e.Account != 0 {
		account = fmt.Sprint(e.Account)
	}
	var notes []string
	for _, pair := range [][2]string{
		{"task ", e.Task},
		{"nearest: ", e.Nearest},
		{"fault ", e.Fault},
		{"", e.Code},
		{"idempotency key ", e.Idempotency},
		{"", strings.Join(e.Normalised, ", ")},
		{"", e.Error},
	} {
		if pair[1] != "" {
			notes = append(notes, pair[0]+strings.Join(strings.Fields(pair[1]), " "))
		}
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s %s\t%s\t%d\t%.1f\t%s", e.Seq, e.Time.Local().Format("15:04:05.000"), account,
		e.Method, e.Path, cmp.Or(e.Operation, "-"), e.Status, e.DurationMS, strings.Join(notes, "; "))
}

type journalListCmd struct {
	clientFlags
	journalFilter
	Bodies bool `help:"With headers, bodies and the command for curl; for --json."`
	Limit  int  `default:"100" placeholder:"N" help:"The latest so many; 0: all. Default: ${default}."`
}

// Run lists requests.
func (c *journalListCmd) Run(ctx context.Context, stdout io.Writer) error {
	filter, err := c.filter(c.Limit)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListJournal.Call(ctx, client, control.JournalQuery{JournalFilter: filter, Bodies: c.Bodies})
	if err != nil {
		return err
	}
	var rows []string
	for _, e := range list.Entries {
		rows = append(rows, journalRow(e))
	}
	return c.print(stdout, list, journalHeader, rows...)
}

// entryArg names a request.
type entryArg struct {
	Entry string `arg:"" help:"Request, by its number or by the X-Request-Id of its answer."`
}

func (a entryArg) entry(ctx context.Context, c clientFlags) (e journal.Entry, err error) {
	client, err := c.client()
	if err != nil {
		return e, err
	}
	return control.GetJournalEntry.Call(ctx, client, control.JournalRef{Entry: a.Entry})
}

type journalShowCmd struct {
	clientFlags
	entryArg
}

// Run shows a request.
func (c *journalShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	e, err := c.entry(ctx, c.clientFlags)
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(stdout, e, "")
	}
	if err := c.print(stdout, e, journalHeader, journalRow(e)); err != nil {
		return err
	}
	text := &strings.Builder{}
	for _, side := range []struct {
		line string
		*journal.Message
	}{
		{e.Method + " " + e.Path, e.Request}, {fmt.Sprint(e.Status), e.Answer},
	} {
		fmt.Fprintf(text, "\n%s\n", side.line)
		for _, h := range side.Headers {
			fmt.Fprintf(text, "%s: %s\n", h.Name, h.Value)
		}
		if side.Note != "" {
			fmt.Fprintf(text, "(%s)\n", side.Note)
		}
		if len(side.Body) > 0 {
			body, err := json.MarshalIndent(side.Body, "", "  ")
			if err != nil {
				return err
			}
			fmt.Fprintf(text, "\n%s\n", body)
		}
	}
	_, err = io.WriteString(stdout, text.String())
	return err
}

type journalCurlCmd struct {
	clientFlags
	entryArg
}

// Run prints a request as a command.
func (c *journalCurlCmd) Run(ctx context.Context, stdout io.Writer) error {
	e, err := c.entry(ctx, c.clientFlags)
	if err != nil {
		return err
	}
	return c.print(stdout, map[string]string{"curl": e.Curl}, "", e.Curl)
}

type journalHARCmd struct {
	clientFlags
	journalFilter
	Output string `short:"o" placeholder:"FILE" help:"File to write. Default: standard output."`
}

// Run exports requests.
func (c *journalHARCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	filter, err := c.filter(0)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	archive, err := control.ExportJournal.Call(ctx, client, filter)
	if err != nil {
		return err
	}
	text, err := json.MarshalIndent(archive, "", "  ")
	if err != nil {
		return err
	}
	text = append(text, '\n')
	if c.Output == "" {
		_, err = stdout.Write(text)
		return err
	}
	if err := os.WriteFile(c.Output, text, 0o600); err != nil {
		return err
	}
	count := len(archive.Log.Entries)
	return c.say(stdout, stderr, map[string]any{"requests": count, "file": c.Output},
		"%d requests are in %s.", count, c.Output)
}

type journalFollowCmd struct {
	clientFlags
	journalFilter
}

const (
	followWait  = 10 // seconds, of one question
	followBatch = 100
)

// Run prints requests as they come.
func (c *journalFollowCmd) Run(ctx context.Context, stdout io.Writer) error {
	filter, err := c.filter(1)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	latest, err := control.ListJournal.Call(ctx, client,
		control.JournalQuery{JournalFilter: control.JournalFilter{Limit: 1}})
	if err != nil {
		return err
	}
	after := int64(0)
	for _, e := range latest.Entries {
		after = e.Seq
	}
	if !c.JSON {
		if err := printLine(stdout, journalHeader); err != nil {
			return err
		}
	}
	filter.Limit = followBatch
	for {
		list, err := control.ListJournal.Call(ctx, client, control.JournalQuery{
			JournalFilter: filter, After: max(after, 1), Wait: followWait,
		})
		switch {
		case errors.Is(ctx.Err(), context.Canceled):
			return nil // interrupted: that is how it ends
		case err != nil:
			return err
		}
		for _, e := range list.Entries {
			after = e.Seq
			if c.JSON {
				err = json.NewEncoder(stdout).Encode(e) // one a line
			} else {
				err = printLine(stdout, journalRow(e))
			}
			if err != nil {
				return err
			}
		}
	}
}

// printLine prints a row with columns of fixed width.
func printLine(w io.Writer, row string) error {
	var columns []any
	for column := range strings.SplitSeq(row, "\t") {
		columns = append(columns, column)
	}
	_, err := fmt.Fprintf(w, journalLine, columns...)
	return err
}

type journalClearCmd struct {
	clientFlags
	Account string `placeholder:"ACCOUNT" help:"Only those of an account, by its id or name."`
}

// Run forgets requests.
func (c *journalClearCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err := control.ClearJournal.Call(ctx, client, control.JournalOf{Account: c.Account}); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"cleared": true}, "The journal is empty.")
}
