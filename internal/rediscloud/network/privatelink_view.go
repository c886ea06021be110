package network

import (
	"context"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// privateLinkView is a PrivateLink as a client sees it.
type privateLinkView struct {
	Status       cloud.Status          `json:"status"`
	Principals   []principalView       `json:"principals"`
	ConfigID     string                `json:"resourceConfigurationId,omitempty"`
	ConfigARN    string                `json:"resourceConfigurationArn,omitempty"`
	ShareARN     string                `json:"shareArn,omitempty"`
	ShareName    string                `json:"shareName"`
	Connections  []Connection          `json:"connections"`
	Databases    []privateLinkDatabase `json:"databases"`
	Subscription int64                 `json:"subscriptionId,omitempty"` // a client fails over the one of a region
	ErrorMessage string                `json:"errorMessage,omitempty"`
	Links        []wire.Link           `json:"links"`
}

type principalView struct {
	Principal string       `json:"principal"`
	Type      string       `json:"type"`
	Alias     string       `json:"alias,omitempty"`
	Status    cloud.Status `json:"status"`
}

type privateLinkDatabase struct {
	ID       int64  `json:"databaseId"`
	Port     int64  `json:"port"`
	Endpoint string `json:"rlEndpoint"`
}

// noPrivateLink is the answer where there is none: clients take an error for one.
type noPrivateLink struct {
	Links []wire.Link `json:"links"`
}

func getPrivateLink(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (any, error) {
	at, err := in.Read(ctx, tx, privateLinkReading())
	if err != nil {
		return nil, err
	}
	link, ok, err := subscription.OneAt[PrivateLink](ctx, tx, at)
	if err != nil {
		return nil, err
	}
	if !ok {
		return at.Found(noPrivateLink{wire.NoLinks()}), nil
	}
	principals, err := store.List[Principal](ctx, tx, link.ID)
	if err != nil {
		return nil, err
	}
	databases, err := store.List[subscription.Database](ctx, tx, at.Sub.ID)
	if err != nil {
		return nil, err
	}
	return at.Found(showPrivateLink(at, link, principals, databases)), nil
}

// showPrivateLink makes the view of a PrivateLink. What is made at AWS appears once
// it is active.
func showPrivateLink(
	s subscription.Location, link cloud.Resource[PrivateLink], principals []cloud.Resource[Principal],
	databases []cloud.Resource[subscription.Database],
) privateLinkView {
	view := privateLinkView{
		Status: link.Status, ShareName: link.Body.ShareName, Principals: []principalView{},
		Connections: append([]Connection{}, link.Body.Connections...),
		Databases:   []privateLinkDatabase{}, Links: wire.NoLinks(),
	}
	if s.Region.ID == 0 {
		view.Subscription = s.Sub.ID
	}
	if link.Status == cloud.StatusError {
		view.Status, view.ErrorMessage = "failed", link.Error.Description
	}
	for _, p := range principals {
		status := p.Status
		if status == cloud.StatusError {
			status = "failed"
		}
		view.Principals = append(view.Principals, principalView{p.Name, p.Body.Type, p.Body.Alias, status})
	}
	if link.ActivatedAt == nil {
		return view
	}
	view.ConfigID = privateLinkConfig(link.ID)
	view.ConfigARN = privateLinkConfigARN(s, link.ID)
	view.ShareARN = privateLinkShare(s, link.ID)
	for _, db := range databases {
		if db.ActivatedAt == nil || db.Status == cloud.StatusDeleting {
			continue
		}
		host := fmt.Sprintf("redis-%d.internal.%s", db.Body.Port, s.Region.Domain) // of its private endpoint
		view.Databases = append(view.Databases, privateLinkDatabase{db.ID, db.Body.Port, host})
	}
	return view
}

func privateLinkConfig(link int64) string {
	return "rcfg-" + derive.Hex(link, "resource configuration", 17)
}

func privateLinkConfigARN(s subscription.Location, link int64) string {
	return fmt.Sprintf("arn:aws:vpc-lattice:%s:%s:resourceconfiguration/%s",
		s.Region.Name, s.Sub.Body.AWSAccountID(), privateLinkConfig(link))
}

func privateLinkShare(s subscription.Location, link int64) string {
	hex := derive.Hex(link, "resource share", 32)
	return fmt.Sprintf("arn:aws:ram:%s:%s:resource-share/%s-%s-%s-%s-%s", s.Region.Name, s.Sub.Body.AWSAccountID(),
		hex[:8], hex[8:12], hex[12:16], hex[16:20], hex[20:])
}

type privateLinkScripts struct {
	Script    string `json:"resourceEndpointScript"`
	Terraform string `json:"terraformAwsScript,omitempty"`
}

type privateLinkScriptPath struct {
	subscription.LocationPath
	Terraform bool `query:"includeTerraformAwsScript" json:"-"`
}

func getPrivateLinkScript(ctx context.Context, tx *store.Tx, in privateLinkScriptPath) (any, error) {
	at, err := in.Read(ctx, tx, privateLinkReading())
	if err != nil {
		return nil, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	share, config := privateLinkShare(at, link.ID), privateLinkConfigARN(at, link.ID)
	out := privateLinkScripts{Script: fmt.Sprintf(privateLinkBash, at.Region.Name, share, config)}
	if in.Terraform {
		out.Terraform = fmt.Sprintf(privateLinkTerraform, share, config)
	}
	return at.Found(out), nil
}

// What the owner of a VPC runs at AWS: with the region, the share and the resource
// configuration.
const privateLinkBash = `#!/bin/bash
# Usage: VPC_ID=vpc-... SUBNET_IDS="subnet-..." bash this-script
set -e
invitation=$(aws ram get-resource-share-invitations --region %[1]s --resource-share-arns %[2]s \
  --query 'resourceShareInvitations[0].resourceShareInvitationArn' --output text)
aws ram accept-resource-share-invitation --region %[1]s --resource-share-invitation-arn "$invitation"
aws ec2 create-vpc-endpoint --region %[1]s --vpc-endpoint-type Resource --vpc-id "$VPC_ID" --subnet-ids $SUBNET_IDS \
  --resource-configuration-arn %[3]s
`

// The same as a Terraform module: with the share and the resource configuration.
const privateLinkTerraform = `variable "vpc_id" {}

variable "subnet_ids" {
  type = list(string)
}

resource "aws_ram_resource_share_accepter" "redis" {
  share_arn = %q
}

resource "aws_vpc_endpoint" "redis" {
  vpc_id                     = var.vpc_id
  subnet_ids                 = var.subnet_ids
  vpc_endpoint_type          = "Resource"
  resource_configuration_arn = %q
  depends_on                 = [aws_ram_resource_share_accepter.redis]
}
`
