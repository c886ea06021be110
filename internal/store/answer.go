package store

import (
	"slices"
	"sync"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// answer is what a question was answered with, as it came: it outlives its round trip, and its reader holds no
// connection.
type answer struct {
	fields []pgconn.FieldDescription
	values [][]byte // of all rows, one after the other; nil: NULL
}

// answerOf reads an answer to its end.
func answerOf(rows pgx.Rows) (answer, error) {
	defer rows.Close()
	var a answer
	text := make([]byte, 0, 512) // not nil: a piece of it that is empty is no NULL
	for rows.Next() {
		if a.fields == nil {
			a.fields = slices.Clone(rows.FieldDescriptions())
		}
		for _, value := range rows.RawValues() {
			if value == nil {
				a.values = append(a.values, nil)
				continue
			}
			text = append(text, value...) // where it has to grow, those before keep theirs
			end := len(text)
			a.values = append(a.values, text[end-len(value):end:end])
		}
	}
	return a, rows.Err()
}

// answers is the results of a round trip of which only the last question is of interest: what went before it has
// succeeded.
type answers struct {
	last answer
	err  error // of the round trip
}

func (a answers) Exec() (pgconn.CommandTag, error) { return pgconn.CommandTag{}, a.err }
func (a answers) QueryRow() pgx.Row {
	return pipelineRow{rows: &answerRows{answer: a.last}, err: a.err}
}
func (a answers) Close() error { return a.err }
func (a answers) Tx() pgx.Tx   { return nil }

func (a answers) Query() (pgx.Rows, error) {
	if a.err != nil {
		return nil, a.err
	}
	return &answerRows{answer: a.last}, nil
}

// answerRows reads an answer row by row.
type answerRows struct {
	answer
	row [][]byte // the present one
}

// typeMaps are lent for each value that is read: one of them must not be used by two at once.
var typeMaps = sync.Pool{New: func() any { return pgtype.NewMap() }} //nolint:gochecknoglobals // a cache

func (r *answerRows) Next() bool {
	n := len(r.fields)
	if len(r.values) == 0 {
		return false
	}
	r.row, r.values = r.values[:n], r.values[n:]
	return true
}

func (r *answerRows) Scan(dest ...any) error {
	if whole, ok := dest[0].(pgx.RowScanner); ok && len(dest) == 1 {
		return whole.ScanRow(r)
	}
	types := typeMaps.Get().(*pgtype.Map)
	defer typeMaps.Put(types)
	return pgx.ScanRow(types, r.fields, r.row, dest...)
}

func (r *answerRows) Close()                                       { r.values = nil }
func (r *answerRows) Err() error                                   { return nil }
func (r *answerRows) CommandTag() pgconn.CommandTag                { return pgconn.CommandTag{} }
func (r *answerRows) FieldDescriptions() []pgconn.FieldDescription { return r.fields }
func (r *answerRows) Values() ([]any, error)                       { return nil, pgx.ErrNoRows } // nobody asks for them
func (r *answerRows) RawValues() [][]byte                          { return r.row }
func (r *answerRows) Conn() *pgx.Conn                              { return nil }
func (r *answerRows) TypeMap() *pgtype.Map                         { return nil }
