package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// usage is processor time. It tells more than a rate on a machine that others
// use, too.
type usage struct{ product, postgres time.Duration }

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// usage so far of a server and of the Postgres; zero where the system does not tell.
func (g *ground) usage(server int) (u usage) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		// pid (name) state parent … user and system time are the 12th and 13th after the name.
		_, rest, _ := strings.Cut(string(text), ") ")
		fields := strings.Fields(rest)
		if len(fields) < 13 {
			continue
		}
		user, _ := strconv.Atoi(fields[11])
		system, _ := strconv.Atoi(fields[12])
		spent := time.Duration(user+system) * tick
		switch {
		case filepath.Base(filepath.Dir(file)) == strconv.Itoa(server):
			u.product += spent
		case fields[1] == strconv.Itoa(g.cluster.Pid()):
			u.postgres += spent
		}
	}
	return u
}

// metered runs a load and adds what one request of it took of the processors.
func (g *ground) metered(server int, run func() (loaded, error)) (loaded, error) {
	before := g.usage(server)
	figure, err := run()
	after := g.usage(server)
	if n := time.Duration(figure.requests); n > 0 {
		figure.cpu = usage{product: (after.product - before.product) / n, postgres: (after.postgres - before.postgres) / n}
	}
	return figure, err
}

// cpuCell is the median of each of both.
func cpuCell(all []usage) string {
	if len(all) == 0 {
		return ""
	}
	var product, postgres []time.Duration
	for _, u := range all {
		product, postgres = append(product, u.product), append(postgres, u.postgres)
	}
	return fmt.Sprintf("%d + %d", median(product).Microseconds(), median(postgres).Microseconds())
}

// rounds gathers what the rounds of one row measured.
type rounds []loaded

func (r rounds) rates() []float64 {
	var rates []float64
	for _, l := range r {
		rates = append(rates, l.perSecond)
	}
	return rates
}

// p50s in milliseconds.
func (r rounds) p50s() []float64 {
	var p50s []float64
	for _, l := range r {
		p50s = append(p50s, float64(l.p50)/float64(time.Millisecond))
	}
	return p50s
}

func (r rounds) cpu() []usage {
	var cpu []usage
	for _, l := range r {
		cpu = append(cpu, l.cpu)
	}
	return cpu
}
