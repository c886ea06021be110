package main

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/bench/report"
)

// usage is processor time. It says more than a rate on a machine that others
// use, too.
type usage struct{ product, postgres time.Duration }

// tick is the unit of times in /proc.
const tick = 10 * time.Millisecond

// usageOf is what a server and a Postgres have spent so far; zero where the system does not say. To the Postgres
// belongs what the server has run and waited for, too.
func usageOf(server, postmaster int) (u usage) {
	files, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well formed
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		own, children, parent := processTimes(string(text))
		switch filepath.Base(filepath.Dir(file)) {
		case strconv.Itoa(server):
			u.product += own
			u.postgres += children
			continue
		case strconv.Itoa(postmaster):
			u.postgres += own + children
			continue
		}
		if parent == strconv.Itoa(postmaster) {
			u.postgres += own
		}
	}
	return u
}

// processTimes reads a line of /proc/PID/stat: what the process has spent, what
// its children that have ended had, and who its parent is.
func processTimes(line string) (own, children time.Duration, parent string) {
	at := strings.LastIndex(line, ")") // the end of its name, which may be anything
	fields := strings.Fields(line[at+1:])
	if at < 0 || len(fields) < 15 {
		return 0, 0, ""
	}
	var times [4]time.Duration // user, system; the same of the children
	for i := range times {
		n, _ := strconv.ParseInt(fields[11+i], 10, 64) // numbers, as long as Linux is Linux
		times[i] = time.Duration(n) * tick
	}
	return times[0] + times[1], times[2] + times[3], fields[1]
}

// metered runs a load on a server and the shared Postgres, and adds what one request of it took of the processors.
func (e *env) metered(server int, run func() (loaded, error)) (loaded, error) {
	return metered(server, e.cluster.Pid(), run)
}

// metered is metered for any Postgres.
func metered(server, postmaster int, run func() (loaded, error)) (loaded, error) {
	before := usageOf(server, postmaster)
	figure, err := run()
	after := usageOf(server, postmaster)
	if n := time.Duration(figure.requests); n > 0 {
		figure.cpu = usage{product: (after.product - before.product) / n, postgres: (after.postgres - before.postgres) / n}
	}
	return figure, err
}

// medianCPU is the median of each of both; nil of none.
func medianCPU(all []usage) *report.CPU {
	if len(all) == 0 {
		return nil
	}
	var product, postgres []time.Duration
	for _, u := range all {
		product, postgres = append(product, u.product), append(postgres, u.postgres)
	}
	return &report.CPU{Product: median(product).Microseconds(), Postgres: median(postgres).Microseconds()}
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

// cpuOfAll is what one request took in all rounds together: rounds may be so short that a tick is much.
func (r rounds) cpuOfAll() []usage {
	var u usage
	requests := 0
	for _, l := range r {
		n := time.Duration(l.requests)
		u.product, u.postgres = u.product+l.cpu.product*n, u.postgres+l.cpu.postgres*n
		requests += l.requests
	}
	n := time.Duration(max(requests, 1))
	return []usage{{product: u.product / n, postgres: u.postgres / n}}
}

func (r rounds) cpu() []usage {
	var cpu []usage
	for _, l := range r {
		cpu = append(cpu, l.cpu)
	}
	return cpu
}
