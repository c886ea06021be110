package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Length is how long something takes: at speed 1, where its account has no length of its own for one of its names.
type Length struct {
	Names []cloud.Length // the first counts
	Usual time.Duration
}

// Work is how long processing a task takes.
type Work struct {
	Length
	Speed float64       // of the server
	Takes time.Duration // at that, for an account that has nothing of its own
}

// OwnLength is how long something takes for an account, in seconds of business time: any length between two, or, where
// Median is not 0, one that is drawn from a lognormal distribution, which is cut off at three Sigma.
type OwnLength struct {
	Least  float64 `json:"least"`
	Most   float64 `json:"most"`
	Median float64 `json:"median,omitempty"`
	Sigma  float64 `json:"sigma,omitempty"`
}

// Durations are how long things take for an account that has it otherwise than usual.
type Durations struct {
	Speed   *float64                   `json:"speed,omitempty"` // what usual lengths are divided by; nil: the server's
	Seed    int64                      `json:"seed"`            // of what is drawn
	Lengths map[cloud.Length]OwnLength `json:"lengths"`
}

// OwnLengths reports whether the account has lengths of its own, or a speed.
func (tx *Tx) OwnLengths() bool { return tx.ownLengths }

// DrawBy has what follows in the transaction be drawn for a resource, instead of the same for all of it.
func (tx *Tx) DrawBy(resource int64) { tx.draw = fmt.Sprintf("r%d", resource) }

// Lengths returns how long things take for the account. Drawn is the same for each length of a name in this
// transaction, or, after DrawBy, of a resource.
func (tx *Tx) Lengths(ctx context.Context, lengths []Length, speed float64) ([]time.Duration, error) {
	names, usual := make([]string, len(lengths)), make([]float64, len(lengths))
	for i, l := range lengths {
		names[i], usual[i] = string(l.Names[0]), l.Usual.Seconds()
	}
	rows, err := tx.q.Query(ctx, `
		SELECT own_length(a, ARRAY[l.name], l.usual, $4, $5)
		FROM accounts a, unnest($2::text[], $3::double precision[]) WITH ORDINALITY AS l (name, usual, place)
		WHERE a.id = $1
		ORDER BY l.place`, tx.Caller.Account, names, usual, speed, tx.draw)
	if err != nil {
		return nil, fmt.Errorf("read lengths: %w", err)
	}
	own, err := pgx.CollectRows(rows, pgx.RowTo[time.Duration])
	if err != nil {
		return nil, fmt.Errorf("read lengths: %w", err)
	}
	return own, nil
}

// Durations reads how long things take for an account that has it otherwise.
func (db *DB) Durations(ctx context.Context, account int64) (Durations, error) {
	return readDurations(ctx, db.pool, account)
}

func readDurations(ctx context.Context, q querier, account int64) (d Durations, err error) {
	var text []byte
	err = q.QueryRow(ctx, `SELECT durations FROM accounts WHERE id = $1`, account).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrNoAccount
	}
	if err == nil && text != nil {
		err = json.Unmarshal(text, &d)
	}
	if err != nil {
		return d, fmt.Errorf("read durations: %w", err)
	}
	return d, nil
}

// SetDurations changes how long things take for an account. What is under way is not changed. Durations that say
// nothing make all as usual.
func (db *DB) SetDurations(ctx context.Context, account int64, change func(*Durations)) error {
	return db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		d, err := readDurations(ctx, tx.q, account)
		if err != nil {
			return err
		}
		if d.Lengths == nil {
			d.Lengths = map[cloud.Length]OwnLength{}
		}
		change(&d)
		text := new(tx.encode("change durations", d))
		if d.Speed == nil && d.Seed == 0 && len(d.Lengths) == 0 {
			text = nil
		}
		tx.write(`UPDATE accounts SET durations = $2 WHERE id = $1`, account, text)
		return nil
	})
}
