package store

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Projection reads of resources what the fields of P name and nothing else, for where they are many or their bodies
// large. Make one with Project.
type Projection[B cloud.Body, P any] struct{ columns string }

// Project makes the projection of resources with a body of B to a struct P. A field with a json tag is that member of
// the body, an int64, a slice or a map; it is zero where a body goes without the member. A field without one is ID,
// Parent, Name or Status of the resource.
//
// It panics where P does not fit B, so keep it in a variable of the package.
func Project[B cloud.Body, P any]() Projection[B, P] {
	var columns []string
	for field := range reflect.TypeFor[P]().Fields() {
		column := ownColumn[B](field)
		if member, tagged := jsonName(field); tagged {
			column = memberColumn[B](member, field.Type)
		}
		if column == "" {
			panic(fmt.Sprintf("store: a resource of %s cannot be projected to field %s", reflect.TypeFor[B](), field.Name))
		}
		columns = append(columns, column)
	}
	return Projection[B, P]{strings.Join(columns, ", ")}
}

// ownColumn is the column for a field of the resource itself; empty if there is none.
func ownColumn[B cloud.Body](field reflect.StructField) string {
	if own, _ := reflect.TypeFor[cloud.Resource[B]]().FieldByName(field.Name); own.Type != field.Type {
		return ""
	}
	return map[string]string{
		"ID":     "r.id",
		"Parent": "COALESCE(r.parent_id, 0)",
		"Name":   "r.name",
		"Status": resourceStatus(strconv.FormatBool(kindOf[B]().Limit != nil)),
	}[field.Name]
}

// memberColumn is the column for a member of the body that has a type; empty if there is none.
func memberColumn[B cloud.Body](member string, typ reflect.Type) string {
	for _, field := range reflect.VisibleFields(reflect.TypeFor[B]()) {
		if name, _ := jsonName(field); name != member || field.Type != typ {
			continue
		}
		switch typ.Kind() { //nolint:exhaustive // nobody asks for others, and not all of them take a NULL
		case reflect.Int64:
			return "COALESCE((r.body ->> '" + member + "')::bigint, 0)"
		case reflect.Slice, reflect.Map:
			return "r.body -> '" + member + "'"
		}
	}
	return ""
}

// jsonName is the JSON member that a field is tagged to be.
func jsonName(field reflect.StructField) (name string, tagged bool) {
	tag, tagged := field.Tag.Lookup("json")
	name, _, _ = strings.Cut(tag, ",")
	return name, tagged
}

// Find projects those of the caller's resources that have one of some ids.
func (p Projection[B, P]) Find(ctx context.Context, tx *Tx, ids []int64) ([]P, error) {
	kind := kindOf[B]()
	rows, err := tx.state().Query(ctx, `
		SELECT r.*
		FROM unnest($3::bigint[]) AS wanted (id)
		CROSS JOIN LATERAL (
			SELECT `+p.columns+`
			FROM resources r
			WHERE r.account_id = $1 AND r.kind = $2 AND r.id = wanted.id
			LIMIT 1 -- one look at the index for each, whatever the statistics say when this is planned
		) r`, tx.Caller.Account, kind.Name, ids)
	if err != nil {
		return nil, fmt.Errorf("project %ss: %w", kind.Name, err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowToStructByPos[P])
	if err != nil {
		return nil, fmt.Errorf("project %ss: %w", kind.Name, err)
	}
	return found, nil
}
