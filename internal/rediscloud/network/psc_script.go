package network

import (
	"context"
	"fmt"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// pscScripts are what the owner of an endpoint runs at GCP.
type pscScripts struct {
	Script pscScript `json:"script"`
}

type pscScript struct {
	Bash       string        `json:"bash"`
	PowerShell string        `json:"powershell"`
	Terraform  *pscTerraform `json:"terraformGcp,omitempty"`
}

type pscTerraform struct {
	Attachments []pscServiceAttachment `json:"serviceAttachments"`
}

// pscServiceAttachment names what there is to be made for one service attachment.
type pscServiceAttachment struct {
	Name       string `json:"name"`
	DNSRecord  string `json:"dnsRecord"`
	IPAddress  string `json:"ipAddressName"`
	Forwarding string `json:"forwardingRuleName"`
}

type pscCreationScriptPath struct {
	pscEndpointPath
	Terraform bool `query:"includeTerraformGcpScript" json:"-"`
}

func getPSCCreationScript(ctx context.Context, tx *store.Tx, in pscCreationScriptPath) (any, error) {
	at, endpoint, err := in.readScript(ctx, tx)
	if err != nil {
		return nil, err
	}
	if in.Terraform {
		endpoint.Body.Terraform = true
		store.Update(tx, endpoint)
	}
	names := pscNames(at, endpoint)
	script := gcloudScript(
		fmt.Sprintf("gcloud compute addresses create %s --project=%s --region=%s --subnet=%s",
			names.IPAddress, endpoint.Body.Project, at.Region.Name, endpoint.Body.Subnet),
		fmt.Sprintf("gcloud compute forwarding-rules create %s --project=%s --region=%s --network=%s --address=%s "+
			"--target-service-attachment=%s",
			names.Forwarding, endpoint.Body.Project, at.Region.Name, endpoint.Body.VPC, names.IPAddress, names.Name),
	)
	if in.Terraform {
		script.Terraform = &pscTerraform{Attachments: []pscServiceAttachment{names}}
	}
	return at.Found(pscScripts{script}), nil
}

// To have read the script is what a later deletion asks for.
func getPSCDeletionScript(ctx context.Context, tx *store.Tx, in pscEndpointPath) (any, error) {
	at, endpoint, err := in.readScript(ctx, tx)
	if err != nil {
		return nil, err
	}
	endpoint.Body.DeletionScript = true
	store.Update(tx, endpoint)
	names := pscNames(at, endpoint)
	return at.Found(pscScripts{gcloudScript(
		fmt.Sprintf("gcloud compute forwarding-rules delete %s --project=%s --region=%s --quiet",
			names.Forwarding, endpoint.Body.Project, at.Region.Name),
		fmt.Sprintf("gcloud compute addresses delete %s --project=%s --region=%s --quiet",
			names.IPAddress, endpoint.Body.Project, at.Region.Name),
	)}), nil
}

func (p pscEndpointPath) readScript(
	ctx context.Context, tx *store.Tx,
) (at subscription.Location, endpoint cloud.Resource[PSCEndpoint], err error) {
	if at, err = p.Read(ctx, tx, pscReading()); err != nil {
		return at, endpoint, err
	}
	endpoint, err = p.endpoint(ctx, tx, at)
	return at, endpoint, err
}

// pscNames are the names that an endpoint's script gives to what it makes.
func pscNames(s subscription.Location, endpoint cloud.Resource[PSCEndpoint]) pscServiceAttachment {
	name := endpoint.Body.Connection
	return pscServiceAttachment{
		Name: fmt.Sprintf("projects/rlrcp-%s/regions/%s/serviceAttachments/%s",
			derive.Hex(s.Sub.ID, "GCP project", 8), s.Region.Name, pscAttachment(s)),
		DNSRecord:  "*." + pscHost(s),
		IPAddress:  name + "-ip-0",
		Forwarding: name + "-0",
	}
}

// gcloudScript is the same lines of gcloud for two shells.
func gcloudScript(lines ...string) pscScript {
	text := strings.Join(lines, "\n") + "\n"
	return pscScript{
		Bash:       "#!/bin/bash\nset -e\n" + text,
		PowerShell: "$ErrorActionPreference = \"Stop\"\n" + text,
	}
}
