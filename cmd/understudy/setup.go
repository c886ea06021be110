package main

import (
	"fmt"

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
