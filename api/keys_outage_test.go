package api_test

// Idempotent requests while the database fails, by the numbers of docs/rules.md.

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// wantAway checks the answer of a server that cannot reach its database.
func wantAway(tb testing.TB, got apitest.Answer) {
	tb.Helper()
	if got.Status != http.StatusServiceUnavailable || got.Header.Get("Retry-After") == "" ||
		got.Header.Get("Idempotent-Replayed") != "" {
		tb.Errorf("got %d %v %s, want 503 with Retry-After", got.Status, got.Header, got.Body)
	}
}

// H10: the connection is lost during the commit. Whether the database got the
// message or not, there is one effect in the end, and never a guess: the answer is
// that of the commit, or 503 and the same request is carried out at once.
func TestH10AmbiguousCommit(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		for _, committed := range []bool{true, false} {
			line := newWire(t, pgtest.New(t))
			g := &gates{}
			a := apitest.On(t, line.url, func(c *engine.Config) { c.Hook = g.hook }).Account()
			var once *cut
			g.on("idem.before_finish", func() { once = line.cutAt(committed, k.hash) })
			first := k.create(a)
			<-once.done
			if committed {
				wantStatus(t, "committed", first, http.StatusAccepted, "")
				if first.Header.Get("Idempotent-Replayed") != "" {
					t.Error("the first answer is marked")
				}
			} else {
				wantAway(t, first)
				wantEffects(t, a, 0)
				first = k.create(a)
				wantStatus(t, "again", first, http.StatusAccepted, "")
			}
			wantReplay(t, k.create(a), first)
			wantEffects(t, a, 1)
		}
	})
}

// H10: the connection is lost while the database is still at the commit. The
// server waits for its end before it says anything.
func TestH10CommitUnderWay(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		line := newWire(t, pgtest.New(t))
		g := &gates{}
		w := apitest.On(t, line.url, func(c *engine.Config) { c.Hook = g.hook })
		a := w.Account()
		apitest.Exec(t, w.DBURL, `
			CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS $$
				BEGIN PERFORM pg_advisory_xact_lock(4711); RETURN NULL; END $$;
			CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON tasks DEFERRABLE INITIALLY DEFERRED
				FOR EACH ROW EXECUTE FUNCTION linger()`)
		lock := connect(t, w.DBURL)
		if _, err := lock.Exec(t.Context(), `SELECT pg_advisory_lock(4711)`); err != nil {
			t.Fatal(err)
		}
		once := make(chan *cut, 1)
		g.on("idem.before_finish", func() { once <- line.cutBefore(k.hash) })
		answer := later(func() apitest.Answer { return k.create(a) })
		apitest.Eventually(t, "the commit waits for the lock", func() bool { return waits(t, w, "advisory") })
		close((<-once).hangUp)
		apitest.Eventually(t, "the server waits for the commit", func() bool { return waits(t, w, "transactionid") })
		if _, err := lock.Exec(t.Context(), `SELECT pg_advisory_unlock(4711)`); err != nil {
			t.Fatal(err)
		}
		first := <-answer
		wantStatus(t, "first", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, 1)
	})
}

// waits reports whether a session of the database waits for a lock of a kind.
func waits(tb testing.TB, w *apitest.World, kind string) bool {
	tb.Helper()
	return ask[bool](tb, w.DBURL, `
		SELECT EXISTS (
			SELECT
			FROM pg_locks l
			JOIN pg_stat_activity s USING (pid)
			WHERE NOT l.granted AND l.locktype = $1 AND s.datname = current_database()
		)`, kind)
}

// H10: the same for what is answered at once, where the commit is a message of
// its own.
func TestH10AmbiguousCommitOfAWrite(t *testing.T) {
	t.Parallel()
	for _, committed := range []bool{true, false} {
		line := newWire(t, pgtest.New(t))
		g := &gates{}
		a := apitest.On(t, line.url, func(c *engine.Config) { c.Hook = g.hook }).Account()
		tags := tagsPath(a, a.Subscription("one"))
		send := func() apitest.Answer {
			return a.Do(http.MethodPost, tags, `{"key":"colour","value":"red"}`, byKey().with)
		}
		var once *cut
		g.on("idem.before_finish", func() { once = line.cutAt(committed, byKey().hash, []byte("commit")) })
		first := send()
		<-once.done
		if !committed {
			wantAway(t, first)
			if got := a.Do(http.MethodGet, tags, nil); got.Get("tags", 0) != nil {
				t.Errorf("not committed, but there: %s", got.Body)
			}
			first = send()
		}
		wantStatus(t, fmt.Sprintf("committed at first: %v", committed), first, http.StatusOK, "")
		wantReplay(t, send(), first)
	}
}

// H10: the connection is lost while a refusal is stored.
func TestH10AmbiguousRefusal(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		for _, committed := range []bool{true, false} {
			line := newWire(t, pgtest.New(t))
			g := &gates{}
			a := apitest.On(t, line.url, func(c *engine.Config) { c.Hook = g.hook }).Account()
			send := func() apitest.Answer { return k.post(a, k.invalid(1), k.with) }
			var once *cut
			g.on("idem.before_finish", func() { once = line.cutAt(committed, k.hash) })
			first := send()
			<-once.done
			if !committed {
				wantAway(t, first)
				first = send()
			}
			wantStatus(t, fmt.Sprintf("committed at first: %v", committed), first, http.StatusBadRequest, k.code(400))
			if first.Header.Get("Idempotent-Replayed") != "" {
				t.Error("the first answer is marked")
			}
			wantReplay(t, send(), first)
		}
	})
}

// H11, D-9, B3, B13: what the database fails with for a moment is answered with
// 503, is not stored and does not lock the key; the effect does not outlive the
// record of it, nor the other way round.
func TestH3H11B3B13DatabaseErrors(t *testing.T) {
	type failure struct{ table, event, code string }
	away := []failure{
		{"tasks", "INSERT", "40001"},
		{"tasks", "INSERT", "40P01"},
		{"tasks", "INSERT", "53100"},
		{"tasks", "INSERT", "55P03"},
		{"tasks", "INSERT", "57P01"},
		{"tasks", "INSERT", "58030"},
		{"idempotency_keys", "INSERT", "53200"},
		{"idempotency_keys", "UPDATE", "40001"},
		{"accounts", "UPDATE", "40P01"},
	}
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.New(t, nil)
		for _, f := range away {
			a := w.Account()
			unbreak := breakTable(t, w, f.table, f.event, f.code)
			got := k.create(a)
			unbreak()
			t.Log(f) // before what is wrong with it
			wantAway(t, got)
			wantEffects(t, a, 0)
			n := ask[int](t, w.DBURL,
				`SELECT count(*) FROM idempotency_keys WHERE account_id = $1 AND state <> 'released'`, a.ID)
			if n > 0 && f.table != "idempotency_keys" {
				t.Errorf("%v: the key is not given back", f)
			}
			expireLeases(t, w) // the one failure that keeps the key from being given back
			first := k.create(a)
			wantStatus(t, "again", first, http.StatusAccepted, "")
			wantReplay(t, k.create(a), first)
			wantEffects(t, a, 1)
		}
	})
}

// B3: a failure to look at the key is not taken for a key that nobody has.
func TestB3FailsClosed(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.New(t, nil)
		a := w.Account()
		unbreak := breakTable(t, w, "idempotency_keys", "INSERT", "XX001")
		if got := k.create(a); got.Status != http.StatusInternalServerError {
			t.Errorf("got %d %s, want 500", got.Status, got.Body)
		}
		unbreak()
		wantEffects(t, a, 0)
		wantStatus(t, "again", k.create(a), http.StatusAccepted, "")
	})
}

// breakTable makes a table fail, until the function it returns is called.
func breakTable(tb testing.TB, w *apitest.World, table, event, code string) (unbreak func()) {
	tb.Helper()
	apitest.Exec(tb, w.DBURL, fmt.Sprintf(`
		CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$
			BEGIN RAISE EXCEPTION 'as asked' USING ERRCODE = '%s'; END $$;
		CREATE TRIGGER broken BEFORE %s ON %s FOR EACH ROW EXECUTE FUNCTION broken()`, code, event, table))
	return func() {
		tb.Helper()
		apitest.Exec(tb, w.DBURL, `DROP FUNCTION broken CASCADE`)
	}
}

// H12, D-9: Postgres goes away under a request and comes back. Nothing of that is
// stored, and the retry succeeds.
func TestH12PostgresRestarts(t *testing.T) {
	t.Parallel()
	ctx := context.WithoutCancel(t.Context())
	start := func(dir string) *postgres.Cluster {
		cluster, err := postgres.Start(ctx, postgres.Config{Dir: dir, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return cluster
	}
	dir := pgtest.TempDir(t)
	cluster := start(dir)
	t.Cleanup(func() { _ = cluster.Stop(ctx) })
	if err := migrations.Up(ctx, cluster.URL()); err != nil {
		t.Fatal(err)
	}
	g := &gates{}
	w := apitest.On(t, cluster.URL(), func(c *engine.Config) { c.Hook = g.hook })
	a := w.Account()
	for i, k := range []keyed{byKey(), byToken(databaseCreation()), byToken(instanceCreation())} {
		atWork := g.stop(t, "idem.before_finish")
		answer := later(func() apitest.Answer { return k.create(a) })
		atWork.await()
		if err := cluster.Stop(ctx); err != nil {
			t.Fatal(err)
		}
		atWork.open()
		wantAway(t, <-answer)
		wantAway(t, k.create(a))
		cluster = start(dir)
		var first apitest.Answer
		began := time.Now()
		apitest.Eventually(t, "the retry succeeds", func() bool {
			first = k.create(a)
			return first.Status != http.StatusServiceUnavailable && first.Status != http.StatusConflict
		})
		if took := time.Since(began); took > idempotency.Lease/2 {
			t.Errorf("the retry waits for the lease: %v", took)
		}
		wantStatus(t, "retry", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, i+1)
	}
}

// H9, B1: between a look at a key and taking it another request settles it. Its
// outcome stays.
func TestH9B1OutcomeIsNotOverwritten(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.New(t, nil)
		a := w.Account()
		first := k.create(a)
		// The winner is played by hand: its row is not there for a request that looks,
		// but is in the way of one that takes.
		const copies = `INSERT INTO idempotency_keys SELECT * FROM kept`
		apitest.Exec(t, w.DBURL, `CREATE TABLE kept AS SELECT * FROM idempotency_keys; DELETE FROM idempotency_keys`)
		conn := connect(t, w.DBURL)
		tx, err := conn.Begin(t.Context())
		if err == nil {
			_, err = tx.Exec(t.Context(), copies)
		}
		if err != nil {
			t.Fatal(err)
		}
		loser := later(func() apitest.Answer { return k.create(a) })
		apitest.Eventually(t, "the loser waits for the winner", func() bool { return waits(t, w, "transactionid") })
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		wantReplay(t, <-loser, first)
		wantEffects(t, a, 1)
	})
}

// H13: a panic is an internal error like any other: what was written before is
// undone, and the key neither stays locked nor forgets (TestC5…, TestR7…). Not
// even one after the commit makes the server forget what it did.
func TestH13B2B7PanicAfterTheCommit(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		g.on("accept.after_commit", func() { panic("as asked") })
		first := k.create(a)
		wantStatus(t, "first", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		wantEffects(t, a, 1)
	})
}

// B8: what marks a request as under way lives as long as a request may take, not
// as long as an answer.
func TestB7B8LeaseIsShort(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w, g := gated(t)
		a := w.Account()
		g.on("idem.acquired", func() { panic("as asked") }) // as a kill: nobody cleans up
		k.create(a)
		left := time.Duration(ask[float64](t, w.DBURL,
			`SELECT EXTRACT(epoch FROM lease_until - clock_timestamp()) FROM idempotency_keys`) * float64(time.Second))
		if left <= 0 || left > idempotency.Lease {
			t.Errorf("the key stays locked for %v, want at most %v", left, idempotency.Lease)
		}
	})
}
