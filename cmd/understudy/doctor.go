package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/understudy-dev/understudy/internal/doctor"
)

type doctorCmd struct {
	clientFlags
	Listen      string `env:"UNDERSTUDY_LISTEN" default:"127.0.0.1:8080" placeholder:"HOST:PORT" help:"Address where a server would listen. Default: ${default}."`
	DatabaseURL string `env:"UNDERSTUDY_DATABASE_URL" placeholder:"URL" help:"Postgres that a server would use. Default: a private one in the data directory."`
}

// errSick says that something is wrong, which was printed already.
var errSick = errors.New("something is wrong: see above")

// Run examines the machine and the set-up.
func (c *doctorCmd) Run(ctx context.Context, stdout io.Writer, command *kong.Context) error {
	findings := doctor.Examine(ctx, doctor.Config{
		DataDir: c.DataDir, Listen: c.Listen, DatabaseURL: c.DatabaseURL, URL: c.URL, Token: c.ControlToken,
		Environ: os.Environ(), Known: settings(command.Model.Node),
	})
	var err error
	var rows []string
	for _, f := range findings {
		rows = append(rows, fmt.Sprintf("%s\t%s\t%s", f.Verdict, f.Check, strings.Join(strings.Fields(f.Says), " ")))
		if f.Mend != "" {
			rows = append(rows, "\t\t→ "+f.Mend)
		}
		if f.Verdict == doctor.Bad {
			err = errSick
		}
	}
	return errors.Join(c.print(stdout, map[string]any{"findings": findings}, "", rows...), err)
}

// settings are the variables of the environment that commands below a node read.
func settings(node *kong.Node) (names []string) {
	for _, flag := range node.Flags {
		names = append(names, flag.Envs...)
	}
	for _, child := range node.Children {
		names = append(names, settings(child)...)
	}
	return append(names, "UNDERSTUDY_CRASHPOINT", "UNDERSTUDY_GROUP") // of the crash tests
}
