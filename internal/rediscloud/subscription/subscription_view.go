package subscription

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// subscriptionView is a subscription as a client sees it.
type subscriptionView struct {
	ID                   int64         `json:"id"`
	Name                 string        `json:"name"`
	Status               cloud.Status  `json:"status"`
	DeploymentType       string        `json:"deploymentType"`
	PaymentMethodID      int64         `json:"paymentMethodId,omitempty"`
	PaymentMethodType    string        `json:"paymentMethodType"`
	MemoryStorage        string        `json:"memoryStorage"`
	StorageEncryption    bool          `json:"storageEncryption"`
	NumberOfDatabases    int           `json:"numberOfDatabases"`
	Pricing              []PricingItem `json:"subscriptionPricing"`
	CloudDetails         []cloudDetail `json:"cloudDetails"`
	PublicEndpointAccess bool          `json:"publicEndpointAccess"`
	EncryptionType       string        `json:"persistentStorageEncryptionType"`
	DeletionGracePeriod  string        `json:"deletionGracePeriod,omitempty"`
	KeyAccess            *keyAccess    `json:"customerManagedKeyAccessDetails,omitempty"`
	PrometheusEndpoint   string        `json:"prometheusEndpoint,omitempty"`
	Error                *wire.Failure `json:"error,omitempty"`
	wire.Linked
}

type cloudDetail struct {
	Provider       string        `json:"provider"`
	CloudAccountID int64         `json:"cloudAccountId"`
	AWSAccountID   string        `json:"awsAccountId,omitempty"`
	TotalSizeInGB  float64       `json:"totalSizeInGb"`
	Regions        []cloudRegion `json:"regions"`
	ResourceTags   []ResourceTag `json:"resourceTags,omitempty"`
	Links          []wire.Link   `json:"links"`
}

type cloudRegion struct {
	Region     string       `json:"region"`
	Networking []networking `json:"networking"`
	Zones      []string     `json:"preferredAvailabilityZones"`
	MultiAZ    bool         `json:"multipleAvailabilityZones"`
}

type networking struct {
	DeploymentCIDR string `json:"deploymentCIDR"`
	VPCID          string `json:"vpcId,omitempty"` // with Active-Active, and in a cloud account of the customer's own
	SubnetID       string `json:"subnetId,omitempty"`
}

// BeingCreated reports whether a subscription is not there yet: until it is active for
// the first time it has neither location, databases nor price for its clients.
func BeingCreated(sub cloud.Resource[Subscription]) bool {
	return sub.Status == cloud.StatusPending && sub.ActivatedAt == nil
}

// standing is how many databases of a subscription count and cost, by what they are.
type standing []store.Tally[Database]

// standingIn is Standing for databases that are not shown themselves.
func standingIn(sub cloud.Resource[Subscription], databases standing) standing {
	if BeingCreated(sub) {
		return nil
	}
	return databases
}

func (s standing) count() (n int) {
	for _, alike := range s {
		n += int(alike.N)
	}
	return n
}

func (s standing) memoryGB() (size float64) {
	for _, alike := range s {
		size += float64(alike.N) * alike.Body.memoryGB()
	}
	return size
}

// Standing are those of a subscription's databases that count and cost: not one that
// is being deleted, which clients do not wait for.
func Standing(
	sub cloud.Resource[Subscription], databases []cloud.Resource[Database],
) (list []cloud.Resource[Database]) {
	if BeingCreated(sub) {
		return nil
	}
	for _, db := range databases {
		if db.Status != cloud.StatusDeleting {
			list = append(list, db)
		}
	}
	return list
}

// show makes the view of a subscription with what counts of its databases.
func show(sub cloud.Resource[Subscription], counted standing) *subscriptionView {
	s, databases := sub.Body, standingIn(sub, counted)
	view := &subscriptionView{
		ID:                   sub.ID,
		Name:                 sub.Name,
		Status:               sub.Status,
		DeploymentType:       s.deploymentType(),
		PaymentMethodID:      s.PaymentMethodID,
		PaymentMethodType:    s.PaymentMethod,
		MemoryStorage:        s.MemoryStorage,
		NumberOfDatabases:    databases.count(),
		Pricing:              priceInSum(sub, databases),
		PublicEndpointAccess: s.PublicAccess,
		EncryptionType:       providerManagedKey,
		CloudDetails:         []cloudDetail{},
		Error:                wire.FailureOf(sub.Error),
	}
	if !BeingCreated(sub) {
		view.CloudDetails = append(view.CloudDetails, showCloudDetail(sub, databases))
	}
	if s.Encryption != nil {
		view.EncryptionType = customerManagedKey
		view.DeletionGracePeriod = s.Encryption.GracePeriod
		view.KeyAccess = s.keyAccess(sub.ID)
	}
	if sub.ActivatedAt != nil && !s.ActiveActive() {
		view.PrometheusEndpoint = fmt.Sprintf("internal.%s:8070", clusterDomain(sub.ID, s.Provider, s.Region, s.MultiAZ))
	}
	return view
}

// showCloudDetail is where a subscription is. Subnets appear once it has been active.
func showCloudDetail(sub cloud.Resource[Subscription], databases standing) cloudDetail {
	s := sub.Body
	detail := cloudDetail{
		Provider: s.Provider, CloudAccountID: s.CloudAccountID, TotalSizeInGB: databases.memoryGB(),
		ResourceTags: s.ResourceTags, Links: wire.NoLinks(),
	}
	if s.Provider == catalog.AWS {
		detail.AWSAccountID = s.AWSAccountID()
	}
	for _, region := range s.locations() {
		detail.Regions = append(detail.Regions, cloudRegion{
			Region:     region.Name,
			Networking: networks(sub, region),
			Zones:      zones(sub, region),
			MultiAZ:    region.MultiAZ,
		})
	}
	return detail
}

// zones are the availability zones of a subscription in a region: those asked for,
// or some of the region.
func zones(sub cloud.Resource[Subscription], region Region) []string {
	if len(region.Zones) > 0 {
		return region.Zones
	}
	r, _ := catalog.RegionNamed(sub.Body.Provider, region.Name)
	zones := []string{}
	for i := range min(zonesOf(region.MultiAZ), len(r.Zones)) {
		zones = append(zones, r.Zones[(int(sub.ID)+i)%len(r.Zones)])
	}
	return zones
}

// zonesOf is how many availability zones a subscription spans.
func zonesOf(multiAZ bool) int {
	if multiAZ {
		return 3
	}
	return 1
}

// networks are the subnets of a subscription in a region: its CIDR, or with several
// zones the first quarters of it, one for each. Active-Active has one for all.
func networks(sub cloud.Resource[Subscription], region Region) []networking {
	var list []networking
	subnets := zonesOf(region.MultiAZ && !sub.Body.ActiveActive())
	for i := range subnets {
		n := networking{DeploymentCIDR: region.CIDR, VPCID: sub.Body.Network.VPCID}
		if subnets > 1 {
			n.DeploymentCIDR = subnet(region.CIDR, i)
		}
		name := fmt.Sprint("subnet", i)
		if sub.Body.ActiveActive() {
			n.VPCID = region.vpc(sub.ID)
			name += " " + region.Name
		}
		if sub.ActivatedAt != nil {
			n.SubnetID = "subnet-" + derive.Hex(sub.ID, name, 17)
		}
		if i < len(sub.Body.Network.SubnetIDs) {
			n.SubnetID = sub.Body.Network.SubnetIDs[i]
		}
		list = append(list, n)
	}
	return list
}

// subnet is the nth /26 of a /24.
func subnet(cidr string, n int) string {
	base := netip.MustParsePrefix(cidr).Addr().As4()
	base[3] += byte(n * 64)
	return netip.PrefixFrom(netip.AddrFrom4(base), 26).String()
}

// withDatabases reads a subscription and its databases: those first, since none may be
// among them that the subscription is not pending for.
func withDatabases(
	ctx context.Context, tx *store.Tx, id int64,
) (cloud.Resource[Subscription], []cloud.Resource[Database], error) {
	databases, err := store.List[Database](ctx, tx, id)
	if err != nil {
		return cloud.Resource[Subscription]{}, nil, err
	}
	sub, err := ReadSubscription(ctx, tx, id)
	return sub, databases, err
}

// What is read of databases is read before their subscription, as in withDatabases.
func getProSubscription(ctx context.Context, tx *store.Tx, in Path) (*subscriptionView, error) {
	databases, err := store.TalliesOf[Database](ctx, tx, Subscription{}.Kind().Name, in.ID)
	if err != nil {
		return nil, err
	}
	sub, err := ReadSubscription(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	return show(sub, databases), nil
}

type subscriptionList struct {
	AccountID     int64               `json:"accountId"`
	Subscriptions []*subscriptionView `json:"subscriptions"`
	wire.Linked
}

func listProSubscriptions(ctx context.Context, tx *store.Tx, _ struct{}) (*subscriptionList, error) {
	below, err := store.Tallies[Database](ctx, tx, Subscription{}.Kind().Name) // first, as in withDatabases
	if err != nil {
		return nil, err
	}
	subs, err := store.All[Subscription](ctx, tx)
	if err != nil {
		return nil, err
	}
	out := &subscriptionList{AccountID: tx.Caller.Account, Subscriptions: []*subscriptionView{}}
	for _, sub := range subs {
		view := show(sub, below[sub.ID])
		view.Links = wire.NoLinks()
		out.Subscriptions = append(out.Subscriptions, view)
	}
	return out, nil
}
