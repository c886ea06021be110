// Package report keeps what a run of the measurements found, and shows it: as a table in a terminal, and as the pages,
// plots and lines of the README that are made of it. It measures nothing itself.
package report

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"time"
)

// Report is one run, with the machine it ran on.
type Report struct {
	Machine      Machine       `json:"machine"`
	Run          Run           `json:"run"`
	Measurements []Measurement `json:"measurements"`
	Charts       []Chart       `json:"charts,omitempty"`
}

// Machine is what figures depend on beside the code.
type Machine struct {
	CPU      string `json:"cpu"`
	Cores    int    `json:"cores"`
	Memory   string `json:"memory"`
	Kernel   string `json:"kernel"`
	Postgres string `json:"postgres"`
	Go       string `json:"go"`
}

// Run is when and how it was measured.
type Run struct {
	Date       string `json:"date"`
	Commit     string `json:"commit"`
	Before     string `json:"before,omitempty"` // the commit that is the baseline, where one is
	Rounds     int    `json:"rounds"`
	Duration   string `json:"duration"`
	LoadBefore string `json:"loadBefore"`
	LoadAfter  string `json:"loadAfter"`
}

// Measurement is one part of the table.
type Measurement struct {
	Name string `json:"name"`
	Rows []Row  `json:"rows"`
}

// Row is what each round measured of one thing, and of its baseline in turn. Without a baseline the goal is for the
// figure itself.
type Row struct {
	What      string    `json:"what"`
	Unit      Unit      `json:"unit"`
	Figures   []float64 `json:"figures"`
	Baselines []float64 `json:"baselines,omitempty"` // none, or as many as figures
	CPU       *CPU      `json:"cpu,omitempty"`
	AtLeast   float64   `json:"atLeast,omitempty"`
	AtMost    float64   `json:"atMost,omitempty"`
}

// CPU is the processor time of one operation, in microseconds.
type CPU struct {
	Product  int64 `json:"product"`
	Postgres int64 `json:"postgres"`
}

func (c CPU) String() string { return fmt.Sprintf("%d + %d", c.Product, c.Postgres) }

// Unit is what a figure counts.
type Unit string

// The units there are.
const (
	PerSecond Unit = "/s"
	Micros    Unit = " µs"
	Millis    Unit = " ms"
	Seconds   Unit = " s"
	Megabytes Unit = " MB"
)

// Load reads a report.
func Load(file string) (r Report, err error) {
	data, err := os.ReadFile(file)
	if err != nil {
		return r, err
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&r); err != nil {
		return r, fmt.Errorf("read %s: %w", file, err)
	}
	return r, nil
}

// Save writes a report, in the order in which it is read by people.
func (r Report) Save(file string) error {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(data, '\n'), 0o644) //nolint:gosec // it is for everybody
}

// Median of values; 0 of none.
func Median[T float64 | time.Duration](values []T) T {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}
