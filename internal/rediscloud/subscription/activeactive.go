package subscription

import (
	"cmp"
	"net/netip"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
)

// Bounds of Active-Active subscriptions. doc: create-active-active-database
const (
	maxRegions              = 10
	maxActiveActiveDatabase = 10
)

// Region is a region of an Active-Active subscription.
type Region struct {
	ID      int64    `json:"id"` // in the list of all regions
	Name    string   `json:"name"`
	Number  int64    `json:"number"` // within the subscription, from 0, never given twice: endpoints show it
	CIDR    string   `json:"cidr"`
	MultiAZ bool     `json:"multiAZ,omitempty"` // as far as the region can
	Zones   []string `json:"zones,omitempty"`   // as asked for; empty: any
}

// vpc is the network that holds the region's part of a subscription.
func (r Region) vpc(subscription int64) string {
	return "vpc-" + derive.Hex(subscription, "vpc "+r.Name, 17)
}

// ActiveActive reports whether it is in several regions.
func (s Subscription) ActiveActive() bool { return len(s.Regions) > 0 }

func (s Subscription) deploymentType() string {
	if s.ActiveActive() {
		return activeActive
	}
	return singleRegion
}

// locations are the regions that a subscription of either type lives in, one at least.
func (s Subscription) locations() []Region {
	if s.ActiveActive() {
		return s.Regions
	}
	return []Region{{Name: s.Region, CIDR: s.CIDR, MultiAZ: s.MultiAZ, Zones: s.Zones}}
}

// location finds the region of an Active-Active subscription with a name.
func (s Subscription) location(name string) (Region, bool) {
	i := slices.IndexFunc(s.Regions, func(r Region) bool { return r.Name == name })
	if i < 0 {
		return Region{}, false
	}
	return s.Regions[i], true
}

// newActiveActive checks where a subscription of several regions is to live.
func newActiveActive(in subscriptionCreate) (s Subscription, err error) {
	s = Subscription{
		MemoryStorage:  cmp.Or(in.MemoryStorage, catalog.RAM),
		Provider:       catalog.AWS,
		CloudAccountID: account.InternalCloudAccount,
		PublicAccess:   in.PublicAccess == nil || *in.PublicAccess,
		Maintenance:    Maintenance{Mode: automatic},
	}
	if s.MemoryStorage != catalog.RAM {
		return s, cloud.Errorf("ACTIVE_ACTIVE_RAM_AND_FLASH_MEMORY_STORAGE_NOT_SUPPORTED",
			"An Active-Active subscription keeps its data in RAM only.")
	}
	for i, provider := range in.CloudProviders {
		name := cmp.Or(provider.Provider, catalog.AWS)
		switch {
		case name != catalog.AWS && name != catalog.GCP:
			return s, cloud.Errorf("NOT_KNOWN_CLOUD_PROVIDER", "There is no cloud provider %q.", name)
		case i > 0 && name != s.Provider:
			return s, cloud.Errorf("MULTIPLE_CLOUD_PROVIDERS_NOT_SUPPORTED", "A subscription is deployed to one cloud provider.")
		case i > 0 && provider.account() != in.CloudProviders[0].account():
			return s, cloud.Errorf("ACTIVE_ACTIVE_MULTIPLE_CLOUD_ACCOUNTS_NOT_SUPPORTED",
				"An Active-Active subscription lives in one cloud account.")
		case provider.account() != account.InternalCloudAccount && name == catalog.GCP:
			return s, cloud.Errorf("ACTIVE_ACTIVE_GCP_EXTERNAL_CLOUD_ACCOUNT_NOT_SUPPORTED",
				"On GCP a subscription lives in cloud account %d.", account.InternalCloudAccount)
		case provider.account() != account.InternalCloudAccount:
			return s, cloud.Errorf("ACTIVE_ACTIVE_EXTERNAL_ACCOUNTS_NOT_SUPPORTED",
				"An Active-Active subscription lives in cloud account %d.", account.InternalCloudAccount)
		}
		s.Provider = name
		for _, where := range provider.Regions {
			if err := checkInternalAccount(provider, where); err != nil {
				return s, err
			}
			if s, err = withRegion(s, where, "SUBSCRIPTION_INVALID_REGION_NAME"); err != nil {
				return s, err
			}
		}
	}
	if !s.ActiveActive() {
		return s, cloud.Errorf("ACTIVE_ACTIVE_SUBSCRIPTION_WITHOUT_REGIONS_IS_NOT_ALLOWED",
			"An Active-Active subscription names its regions.")
	}
	return s, s.checkFirstThroughput(in.Databases)
}

// checkFirstThroughput checks that throughput is asked for only in regions that
// the subscription is to have.
func (s Subscription) checkFirstThroughput(databases []firstDatabase) error {
	for _, first := range databases {
		for _, t := range first.LocalThroughput {
			if _, ok := s.location(t.Region); !ok {
				return cloud.Errorf("MISSING_REGIONS_BETWEEN_CLOUD_PROVIDERS_AND_DATABASES_LOCAL_THROUGHPUT_MEASUREMENTS",
					"Database %s names throughput in %q, where the subscription is not.", first.Name, t.Region)
			}
		}
	}
	return nil
}

// withRegion is the subscription with one more region. unknown is the code for a
// region that there is not.
func withRegion(s Subscription, where regionSpec, unknown cloud.Code) (Subscription, error) {
	r, ok := catalog.RegionNamed(s.Provider, where.Region)
	if !ok {
		return s, cloud.Errorf(unknown, "There is no region %q of %s.", where.Region, s.Provider)
	}
	if _, twice := s.location(r.Name); twice {
		return s, cloud.Errorf("ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE", "Region %s is there twice.", r.Name)
	}
	if len(s.Regions) == maxRegions {
		return s, cloud.Errorf("ACTIVE_ACTIVE_REGION_LIMIT_REACHED",
			"An Active-Active subscription has a quota of %d regions.", maxRegions)
	}
	region := Region{
		ID: r.ID, Name: r.Name, CIDR: where.Networking.DeploymentCIDR, MultiAZ: len(r.Zones) >= zonesOf(true),
		Zones: where.Zones,
	}
	if err := s.checkCIDR(region.CIDR); err != nil {
		return s, err
	}
	if err := checkZones(Subscription{MultiAZ: region.MultiAZ, Zones: region.Zones}, r); err != nil {
		return s, err
	}
	for _, other := range s.Regions {
		region.Number = max(region.Number, other.Number+1)
	}
	s.Regions = append(slices.Clone(s.Regions), region)
	// Clients rely on the order.
	slices.SortFunc(s.Regions, func(a, b Region) int { return cmp.Compare(a.Name, b.Name) })
	return s, nil
}

// checkCIDR checks the network of a region to be added: regions talk to each other.
func (s Subscription) checkCIDR(cidr string) error {
	if cidr == "" {
		return cloud.Errorf("NETWORKING_CIDR_MISSING",
			"Every region of an Active-Active subscription names its deployment CIDR.")
	}
	if err := checkDeploymentCIDR(cidr); err != nil {
		return err
	}
	for _, other := range s.Regions {
		if netip.MustParsePrefix(cidr).Overlaps(netip.MustParsePrefix(other.CIDR)) {
			return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_INVALID_CIDR_OVERLAPPING_OTHER_REGIONS",
				"The deployment CIDR %s is that of region %s already.", cidr, other.Name)
		}
	}
	return nil
}
