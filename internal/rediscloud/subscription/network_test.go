package subscription

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestOwnNetworkRules(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		network OwnNetwork
		zones   int
		want    cloud.Code
	}{
		{OwnNetwork{}, 1, ""},
		{OwnNetwork{VPCID: "vpc-1"}, 3, ""},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, "sg-1"}, 1, ""},
		{OwnNetwork{"", []string{"subnet-1"}, "sg-1"}, 1, "NETWORKING_VPC_ID_MISSING"},
		{OwnNetwork{"", nil, "sg-1"}, 1, "NETWORKING_VPC_ID_MISSING"},
		{OwnNetwork{"vpc-1", nil, "sg-1"}, 1, "NETWORKING_SUBNET_IDS_MISSING"},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, ""}, 1, "NETWORKING_SECURITY_GROUP_MISSING"},
		{OwnNetwork{"vpc-1", []string{"subnet-1"}, "sg-1"}, 3, "INVALID_NUMBER_OF_SUBNET_IDS"},
	} {
		if got := cloudtest.CodeOf(t, tt.network.check(tt.zones)); got != tt.want {
			t.Errorf("%+v in %d zones: got code %q, want %q", tt.network, tt.zones, got, tt.want)
		}
	}
}
