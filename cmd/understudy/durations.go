package main

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

type clockDurationsCmd struct {
	clientFlags
	accountFlag
	Set   map[string]string `placeholder:"NAME=LENGTH" mapsep:"none" help:"How long work of a name is to take: 30s, 10s..2m, 'lognormal 30s 0.5' or usual. May be given several times."`
	Speed *float64          `placeholder:"N" help:"What the usual lengths are divided by for this account: 0 lets nothing take any time, -1 is as the server says."`
	Seed  *int64            `placeholder:"N" help:"Seed of what is drawn."`
	Reset bool              `help:"First let all take as long as usual."`
}

// Run changes durations, if any are to change, and shows them.
func (c *clockDurationsCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if c.Reset {
		if _, err := control.ResetDurations.Call(ctx, client, c.named()); err != nil {
			return err
		}
	}
	var durations sandbox.Durations
	if len(c.Set) > 0 || c.Speed != nil || c.Seed != nil {
		change := sandbox.DurationsChange{Speed: c.Speed, Seed: c.Seed, Lengths: c.Set}
		durations, err = control.SetDurations.Call(ctx, client,
			control.DurationsChange{AccountPath: c.named(), DurationsChange: change})
	} else {
		durations, err = control.GetDurations.Call(ctx, client, c.named())
	}
	if err != nil {
		return err
	}
	speed := "as the server says"
	if durations.Speed != nil {
		speed = fmt.Sprint(*durations.Speed)
	}
	rows := []string{"speed\t" + speed, fmt.Sprintf("seed\t%d", durations.Seed)}
	for _, d := range durations.Lengths {
		rows = append(rows, strings.Join([]string{d.Name, d.Usual, d.Own, d.Source}, "\t"))
	}
	return c.print(stdout, durations, "NAME\tUSUALLY\tHERE\tSOURCE", rows...)
}
