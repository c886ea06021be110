package sandbox

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Durations are how long each kind of work takes for an account.
type Durations struct {
	// Speed is what the usual lengths are divided by; nil: the server's, or 1 on a scaled clock.
	Speed   *float64   `json:"speed,omitempty"`
	Seed    int64      `json:"seed"`    // of what is drawn
	Lengths []Duration `json:"lengths"` // by name
}

// Duration is how long one kind of work takes, in business time: as usual, at speed 1, or as the account has it.
type Duration struct {
	Name   string `json:"name"`
	Usual  string `json:"usual"`
	Source string `json:"source"` // of the usual figure
	Own    string `json:"own,omitempty"`
}

// DurationsChange says what of an account's durations is to change. What is left out stays.
type DurationsChange struct {
	// Speed is what usual lengths are divided by; 0: nothing takes any time. Negative: the server's again.
	Speed *float64 `json:"speed,omitempty"`
	Seed  *int64   `json:"seed,omitempty"`
	// Lengths are by name: a length as in 30s, a range as in 10s..2m, lognormal MEDIAN SIGMA as in lognormal 30s 0.5, or
	// usual.
	Lengths map[string]string `json:"lengths,omitempty"`
}

// Durations returns how long each kind of work takes for an account. It returns what Account does.
func (s *Service) Durations(ctx context.Context, ref string) (Durations, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Durations{}, err
	}
	own, err := s.db.Durations(ctx, a.ID)
	if err != nil {
		return Durations{}, gone(err)
	}
	all := s.cfg.Engine.Lengths()
	for name := range own.Lengths {
		if usual, ok := s.cfg.Engine.ProcessingTakes(string(name)); ok {
			all[name] = usual
		}
	}
	d := Durations{Speed: own.Speed, Seed: own.Seed, Lengths: []Duration{}}
	for name, usual := range all {
		one := Duration{Name: string(name), Usual: usual.Takes.String(), Source: usual.Source}
		if length, ok := own.Lengths[name]; ok {
			one.Own = lengthText(length)
		}
		d.Lengths = append(d.Lengths, one)
	}
	slices.SortFunc(d.Lengths, func(a, b Duration) int { return cmp.Compare(a.Name, b.Name) })
	return d, nil
}

// SetDurations changes how long kinds of work take for an account, from the next one on. It returns INVALID_LENGTH,
// LENGTH_NOT_FOUND and what Account does.
func (s *Service) SetDurations(ctx context.Context, ref string, change DurationsChange) (Durations, error) {
	if change.Speed != nil && *change.Speed >= 0 && !speedPossible(*change.Speed) {
		return Durations{}, cloud.Errorf("INVALID_LENGTH", "A speed is 0 or between 0.001 and 1000000.")
	}
	lengths := map[cloud.Length]*store.OwnLength{}
	usual := s.cfg.Engine.Lengths()
	for name, text := range change.Lengths {
		_, known := usual[cloud.Length(name)]
		if _, operation := s.cfg.Engine.ProcessingTakes(name); !known && !operation {
			return Durations{}, cloud.Errorf("LENGTH_NOT_FOUND",
				"There is no work called %q, nor an operation with a task.", name)
		}
		length, err := readLength(text)
		if err != nil {
			return Durations{}, err
		}
		lengths[cloud.Length(name)] = length
	}
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Durations{}, err
	}
	err = s.db.SetDurations(ctx, a.ID, func(d *store.Durations) {
		if change.Speed != nil {
			d.Speed = change.Speed
			if *change.Speed < 0 {
				d.Speed = nil
			}
		}
		if change.Seed != nil {
			d.Seed = *change.Seed
		}
		for name, length := range lengths {
			if delete(d.Lengths, name); length != nil {
				d.Lengths[name] = *length
			}
		}
	})
	if err != nil {
		return Durations{}, gone(err)
	}
	return s.Durations(ctx, ref)
}

// ResetDurations lets all work of an account take as long as usual. It returns what Account does.
func (s *Service) ResetDurations(ctx context.Context, ref string) error {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return err
	}
	return gone(s.db.SetDurations(ctx, a.ID, func(d *store.Durations) { *d = store.Durations{} }))
}

// maxLength is the longest that anything takes, and maxSigma the widest that it is drawn.
const (
	maxLength = 366 * 24 * time.Hour
	maxSigma  = 2
)

func speedPossible(speed float64) bool { return speed == 0 || speed >= 1e-3 && speed <= 1e6 }

// possible reports whether work can take so long.
func possible(d store.Durations) bool {
	for _, l := range d.Lengths {
		ok := l.Least >= 0 && l.Most >= l.Least && l.Most <= maxLength.Seconds()
		if l.Median != 0 {
			ok = lognormalPossible(l.Median, l.Sigma)
		}
		if !ok {
			return false
		}
	}
	return d.Speed == nil || speedPossible(*d.Speed)
}

func lognormalPossible(median, sigma float64) bool {
	return median > 0 && sigma > 0 && sigma <= maxSigma && median*math.Exp(3*sigma) <= maxLength.Seconds()
}

// readLength reads a length of an account's own; nil: the usual one.
func readLength(text string) (*store.OwnLength, error) {
	wrong := cloud.Errorf("INVALID_LENGTH",
		"%q is none of 30s, 10s..2m, lognormal 30s 0.5 and usual, or longer than a year.", text)
	if text == "usual" {
		return nil, nil
	}
	if words := strings.Fields(text); len(words) == 3 && words[0] == "lognormal" {
		median, err := time.ParseDuration(words[1])
		sigma, notSigma := strconv.ParseFloat(words[2], 64)
		if err != nil || notSigma != nil || !lognormalPossible(median.Seconds(), sigma) {
			return nil, wrong
		}
		return &store.OwnLength{Median: median.Seconds(), Sigma: sigma}, nil
	}
	from, to, isRange := strings.Cut(text, "..")
	if !isRange {
		to = from
	}
	least, err := time.ParseDuration(from)
	most, notMost := time.ParseDuration(to)
	if err != nil || notMost != nil || least < 0 || most < least || most > maxLength {
		return nil, wrong
	}
	return &store.OwnLength{Least: least.Seconds(), Most: most.Seconds()}, nil
}

// lengthText is what readLength reads.
func lengthText(l store.OwnLength) string {
	seconds := func(s float64) string { return time.Duration(math.Round(s * 1e9)).String() }
	switch {
	case l.Median != 0:
		return fmt.Sprintf("lognormal %s %v", seconds(l.Median), l.Sigma)
	case l.Least == l.Most:
		return seconds(l.Least)
	}
	return seconds(l.Least) + ".." + seconds(l.Most)
}
