package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/postgres"
)

// leastStarts is how often everything is started at least: a start takes a moment, and varies.
const leastStarts = 10

// starts are those of one kind.
type starts struct {
	took []float64
	cpu  []usage
}

// measureReady starts the product on its own Postgres, from its exec to its
// ready file: on the first data directory of a machine, whose cluster initdb
// makes, and on a further one, whose cluster is copied; again after a stop,
// again after a kill -9; and in turn such a Postgres alone.
func measureReady(ctx context.Context, e *env) ([]row, error) {
	cacheDir, err := e.tempDir()
	if err != nil {
		return nil, err
	}
	var first, cold, warm, killed starts
	var firstAlone, coldAlone, warmAlone []float64
	for round := range max(e.rounds, leastStarts) {
		if err := os.RemoveAll(cacheDir); err != nil {
			return nil, err
		}
		fresh, err := e.tempDir()
		if err != nil {
			return nil, err
		}
		dir, err := e.tempDir()
		if err != nil {
			return nil, err
		}
		for _, turn := range []struct {
			of  *starts
			dir string
			end func(*product) error
		}{
			{&first, fresh, (*product).stop},
			{&cold, dir, (*product).stop},
			{&warm, dir, func(p *product) error { p.kill(); return nil }},
			{&killed, dir, (*product).stop},
		} {
			p, err := e.serve(ctx, "--data-dir", turn.dir, "--cache-dir", cacheDir)
			if err != nil {
				return nil, err
			}
			turn.of.took = append(turn.of.took, p.took.Seconds())
			turn.of.cpu = append(turn.of.cpu, usageOf(p.pid(), postmasterOf(turn.dir)))
			if err := turn.end(p); err != nil {
				return nil, err
			}
		}
		if fresh, err = e.tempDir(); err != nil {
			return nil, err
		}
		if dir, err = e.tempDir(); err != nil {
			return nil, err
		}
		for _, turn := range []struct {
			of  *[]float64
			cfg postgres.Config
		}{
			{&firstAlone, postgres.Config{Dir: fresh}},
			{&coldAlone, postgres.Config{Dir: dir, CacheDir: cacheDir}},
			{&warmAlone, postgres.Config{Dir: dir}},
		} {
			took, err := startAlone(ctx, turn.cfg)
			if err != nil {
				return nil, err
			}
			*turn.of = append(*turn.of, took.Seconds())
		}
		e.say("ready, start %d: first %.3f s, cold %.3f s, warm %.3f s, after kill -9 %.3f s; "+
			"Postgres alone: first %.3f s, cold %.3f s, warm %.3f s",
			round+1, first.took[round], cold.took[round], warm.took[round], killed.took[round],
			firstAlone[round], coldAlone[round], warmAlone[round])
	}
	return []row{
		{"ready, first data directory", seconds, first.took, nil, first.cpu, goal{}},
		{"Postgres alone, first data directory", seconds, firstAlone, nil, nil, goal{}},
		{"ready, new data directory", seconds, cold.took, nil, cold.cpu, goal{atMost: 0.6}},
		{"Postgres alone, new data directory", seconds, coldAlone, nil, nil, goal{}},
		{"ready, again", seconds, warm.took, nil, warm.cpu, goal{atMost: 0.1}},
		{"ready, after kill -9", seconds, killed.took, nil, killed.cpu, goal{atMost: 0.12}},
		{"Postgres alone, again", seconds, warmAlone, nil, nil, goal{}},
		// What does not depend on the machine: the goals in seconds were set where Postgres alone takes 0.05 s.
		{"ready, again / Postgres alone", seconds, warm.took, warmAlone, nil, goal{atMost: 2}},
		{"ready, after kill -9 / Postgres alone", seconds, killed.took, warmAlone, nil, goal{atMost: 2.4}},
	}, nil
}

// startAlone starts a Postgres as the product does, and stops it.
func startAlone(ctx context.Context, cfg postgres.Config) (took time.Duration, err error) {
	begin := time.Now()
	cluster, err := postgres.Start(ctx, cfg)
	if err != nil {
		return 0, err
	}
	took = time.Since(begin)
	return took, cluster.Stop(ctx)
}

// postmasterOf is the process of the Postgres that the product runs on a data directory; 0: nobody knows.
func postmasterOf(dir string) int {
	text, err := os.ReadFile(filepath.Join(dir, "postgres", "postmaster.pid"))
	if err != nil {
		return 0
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, _ := strconv.Atoi(first)
	return pid
}

// resources that the product has when its memory is measured.
const resources = 10_000

// measureMemory lists and reads resources of all accounts before it looks: a
// server that was just started holds nothing yet.
func measureMemory(ctx context.Context, e *env) ([]row, error) {
	f, err := e.sharedFixture(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := f.newAccounts(ctx, numAccounts)
	if err != nil {
		return nil, err
	}
	ids, err := f.fill(ctx, accounts, f.subscription, resources/numAccounts-1) // and the subscription
	if err != nil {
		return nil, err
	}
	var figures []float64
	for round := range e.rounds {
		p, err := e.serveFixture(ctx, "--speed", "1")
		if err != nil {
			return nil, err
		}
		mb, err := touch(ctx, p, f.subscription, accounts, ids)
		if err != nil {
			_ = p.stop() // the first error counts
			return nil, err
		}
		e.say("memory, round %d: %.1f MB", round+1, mb)
		figures = append(figures, mb)
		if err := p.stop(); err != nil {
			return nil, err
		}
	}
	return []row{{"resident memory, 10,000 resources", megabytes, figures, nil, nil, goal{atMost: 60}}}, nil
}

// touch lists and reads the databases of accounts, and returns what memory the product has then.
func touch(
	ctx context.Context, p *product, subscription int64, accounts []account, databases []int64,
) (residentMB float64, err error) {
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", subscription)
	var requests [][]byte
	for _, a := range accounts {
		requests = append(requests, get(p.addr, path, a.headers))
		for _, id := range databases {
			requests = append(requests, get(p.addr, fmt.Sprintf("%s/%d", path, id), a.headers))
		}
	}
	if err := readAll(ctx, p.addr, requests); err != nil {
		return 0, err
	}
	return p.residentMB()
}

// readAll sends each request once.
func readAll(ctx context.Context, addr string, requests [][]byte) error {
	c, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.close()
	for _, request := range requests {
		status, body, err := c.do(request)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("%.80q: got %d %s, want 200", request, status, body)
		}
	}
	return nil
}
