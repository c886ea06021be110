package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/server"
)

// setupFlags say what accounts have that nothing in the API gives them.
type setupFlags struct {
	Cards           []string `name:"card" env:"UNDERSTUDY_CARD" placeholder:"TYPE 1234" help:"Credit card on file, by its type and last four digits; may be repeated or separated by commas. Default: Visa 5556."`
	CloudAccounts   []string `name:"cloud-account" env:"UNDERSTUDY_CLOUD_ACCOUNT" placeholder:"NAME[:PROVIDER]" help:"Cloud account at AWS or GCP that is active at once; may be repeated or separated by commas. Default: none."`
	TransitGateways []string `name:"transit-gateway" env:"UNDERSTUDY_TRANSIT_GATEWAY" placeholder:"ID" help:"Transit gateway of AWS, tgw-…, that every subscription on AWS is invited to, beside a made-up one; may be repeated or separated by commas. Default: none."`
}

// setup reads the flags. Errors name them.
func (f setupFlags) setup() (s account.Setup, err error) {
	if s.Cards, err = each("--card", f.Cards, account.ParseCard); err != nil {
		return s, err
	}
	if s.CloudAccounts, err = each("--cloud-account", f.CloudAccounts, account.ParseAccount); err != nil {
		return s, err
	}
	s.TransitGateways, err = each("--transit-gateway", f.TransitGateways, account.ParseGateway)
	return s, err
}

// assetFlags say the same of one account.
type assetFlags struct {
	Cards           []string `name:"card" placeholder:"TYPE 1234" help:"Credit card on file, by its type and last four digits; may be repeated or separated by commas."`
	CloudAccounts   []string `name:"cloud-account" placeholder:"NAME[:PROVIDER]" help:"Cloud account at AWS or GCP that is active; may be repeated or separated by commas."`
	TransitGateways []string `name:"transit-gateway" placeholder:"ID" help:"Transit gateway of AWS, tgw-…, that every subscription on AWS is invited to; may be repeated or separated by commas."`
	Users           []string `name:"user" placeholder:"ADDRESS[:ROLE]" help:"User beside the owner; may be repeated or separated by commas."`
	File            string   `placeholder:"FILE" help:"File with all of it, as JSON: sandbox.yaml describes it. - is standard input."`
}

// object is what the flags say, in the form of the control API. Errors name them.
func (f assetFlags) object(stdin io.Reader) (json.RawMessage, error) {
	setup, err := setupFlags{Cards: f.Cards, CloudAccounts: f.CloudAccounts, TransitGateways: f.TransitGateways}.setup()
	if err != nil {
		return nil, err
	}
	if setup.Users, err = each("--user", f.Users, account.ParseUser); err != nil {
		return nil, err
	}
	said := setup.Object()
	if f.File == "" {
		return json.Marshal(said)
	}
	if len(said) > 0 {
		return nil, fmt.Errorf("%w: --file has all of it: it goes with no other flag", server.ErrConfig)
	}
	if f.File == "-" {
		return io.ReadAll(stdin)
	}
	return os.ReadFile(f.File)
}

func each[T any](flag string, texts []string, parse func(string) (T, error)) (list []T, err error) {
	for _, text := range texts {
		one, err := parse(text)
		if err != nil {
			return nil, fmt.Errorf("%w: %s %w", server.ErrConfig, flag, err)
		}
		list = append(list, one)
	}
	return list, nil
}
