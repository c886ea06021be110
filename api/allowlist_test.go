package api

import (
	"net/netip"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Addresses of both families, as a connection shows them.
func TestAllowedFrom(t *testing.T) {
	t.Parallel()
	key := cloud.Key{AllowFrom: []netip.Prefix{
		netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("fe80::/64"),
	}}
	for address, want := range map[string]bool{
		"192.0.2.0": true, "192.0.2.255": true, "192.0.3.0": false, "::ffff:192.0.2.1": true, "::ffff:192.0.3.1": false,
		"2001:db8::1": true, "2001:db9::1": false, "fe80::1%eth0": true, "127.0.0.1": false, "": false, "no address": false,
	} {
		if got := allowedFrom(key, address); got != want {
			t.Errorf("%q: got %v, want %v", address, got, want)
		}
		if !allowedFrom(cloud.Key{}, address) {
			t.Errorf("%q is refused without a list", address)
		}
	}
}
