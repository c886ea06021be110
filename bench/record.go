package main

import (
	"bufio"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/bench/report"
)

// record keeps what was measured in a directory, and makes its plots and its page.
func record(dir string, r report.Report) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // it is for everybody
		return err
	}
	for _, m := range r.Measurements {
		for _, row := range m.Rows {
			shorten(row.Figures)
			shorten(row.Baselines)
		}
	}
	for _, c := range r.Charts {
		for i := range c.Bars {
			c.Bars[i].Value = significant(c.Bars[i].Value)
		}
		for _, curve := range c.Curves {
			for i := range curve.Points {
				curve.Points[i].Value = significant(curve.Points[i].Value)
			}
		}
	}
	return errors.Join(r.Save(filepath.Join(dir, report.File)), report.Render(dir))
}

func shorten(values []float64) {
	for i := range values {
		values[i] = significant(values[i])
	}
}

// significant keeps the digits that mean something, and one.
func significant(v float64) float64 {
	if v == 0 || math.IsInf(v, 0) || math.IsNaN(v) {
		return 0
	}
	v, _ = strconv.ParseFloat(strconv.FormatFloat(v, 'g', 4, 64), 64) // of what was just written
	return v
}

// describe says where and of what is measured.
func (e *env) describe(ctx context.Context) (m report.Machine, r report.Run, err error) {
	conn, err := pgx.Connect(ctx, e.cluster.URL())
	if err != nil {
		return m, r, err
	}
	defer conn.Close(ctx)
	m = report.Machine{
		CPU: fieldOf("/proc/cpuinfo", "model name"), Cores: runtime.NumCPU(), Memory: memory(), Go: runtime.Version(),
		Kernel: firstWord("/proc/sys/kernel/osrelease"),
	}
	err = conn.QueryRow(ctx, `SELECT split_part(current_setting('server_version'), ' ', 1)`).Scan(&m.Postgres)
	r = report.Run{
		Date: time.Now().UTC().Format(time.DateOnly), Commit: commit(ctx), Rounds: e.rounds, Duration: e.duration.String(),
		LoadBefore: loadAverage(),
	}
	if e.before != "" {
		r.Before = revision(e.before)
	}
	return m, r, err
}

// fieldOf reads a line `name : value` of a file; unknown where there is none.
func fieldOf(path, name string) string {
	file, err := os.Open(path)
	if err != nil {
		return unknown
	}
	defer file.Close()
	for lines := bufio.NewScanner(file); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), ":")
		if ok && strings.TrimSpace(key) == name {
			return strings.TrimSpace(value)
		}
	}
	return unknown
}

const unknown = "unknown"

func memory() string {
	kb, err := strconv.ParseFloat(strings.TrimSuffix(fieldOf("/proc/meminfo", "MemTotal"), " kB"), 64)
	if err != nil {
		return unknown
	}
	return fmt.Sprintf("%.0f GB", kb/(1<<20))
}

func firstWord(path string) string {
	text, err := os.ReadFile(path)
	if word, _, _ := strings.Cut(strings.TrimSpace(string(text)), " "); err == nil && word != "" {
		return word
	}
	return unknown
}

// commit is what is measured; a plus says that something in the directory was changed since.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--exclude=*", "--abbrev=7", "--dirty=+").Output()
	if err != nil {
		return unknown
	}
	return strings.TrimSpace(string(out))
}

// revision is the commit a binary was built of.
func revision(binary string) string {
	info, err := buildinfo.ReadFile(binary)
	if err == nil {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				return s.Value[:min(7, len(s.Value))]
			}
		}
	}
	return filepath.Base(binary) // at least it says something
}
