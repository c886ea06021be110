package pgtest

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// TCP returns the addresses of this machine at which the Postgres behind url answers
// over TCP. It tries them: to look into another process, such as at its open sockets,
// takes a capability that containers do not give.
func TCP(tb testing.TB, url string) []netip.AddrPort {
	tb.Helper()
	var port uint16 // the only one a Postgres has, for its unix socket as well
	if err := ask(tb.Context(), url, `SELECT current_setting('port')::int`, &port); err != nil {
		tb.Fatal(err)
	}
	found, err := answering(tb.Context(), url, port)
	if err != nil {
		tb.Fatal(err)
	}
	return found
}

// answering returns the addresses with a port at which the Postgres behind url answers.
func answering(ctx context.Context, url string, port uint16) (found []netip.AddrPort, err error) {
	const identify = `SELECT system_identifier::text FROM pg_control_system()` // no other one has the same
	var want, got string
	if err := ask(ctx, url, identify, &want); err != nil {
		return nil, err
	}
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	for _, address := range addresses {
		prefix, err := netip.ParsePrefix(address.String())
		if err != nil {
			return nil, err
		}
		at := netip.AddrPortFrom(prefix.Addr(), port)
		// else it is not there, or somebody else
		if err := ask(ctx, overTCP(url, at), identify, &got); err == nil && got == want {
			found = append(found, at)
		}
	}
	return found, nil
}

// ask asks a Postgres something.
func ask(ctx context.Context, url, sql string, into any) error {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	return errors.Join(conn.QueryRow(ctx, sql).Scan(into), conn.Close(ctx))
}

// overTCP is the URL of the same database by another way.
func overTCP(socket string, at netip.AddrPort) string {
	u, err := url.Parse(socket)
	if err != nil {
		panic(err) // it was connected to
	}
	u.Host, u.RawQuery = at.String(), "sslmode=disable"
	return u.String()
}
