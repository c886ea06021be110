package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/server"
)

// clientFlags say which running server a command is for, and how to print what it says.
type clientFlags struct {
	URL          string `env:"UNDERSTUDY_URL" placeholder:"URL" help:"Base URL of the server, with or without /v1. Default: the server that runs on the data directory."`
	ControlToken string `env:"UNDERSTUDY_CONTROL_TOKEN" placeholder:"TOKEN" help:"Control token of a server that is exposed. Default: none."`
	DataDir      string `env:"UNDERSTUDY_DATA_DIR" default:"${data_dir}" placeholder:"DIR" help:"Data directory of the server. Default: ${default}."`
	jsonFlag
}

// client returns a client of the server.
func (f clientFlags) client() (*control.Client, error) {
	document, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		return nil, err
	}
	at := server.Address{URL: f.URL, Token: f.ControlToken}
	if f.URL == "" {
		at, err = server.FindAddress(f.DataDir)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("no server runs on %s: start one with `understudy serve`, or name one with --url", f.DataDir)
		case err != nil:
			return nil, err
		}
	}
	base, err := url.Parse(at.URL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("%w: --url %q is not a URL like http://127.0.0.1:8080", server.ErrConfig, at.URL)
	}
	return &control.Client{Document: document, URL: base.Scheme + "://" + base.Host, Token: at.Token}, nil
}

// jsonFlag says how to print what a command found.
type jsonFlag struct {
	JSON bool `name:"json" env:"UNDERSTUDY_JSON" help:"Print JSON."`
}

// say tells what a command has done that found nothing: in words on standard error, or as JSON.
func (f jsonFlag) say(stdout io.Writer, stderr Stderr, done map[string]any, format string, args ...any) error {
	if f.JSON {
		return f.print(stdout, done, "")
	}
	_, err := fmt.Fprintf(stderr, format+"\n", args...)
	return err
}

// print writes JSON, or a table of columns that are separated by tabs.
func (f jsonFlag) print(w io.Writer, v any, header string, rows ...string) error {
	if f.JSON {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(v)
	}
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	if header != "" {
		rows = append([]string{header}, rows...)
	}
	if _, err := fmt.Fprintln(table, strings.Join(rows, "\n")); err != nil {
		return err
	}
	return table.Flush()
}
