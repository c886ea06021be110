package network

import (
	"context"
	"fmt"
	"strconv"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// peeringFacts is what both views of a peering have.
type peeringFacts struct {
	Status       cloud.Status  `json:"status"`
	RegionName   string        `json:"regionName,omitempty"`
	Account      string        `json:"awsAccountId,omitempty"`
	PeeringUID   string        `json:"awsPeeringUid,omitempty"`
	VPC          string        `json:"vpcUid,omitempty"`
	CIDR         string        `json:"vpcCidr,omitempty"`
	CIDRs        []peeringCIDR `json:"vpcCidrs,omitempty"`
	RedisProject string        `json:"redisProjectUid,omitempty"`
	RedisNetwork string        `json:"redisNetworkName,omitempty"`
	CloudPeering string        `json:"cloudPeeringId,omitempty"`
}

type peeringCIDR struct {
	CIDR   string `json:"vpcCidr"`
	Active string `json:"active"` // true or false: clients want a text
}

// showPeering makes what a client sees of a peering. A single CIDR stands alone,
// however it was given.
func showPeering(p cloud.Resource[Peering], region subscription.DeployedRegion) peeringFacts {
	view := peeringFacts{Status: p.Status, RegionName: p.Body.Region, Account: p.Body.Account, VPC: p.Body.VPC}
	if p.Status == cloud.StatusError {
		view.Status = "failed"
	}
	if p.Body.Provider == catalog.GCP {
		view.RedisProject = "v" + derive.Hex(p.Parent, "tenant project", 17) + "-tp"
		view.RedisNetwork = fmt.Sprintf("c%d-%s-rlrcp", p.Parent, region.Name)
		view.CloudPeering = fmt.Sprintf("redislabs-peering-%s", derive.Hex(p.ID, "peering", 8))
		return view
	}
	view.PeeringUID = "pcx-" + derive.Hex(p.ID, "peering", 17)
	if len(p.Body.CIDRs) == 1 {
		view.CIDR = p.Body.CIDRs[0]
		return view
	}
	for _, cidr := range p.Body.CIDRs {
		view.CIDRs = append(view.CIDRs, peeringCIDR{cidr, strconv.FormatBool(p.Status == cloud.StatusActive)})
	}
	return view
}

type peeringList struct {
	Peerings []peeringView `json:"peerings"`
}

type peeringView struct {
	ID int64 `json:"vpcPeeringId"`
	peeringFacts
	Project string `json:"projectUid,omitempty"`
	Network string `json:"networkName,omitempty"`
}

func listPeerings(ctx context.Context, tx *store.Tx, in subscription.Path) (any, error) {
	at, err := subscription.LocationPath{Subscription: in.ID}.Read(ctx, tx, subscription.Rules{
		WrongKind: subscription.WrongKind{
			ActiveActive: "GETTING_SINGLE_REGION_VPC_PEERINGS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
	})
	if err != nil {
		return nil, err
	}
	peerings, err := store.List[Peering](ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	list := peeringList{Peerings: []peeringView{}}
	for _, p := range peerings {
		list.Peerings = append(list.Peerings, peeringView{p.ID, showPeering(p, at.Region), p.Body.Project, p.Body.Network})
	}
	return at.Found(list), nil
}

type regionPeeringList struct {
	Subscription int64            `json:"subscriptionId"`
	Regions      []regionPeerings `json:"regions"`
}

type regionPeerings struct {
	ID       int64               `json:"id"`
	Region   string              `json:"region"`
	Peerings []regionPeeringView `json:"vpcPeerings"`
}

// regionPeeringView names some things differently than peeringView.
type regionPeeringView struct {
	ID int64 `json:"id"`
	peeringFacts
	RegionID    int64  `json:"regionId,omitempty"` // of the VPC
	Project     string `json:"vpcProjectUid,omitempty"`
	Network     string `json:"vpcNetworkName,omitempty"`
	Source      string `json:"sourceRegion"`
	Destination string `json:"destinationRegion,omitempty"`
}

func listRegionPeerings(ctx context.Context, tx *store.Tx, in subscription.Path) (any, error) {
	sub, err := subscription.ReadSubscription(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	if err := subscription.ActiveActiveOnly(sub,
		"GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_VPC_PEERINGS_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION"); err != nil {
		return nil, err
	}
	if subscription.BeingCreated(sub) {
		return subscription.Location{Sub: sub}.Found(showRegionPeerings(sub.ID, nil, nil)), nil
	}
	peerings, err := store.List[Peering](ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	return subscription.Location{Sub: sub}.Found(showRegionPeerings(sub.ID, subscription.RegionsOf(sub), peerings)), nil
}

// showRegionPeerings sorts peerings by the region of the subscription they are of.
func showRegionPeerings(
	subID int64, regions []subscription.DeployedRegion, peerings []cloud.Resource[Peering],
) regionPeeringList {
	list := regionPeeringList{Subscription: subID, Regions: []regionPeerings{}}
	for _, region := range regions {
		views := []regionPeeringView{}
		for _, p := range peerings {
			if p.Body.RegionID != region.ID {
				continue
			}
			destination, _ := catalog.RegionNamed(p.Body.Provider, p.Body.Region) // none on GCP
			views = append(views, regionPeeringView{
				ID: p.ID, peeringFacts: showPeering(p, region), RegionID: destination.ID,
				Project: p.Body.Project, Network: p.Body.Network, Source: region.Name, Destination: p.Body.Region,
			})
		}
		list.Regions = append(list.Regions, regionPeerings{region.ID, region.Name, views})
	}
	return list
}
