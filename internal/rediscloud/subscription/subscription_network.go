package subscription

import (
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
)

// OwnNetwork is the part of a customer's own cloud account that a subscription is
// put into. Without a VPC it gets one of its own.
type OwnNetwork struct {
	VPCID           string   `json:"vpcId,omitempty"`
	SubnetIDs       []string `json:"subnetIds,omitempty"` // one for each zone; empty: made for it
	SecurityGroupID string   `json:"securityGroupId,omitempty"`
}

// setNetwork checks what is asked of the network and the tags.
func (s *Subscription) setNetwork(p cloudProviderSpec, r regionSpec) (err error) {
	if s.CloudAccountID == account.InternalCloudAccount {
		return checkInternalAccount(p, r)
	}
	s.Network = OwnNetwork{r.Networking.VPCID, r.Networking.SubnetIDs, r.Networking.SecurityGroupID}
	if err := s.Network.check(zonesOf(s.MultiAZ)); err != nil {
		return err
	}
	s.ResourceTags, err = newResourceTags(p.ResourceTags)
	return err
}

// check checks that subnets and security group come together, and in a VPC.
func (n OwnNetwork) check(zones int) error {
	subnets, group := len(n.SubnetIDs) > 0, n.SecurityGroupID != ""
	switch {
	case !subnets && !group:
		return nil
	case n.VPCID == "":
		return cloud.Errorf("NETWORKING_VPC_ID_MISSING",
			"Subnets and security groups are those of a VPC, which has to be named.")
	case !subnets:
		return cloud.Errorf("NETWORKING_SUBNET_IDS_MISSING", "With a security group the subnets have to be named.")
	case !group:
		return cloud.Errorf("NETWORKING_SECURITY_GROUP_MISSING", "With subnets the security group has to be named.")
	case len(n.SubnetIDs) != zones:
		return cloud.Errorf("INVALID_NUMBER_OF_SUBNET_IDS",
			"This deployment takes %d subnets, not %d.", zones, len(n.SubnetIDs))
	}
	return nil
}

// checkInternalAccount refuses what only a customer's own cloud account can have.
// Clients write empty values where nothing is meant.
func checkInternalAccount(p cloudProviderSpec, r regionSpec) error {
	switch n := r.Networking; {
	case n.VPCID != "":
		return cloud.Errorf("VPC_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
			"A VPC can be named only in a cloud account of your own.")
	case len(n.SubnetIDs) > 0:
		return cloud.Errorf("SUBNET_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
			"Subnets can be named only in a cloud account of your own.")
	case n.SecurityGroupID != "":
		return cloud.Errorf("SECURITY_GROUP_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
			"A security group can be named only in a cloud account of your own.")
	case len(p.ResourceTags) > 0:
		return tagsNotAllowed()
	}
	return nil
}
