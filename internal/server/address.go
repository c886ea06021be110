package server

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Address is where a running server is controlled. It is kept in the data directory, for commands on the same machine.
type Address struct {
	URL   string `json:"url"` // without a path
	Token string `json:"token,omitempty"`
	PID   int    `json:"pid"`
}

func addressFile(dataDir string) string { return filepath.Join(dataDir, "server.json") }

// FindAddress returns the address of the server that runs on a data directory, empty for the default one. It returns an
// error that wraps fs.ErrNotExist if none does.
func FindAddress(dataDir string) (a Address, err error) {
	if dataDir == "" {
		dataDir = DefaultDataDir()
	}
	file := addressFile(dataDir)
	data, err := os.ReadFile(file)
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(data, &a); err != nil {
		return a, fmt.Errorf("%s: %w", file, err)
	}
	return a, nil
}

// keepAddress writes the address of this server, which others replace that use the same directory.
func (s *Server) keepAddress() error {
	data, err := json.Marshal(Address{URL: "http://" + s.Address(), Token: s.ControlToken, PID: s.PID})
	if err != nil {
		return err
	}
	return writeFile(addressFile(s.cfg.DataDir), append(data, '\n'))
}

// forgetAddress removes the address, unless another server has put its own there.
func forgetAddress(cfg Config) {
	if a, err := FindAddress(cfg.DataDir); errors.Is(err, fs.ErrNotExist) || a.PID != os.Getpid() {
		return
	}
	_ = os.Remove(addressFile(cfg.DataDir)) // a stale one is found out by asking there
}
