package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// relabel is an upgrade that calls jars otherwise, once they are called so far.
func relabel(from, to string) func([]store.SnapshotRow) ([]store.SnapshotRow, error) {
	return func(content []store.SnapshotRow) ([]store.SnapshotRow, error) {
		for _, r := range content {
			if r.Table != "resources" {
				continue
			}
			if r.Row["name"] != from {
				return nil, fmt.Errorf("a jar is called %v, not %s", r.Row["name"], from)
			}
			r.Row["name"] = to
		}
		return content, nil
	}
}

// A snapshot of an older schema goes through each upgrade from there on, in their order, as a file and where it is; and
// where one cannot, nothing is changed.
func TestSnapshotsAreUpgradedStepByStep(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	insert := func(tx *store.Tx) error {
		store.Insert(tx, cloud.Resource[jar]{ID: 1, Name: "at first", Status: cloud.StatusActive, Body: jar{"full"}})
		return nil
	}
	if err := db.Write(t.Context(), caller, insert); err != nil {
		t.Fatal(err)
	}
	saved, err := db.SaveSnapshot(t.Context(), caller.Account, "stored", false)
	if err != nil {
		t.Fatal(err)
	}
	file, err := db.ExportSnapshot(t.Context(), "stored")
	if err != nil {
		t.Fatal(err)
	}
	last := saved.Schema + 3
	for schema := saved.Schema + 1; schema <= last; schema++ {
		if err := db.Applied(t.Context(), schema); err != nil {
			t.Fatal(err)
		}
	}
	type steps = map[int]func([]store.SnapshotRow) ([]store.SnapshotRow, error)
	load := func(name string) error {
		_, err := db.LoadSnapshot(t.Context(), caller.Account, name, nil)
		return err
	}
	wants := func(name, label string, schema int) {
		t.Helper()
		if err := load(name); err != nil {
			t.Fatalf("load %s: %v", name, err)
		}
		exported, err := db.ExportSnapshot(t.Context(), name)
		if head := fmt.Sprintf(`"schema":%d,`, schema); err != nil || !bytes.Contains(exported, []byte(head)) ||
			!bytes.Contains(exported, []byte(label)) {
			t.Errorf("%s is %s (%v), want it called %s, in schema %d", name, exported, err, label, schema)
		}
	}

	db.UpgradeBy(steps{saved.Schema + 1: relabel("at first", "then"), saved.Schema + 3: relabel("at first", "never")})
	if _, err := db.ImportSnapshot(t.Context(), "imported", bytes.NewReader(file), false); !upgradeFailed(err, last) {
		t.Errorf("imported by an upgrade that cannot: %v", err)
	}
	if err := load("stored"); !upgradeFailed(err, last) {
		t.Errorf("loaded by an upgrade that cannot: %v", err)
	}
	db.UpgradeBy(steps{
		saved.Schema:     relabel("at first", "too often"),
		saved.Schema + 1: relabel("at first", "then"), saved.Schema + 2: nil, saved.Schema + 3: relabel("then", "at last"),
	})
	imported, err := db.ImportSnapshot(t.Context(), "imported", bytes.NewReader(file), false)
	if err != nil || imported.Schema != last || imported.Resources != 1 {
		t.Fatalf("imported is %+v: %v", imported, err)
	}
	wants("imported", "at last", last)
	wants("stored", "at last", last)
	wants("stored", "at last", last) // it is so already

	newer := strings.Replace(string(file), fmt.Sprintf(`"schema":%d`, saved.Schema), fmt.Sprintf(`"schema":%d`, last+1), 1)
	_, err = db.ImportSnapshot(t.Context(), "stored", strings.NewReader(newer), true)
	want := fmt.Sprintf("import snapshot: the snapshot is of a newer schema: it is of version %d, and this program knows "+
		"versions up to %d", last+1, last)
	if !errors.Is(err, store.ErrNewerSnapshot) || err.Error() != want {
		t.Errorf("a newer one: got %v, want %s", err, want)
	}
	wants("stored", "at last", last)
}

func upgradeFailed(err error, schema int) bool {
	return errors.Is(err, store.ErrUnreadableContent) &&
		strings.Contains(err.Error(), fmt.Sprintf("to version %d: a jar is called then, not at first", schema))
}
