package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// bare is the baseline for reading: a chi handler that reads one row by its
// primary key, one that reads nothing, and one that answers what another server
// does, from memory. It prints its address and runs until its standard input
// ends, so that it cannot outlive who started it.
func bare(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) error {
	flags := flag.NewFlagSet("bare", flag.ContinueOnError)
	databaseURL := flags.String("database-url", "", "database with the product's schema")
	like := flags.String("like", "", "host and port of the server whose answers are given, too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pool, err := pgxpool.New(ctx, *databaseURL)
	if err != nil {
		return err
	}
	defer pool.Close()
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: bareHandler(pool, *like), ReadHeaderTimeout: time.Second}
	go func() {
		_, _ = io.Copy(io.Discard, stdin) // whatever ends it, it has ended
		_ = server.Close()
	}()
	fmt.Fprintln(stdout, listener.Addr())
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type bareTask struct {
	TaskID string `json:"taskId"`
	Status string `json:"status"`
}

func bareHandler(pool *pgxpool.Pool, like string) http.Handler {
	mux := chi.NewRouter()
	mux.Get("/tasks/{id}", func(w http.ResponseWriter, r *http.Request) {
		task := bareTask{TaskID: chi.URLParam(r, "id")}
		err := pool.QueryRow(r.Context(), `SELECT status FROM tasks WHERE id = $1`, task.TaskID).Scan(&task.Status)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, task)
	})
	mux.Get("/nothing/{id}", func(w http.ResponseWriter, r *http.Request) {
		answer(w, bareTask{TaskID: chi.URLParam(r, "id")})
	})
	mux.Get("/v1/*", (&likeness{of: like}).ServeHTTP)
	return mux
}

func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(body) // a client that is gone is no concern here
}

// serveBare starts this program again as the baseline for reading. like is whom it answers like; empty: nobody.
func (e *env) serveBare(databaseURL, like string) (*baseline, error) {
	return startBaseline(e.self, "bare", "-database-url", databaseURL, "-like", like)
}
