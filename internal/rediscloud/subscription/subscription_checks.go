package subscription

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// Words and bounds of the requests about subscriptions.
const (
	singleRegion = "single-region"
	activeActive = "active-active"

	providerManagedKey = "cloud-provider-managed-key"
	customerManagedKey = "customer-managed-key"

	defaultCIDR = "192.168.0.0/24"
	// Ours, so that one request cannot keep its account busy for long.
	maxFirstDatabases = 100
)

// onlyLocation finds the only region of a request.
func (in subscriptionCreate) onlyLocation() (p cloudProviderSpec, r regionSpec, err error) {
	regions := 0
	for _, provider := range in.CloudProviders {
		if cmp.Or(provider.Provider, catalog.AWS) != cmp.Or(in.CloudProviders[0].Provider, catalog.AWS) {
			return p, r, cloud.Errorf("MULTIPLE_CLOUD_PROVIDERS_NOT_SUPPORTED",
				"A subscription is deployed to one cloud provider.")
		}
		for _, region := range provider.Regions {
			p, r = provider, region
			regions++
		}
	}
	if regions != 1 {
		return p, r, cloud.Errorf("SINGLE_REGION_SUBSCRIPTION_MUST_DEFINE_ONLY_ONE_REGION",
			"A subscription of a single region names one region, not %d.", regions)
	}
	return p, r, nil
}

// checkDeployment checks where a subscription is to live, its cloud account aside.
func checkDeployment(s Subscription) error {
	switch s.Provider {
	case catalog.AWS:
	case catalog.GCP:
		if s.CloudAccountID != account.InternalCloudAccount {
			return cloud.Errorf("SUBSCRIPTION_GCP_ALLOW_ONLY_INTERNAL",
				"On GCP a subscription lives in cloud account %d.", account.InternalCloudAccount)
		}
	default:
		return cloud.Errorf("NOT_KNOWN_CLOUD_PROVIDER", "There is no cloud provider %q.", s.Provider)
	}
	r, ok := catalog.RegionNamed(s.Provider, s.Region)
	if !ok {
		return cloud.Errorf("SUBSCRIPTION_INVALID_REGION_NAME", "There is no region %q of %s.", s.Region, s.Provider)
	}
	if s.CIDR == "" {
		return cloud.Errorf("NETWORKING_CIDR_MISSING", "In a cloud account of your own the deployment CIDR has to be named.")
	}
	if err := checkDeploymentCIDR(s.CIDR); err != nil {
		return err
	}
	return checkZones(s, r)
}

// checkDeploymentCIDR checks the network of a subscription or a region. Clients read
// the rule where the cloud writes it: beside the error.
func checkDeploymentCIDR(text string) error {
	prefix, err := netip.ParsePrefix(text)
	if err == nil && prefix.Addr().Is4() && prefix.Bits() == 24 && prefix == prefix.Masked() {
		return nil
	}
	failure := cloud.Errorf("BAD_REQUEST",
		"Bad request: %.80q is no deployment CIDR. The additional info says what one is.", text)
	failure.Info = "deploymentCIDR: Deployment CIDR range must be a valid CIDR format with a range of " +
		"256 IP addresses (i.e. '/24')"
	return failure
}

// checkZones checks the availability zones that were asked for. No list at all
// leaves the choice to the service.
func checkZones(s Subscription, r catalog.Region) error {
	want := zonesOf(s.MultiAZ)
	if len(r.Zones) < want {
		return cloud.Errorf("SUBSCRIPTION_REGION_DOES_NOT_SUPPORT_MULTI_AZ",
			"Region %s has too few availability zones for a deployment to several.", r.Name)
	}
	if len(s.Zones) == 0 {
		return nil
	}
	for i, zone := range s.Zones {
		if !hasZone(r, zone) {
			return cloud.Errorf("SUBSCRIPTION_PREFERRED_AZ_INVALID_VALUE",
				"Region %s has no availability zone %q.", r.Name, zone)
		}
		if slices.Contains(s.Zones[:i], zone) {
			return cloud.Errorf("SUBSCRIPTION_PREFERRED_AZ_MUST_BE_DEFINED_ONCE", "Availability zone %s is listed twice.", zone)
		}
	}
	if len(s.Zones) != want {
		return cloud.Errorf("SUBSCRIPTION_BAD_PREFERRED_AZ_SIZE",
			"This deployment takes %d availability zones, not %d.", want, len(s.Zones))
	}
	return nil
}

// hasZone knows the zones of AWS by their names as well: which zone us-east-1a
// is differs between accounts, so any letter up to f is taken.
func hasZone(r catalog.Region, zone string) bool {
	if slices.Contains(r.Zones, zone) {
		return true
	}
	letter, ok := strings.CutPrefix(zone, r.Name)
	return r.Provider == catalog.AWS && ok && len(letter) == 1 && letter >= "a" && letter <= "f"
}

// payment checks how a subscription is to be paid: by a card, which has to be named,
// or through a marketplace, where the id is 0.
func (c *service) payment(method string, id *int64) (string, int64, error) {
	switch {
	case method == marketplace && id != nil:
		return "", 0, cloud.Errorf("MARKETPLACE_PAYMENT_INFO_COLLISION",
			"Payment info is not for payment through a marketplace: leave out paymentMethodId.")
	case method == marketplace:
		return marketplace, 0, nil
	case id == nil:
		return "", 0, cloud.Errorf("PAYMENT_INFO_NOT_PROVIDED",
			"Payment info was not provided: with payment by credit card, name one in paymentMethodId.")
	case !slices.ContainsFunc(c.PaymentMethods, func(m account.PaymentMethod) bool { return m.ID == *id }):
		return "", 0, cloud.Errorf("SUBSCRIPTION_PI_NOT_FOUND",
			"Payment info was not found: GET /payment-methods lists those of the account, and %d is none of them.", *id)
	}
	return creditCard, *id, nil
}

// checkSameVersion checks that a database asks for no other version than the
// subscription it comes with. One that does not exist is found elsewhere.
func checkSameVersion(subscription, database string) error {
	if subscription == "" || database == "" {
		return nil
	}
	s, _ := catalog.ProVersion(subscription)
	d, ok := catalog.ProVersion(database)
	if ok && d.Version != s.Version {
		return cloud.Errorf("SUBSCRIPTION_REDIS_VERSION_CONFLICT",
			"The subscription asks for %s, a database of it for %s.", s, d)
	}
	return nil
}

// checkDistinct checks that databases created together do not collide.
func checkDistinct(specs []DatabaseSpec) error {
	names, ports := map[string]bool{}, map[int64]bool{}
	for _, spec := range specs {
		if names[spec.Name] {
			return cloud.Errorf("DATABASE_NAME_DUPLICATE", "Two databases are to be named %q.", spec.Name)
		}
		names[spec.Name] = true
		if spec.Port == nil {
			continue
		}
		if ports[*spec.Port] {
			return cloud.Errorf("DATABASE_CUSTOM_PORT_NOT_UNIQUE", "Two databases are to have port %d.", *spec.Port)
		}
		ports[*spec.Port] = true
	}
	return nil
}
