package server

import (
	"crypto/rand"
	"net"
	"net/url"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
)

// exposed decides who may control a server that listens at an address. One that only this machine can reach asks for no
// token unless it was given one. Any other must be wanted, by Expose, and always asks: where nobody chose a token it
// makes one, so that a container that has to listen everywhere starts by itself and yet is nobody else's.
func exposed(cfg Config, addr net.Addr) (control.Access, error) {
	token := cfg.ControlToken
	if at, ok := addr.(*net.TCPAddr); !ok || !at.IP.IsLoopback() {
		if !cfg.Expose {
			return control.Access{}, badConfig(
				"--listen %s lets other machines in: listen on 127.0.0.1, or say that you want that with --expose",
				cfg.Listen)
		}
		if token == "" {
			token = rand.Text()
		}
	}
	access := control.Access{Token: token}
	names := cfg.AllowHosts
	if at, err := url.Parse(cfg.Advertise); err == nil && cfg.Advertise != "" {
		names = append([]string{at.Hostname()}, names...)
	}
	if host, _, err := net.SplitHostPort(cfg.Listen); err == nil {
		names = append([]string{host}, names...)
	}
	for _, name := range names {
		access.Hosts = append(access.Hosts, strings.TrimSuffix(strings.ToLower(name), "."))
	}
	return access, nil
}
