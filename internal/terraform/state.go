package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
)

// State is the state that a run works on: Terraform takes what is in there for what is at the server, and forgets what
// it does not find. So one of the real API must not be shown to a sandbox, nor one account's to another.
type State struct {
	lineage string
	made    []made // resources of the official provider
	mark    string // the file that says whose the state is
}

// made is a resource in a state.
type made struct {
	address string
	kind    string // of the sandbox; empty: it is in one of the others
	id      string
}

// kinds are those of the sandbox that resources of the provider are and that are in no other one.
var kinds = map[string]string{
	"rediscloud_subscription":               "subscription",
	"rediscloud_active_active_subscription": "subscription",
	"rediscloud_essentials_subscription":    "essentials-subscription",
	"rediscloud_cloud_account":              "cloud account",
	"rediscloud_acl_rule":                   "ACL rule",
	"rediscloud_acl_role":                   "ACL role",
	"rediscloud_acl_user":                   "ACL user",
}

// ReadState reads the state that a run works on. It is empty for a command that works on none, and where there is none
// that Terraform can read: then it cannot work on it either.
func ReadState(ctx context.Context, tool, dir string, args, environ []string) (State, error) {
	s := State{mark: filepath.Join(dataDir(dir, environ), "understudy.json")}
	a := parseArguments(args, environ)
	if !a.worksOnState() {
		return State{}, nil
	}
	var text []byte
	var err error
	if name, given := a.option("state"); given {
		text, err = os.ReadFile(in(dir, name))
	} else {
		cmd := exec.CommandContext(ctx, tool, "state", "pull")
		cmd.Dir, cmd.Env = dir, withoutArguments(environ)
		text, err = cmd.Output()
	}
	_, failed := errors.AsType[*exec.ExitError](err)
	if failed || errors.Is(err, os.ErrNotExist) || err == nil && len(strings.TrimSpace(string(text))) == 0 {
		return s, nil
	}
	if err != nil {
		return s, fmt.Errorf("read the state: %w", err)
	}
	return s, s.read(text)
}

// withoutArguments is an environment in which a command of ours gets no arguments of the user's.
func withoutArguments(environ []string) (env []string) {
	for _, pair := range environ {
		if !strings.HasPrefix(pair, "TF_CLI_ARGS") && !strings.HasPrefix(pair, "TF_LOG") {
			env = append(env, pair)
		}
	}
	return env
}

// read reads the text of a state.
func (s *State) read(text []byte) error {
	var state struct {
		Lineage   string
		Resources []struct {
			Module, Mode, Type, Name, Provider string

			Instances []struct{ Attributes struct{ ID string } }
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		return fmt.Errorf("read the state: %w", err)
	}
	s.lineage = state.Lineage
	for _, r := range state.Resources {
		if r.Mode != "managed" || !strings.Contains(strings.ToLower(r.Provider), "/redislabs/rediscloud\"") {
			continue
		}
		for _, instance := range r.Instances {
			address := strings.TrimPrefix(r.Module+"."+r.Type+"."+r.Name, ".")
			s.made = append(s.made, made{address, kinds[r.Type], instance.Attributes.ID})
		}
	}
	return nil
}

// mark is what is noted beside a module: whose its state is.
type mark struct {
	Lineage string `json:"lineage"`
	Account string `json:"account"` // its id
}

// Check returns a *Refusal if the state has resources that are not those of an account, by its id; empty: one that is
// yet to be made.
func (s State) Check(ctx context.Context, client *control.Client, account string) error {
	if len(s.made) == 0 {
		return nil
	}
	if noted := s.noted(); noted.Lineage == s.lineage {
		if noted.Account == account {
			return nil
		}
		return refusal("the state is of account %s: say --account %s, or run in another directory",
			noted.Account, noted.Account)
	}
	if account == "" {
		return refusal("the state has %s, which a new account has not: run in another directory", s.made[0].address)
	}
	for _, m := range s.made {
		there, err := m.there(ctx, client, account)
		if err != nil {
			return err
		}
		if !there {
			return refusal("the state has %s %s, which account %s has not: if it is of the real API, terraform would "+
				"forget it; run in another directory or workspace", m.address, m.id, account)
		}
	}
	return nil
}

func refusal(format string, args ...any) error {
	return &Refusal{[]string{fmt.Sprintf(format, args...)}}
}

// there reports whether an account has a resource, or what it is in.
func (m made) there(ctx context.Context, client *control.Client, account string) (bool, error) {
	kind, id := m.kind, m.id
	if kind == "" { // as in 100001/51000003
		kind = "subscription"
		id, _, _ = strings.Cut(id, "/")
	}
	_, err := control.Wait.Call(ctx, client, control.Await{
		Account: account, Resource: kind + "/" + id, Timeout: "1ms",
	})
	problem, ok := errors.AsType[*control.Problem](err)
	if ok && (problem.Code == "RESOURCE_NOT_FOUND" || problem.Code == "INVALID_WAIT") {
		if kind == "subscription" && m.kind == "" {
			m.kind, m.id = "essentials-subscription", id
			return m.there(ctx, client, account)
		}
		return false, nil
	}
	return err == nil, err
}

// Note notes whose the state is that a run has left.
func (s State) Note(account string) error {
	if len(s.made) == 0 || s.noted() == (mark{s.lineage, account}) {
		return nil
	}
	text, err := json.Marshal(mark{s.lineage, account})
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(s.mark), 0o750); err != nil {
		return err
	}
	return os.WriteFile(s.mark, append(text, '\n'), 0o600)
}

// noted reads whose a state is; where nothing is noted, nobody's.
func (s State) noted() (m mark) {
	text, err := os.ReadFile(s.mark)
	if err != nil || json.Unmarshal(text, &m) != nil {
		return mark{Lineage: "nobody's"}
	}
	return m
}
