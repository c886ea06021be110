package subscription

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// asked is a request that is in order but for the JSON members given.
func asked(tb testing.TB, members string) subscriptionCreate {
	tb.Helper()
	card := int64(24681)
	in := subscriptionCreate{
		PaymentMethodID: &card,
		CloudProviders:  []cloudProviderSpec{{Regions: []regionSpec{{Region: "eu-west-1"}}}},
		Databases:       []firstDatabase{{DatabaseSpec: DatabaseSpec{Name: "cache"}}},
	}
	if err := json.Unmarshal([]byte(members), &in); err != nil {
		tb.Fatalf("%s: %v", members, err)
	}
	return in
}

func TestSubscriptionRules(t *testing.T) {
	t.Parallel()
	c := newService(t)

	for _, tt := range []struct {
		members string
		want    cloud.Code
	}{
		{`{}`, ""},
		{`{"deploymentType": "single-region", "persistentStorageEncryptionType": "cloud-provider-managed-key"}`, ""},
		{`{"deploymentType": "active-active"}`, "NETWORKING_CIDR_MISSING"},
		{`{"persistentStorageEncryptionType": "customer-managed-key"}`, ""},
		{
			`{"persistentStorageEncryptionKeys": {"customerManagedKeys": []}}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_CLOUD_PROVIDER_MANAGED_KEY",
		},
		{
			`{"persistentStorageEncryptionType": "customer-managed-key", ` +
				`"persistentStorageEncryptionKeys": {"customerManagedKeys": []}}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		},

		{`{"cloudProviders": []}`, "SINGLE_REGION_SUBSCRIPTION_MUST_DEFINE_ONLY_ONE_REGION"},
		{`{"cloudProviders": [{"regions": []}]}`, "SINGLE_REGION_SUBSCRIPTION_MUST_DEFINE_ONLY_ONE_REGION"},
		{
			`{"cloudProviders": [{"regions": [{"region": "eu-west-1"}, {"region": "us-east-1"}]}]}`,
			"SINGLE_REGION_SUBSCRIPTION_MUST_DEFINE_ONLY_ONE_REGION",
		},
		{
			`{"cloudProviders": [{"regions": [{"region": "eu-west-1"}]}, {"provider": "AWS", ` +
				`"regions": [{"region": "us-east-1"}]}]}`,
			"SINGLE_REGION_SUBSCRIPTION_MUST_DEFINE_ONLY_ONE_REGION",
		},
		{
			`{"cloudProviders": [{"regions": [{"region": "eu-west-1"}]}, ` +
				`{"provider": "GCP", "regions": [{"region": "us-west1"}]}]}`,
			"MULTIPLE_CLOUD_PROVIDERS_NOT_SUPPORTED",
		},
		{`{"cloudProviders": [{"provider": "OCI", "regions": [{"region": "eu-west-1"}]}]}`, "NOT_KNOWN_CLOUD_PROVIDER"},
		{`{"cloudProviders": [{"provider": "GCP", "regions": [{"region": "us-west1"}]}]}`, ""},
		{
			`{"cloudProviders": [{"provider": "GCP", "regions": [{"region": "eu-west-1"}]}]}`,
			"SUBSCRIPTION_INVALID_REGION_NAME",
		},
		{
			`{"cloudProviders": [{"provider": "GCP", "cloudAccountId": 2, "regions": [{"region": "us-west1"}]}]}`,
			"SUBSCRIPTION_GCP_ALLOW_ONLY_INTERNAL",
		},
		{`{"cloudProviders": [{"cloudAccountId": 2, "regions": [{"region": "eu-west-1"}]}]}`, "NETWORKING_CIDR_MISSING"},
		{
			`{"cloudProviders": [{"cloudAccountId": 2, "resourceTags": [{"key": "a"}], "regions": [{"region": "eu-west-1", ` +
				`"networking": {"deploymentCIDR": "10.0.0.0/24"}}]}]}`,
			"RESOURCE_TAGS_MISSING_VALUE",
		},
		{
			`{"cloudProviders": [{"cloudAccountId": 2, "resourceTags": [{"key": "a", "value": ""}], ` +
				`"regions": [{"region": "eu-west-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}]}`,
			"",
		},
		{`{"cloudProviders": [{"cloudAccountId": 1, "regions": [{"region": "eu-west-1"}]}]}`, ""},
		{`{"cloudProviders": [{"regions": [{"region": "atlantis"}]}]}`, "SUBSCRIPTION_INVALID_REGION_NAME"},
		{
			`{"cloudProviders": [{"resourceTags": [{"key": "a", "value": "b"}], "regions": [{"region": "eu-west-1"}]}]}`,
			"RESOURCE_TAGS_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		},

		{`{"paymentMethod": "credit-card", "paymentMethodId": 24681}`, ""},
		{`{"paymentMethod": "credit-card", "paymentMethodId": null}`, "PAYMENT_INFO_NOT_PROVIDED"},
		{`{"paymentMethodId": 1}`, "SUBSCRIPTION_PI_NOT_FOUND"},
		{`{"paymentMethod": "marketplace", "paymentMethodId": null}`, ""},
		{`{"paymentMethod": "marketplace", "paymentMethodId": 24681}`, "MARKETPLACE_PAYMENT_INFO_COLLISION"},

		{`{"redisVersion": "7.4"}`, ""},
		{`{"redisVersion": "latest"}`, ""},
		{`{"redisVersion": "8.0"}`, "SUBSCRIPTION_REDIS_VERSION_INVALID_VALUE"},
		{`{"redisVersion": "nine"}`, "SUBSCRIPTION_REDIS_VERSION_INVALID_VALUE"},
	} {
		_, err := c.newSubscription(asked(t, tt.members))
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.members, got, tt.want)
		}
	}
}

func TestRegionRules(t *testing.T) {
	t.Parallel()
	c := newService(t)

	for _, tt := range []struct {
		region string
		want   cloud.Code
	}{
		{`{"region": "eu-west-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}`, ""},
		{`{"region": "eu-west-1", "networking": {"deploymentCIDR": "", "vpcId": ""}}`, ""},
		{`{"region": "eu-west-1", "networking": {"deploymentCIDR": "10.0.0.0/16"}}`, "BAD_REQUEST"},
		{`{"region": "eu-west-1", "networking": {"deploymentCIDR": "10.0.0.7/24"}}`, "BAD_REQUEST"},
		{`{"region": "eu-west-1", "networking": {"deploymentCIDR": "10.0.0.0"}}`, "BAD_REQUEST"},
		{`{"region": "eu-west-1", "networking": {"vpcId": "vpc-1"}}`, "VPC_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT"},
		{
			`{"region": "eu-west-1", "networking": {"subnetIds": ["subnet-1"]}}`,
			"SUBNET_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		},
		{
			`{"region": "eu-west-1", "networking": {"securityGroupId": "sg-1"}}`,
			"SECURITY_GROUP_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		},

		{`{"region": "eu-west-1", "preferredAvailabilityZones": []}`, ""},
		{`{"region": "eu-west-1", "preferredAvailabilityZones": ["euw1-az2"]}`, ""},
		{`{"region": "eu-west-1", "preferredAvailabilityZones": ["eu-west-1a"]}`, ""},
		{`{"region": "eu-west-1", "preferredAvailabilityZones": ["eu-west-2a"]}`, "SUBSCRIPTION_PREFERRED_AZ_INVALID_VALUE"},
		{`{"region": "eu-west-1", "preferredAvailabilityZones": ["eu-west-1"]}`, "SUBSCRIPTION_PREFERRED_AZ_INVALID_VALUE"},
		{
			`{"region": "eu-west-1", "preferredAvailabilityZones": ["euw1-az1", "euw1-az2"]}`,
			"SUBSCRIPTION_BAD_PREFERRED_AZ_SIZE",
		},
		{
			`{"region": "eu-west-1", "preferredAvailabilityZones": ["euw1-az1", "euw1-az1"]}`,
			"SUBSCRIPTION_PREFERRED_AZ_MUST_BE_DEFINED_ONCE",
		},
		{`{"region": "eu-west-1", "multipleAvailabilityZones": true}`, ""},
		{
			`{"region": "eu-west-1", "multipleAvailabilityZones": true, ` +
				`"preferredAvailabilityZones": ["euw1-az1", "euw1-az2", "euw1-az3"]}`,
			"",
		},
		{
			`{"region": "eu-west-1", "multipleAvailabilityZones": true, "preferredAvailabilityZones": ["euw1-az1"]}`,
			"SUBSCRIPTION_BAD_PREFERRED_AZ_SIZE",
		},
		{`{"region": "us-west-1", "multipleAvailabilityZones": true}`, "SUBSCRIPTION_REGION_DOES_NOT_SUPPORT_MULTI_AZ"},
	} {
		_, err := c.newSubscription(asked(t, `{"cloudProviders": [{"regions": [`+tt.region+`]}]}`))
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.region, got, tt.want)
		}
	}
}

func TestSubscriptionDefaults(t *testing.T) {
	t.Parallel()
	got, err := newService(t).newSubscription(asked(t, `{}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Subscription{
		PaymentMethod: creditCard, PaymentMethodID: 24681, MemoryStorage: catalog.RAM, Provider: catalog.AWS,
		CloudAccountID: 1,
		Region:         "eu-west-1", CIDR: "192.168.0.0/24", PublicAccess: true, Maintenance: Maintenance{Mode: automatic},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscription (-want +got):\n%s", diff)
	}
}

func TestFirstDatabases(t *testing.T) {
	t.Parallel()

	for _, tt := range []struct {
		members string
		names   []string
		want    cloud.Code
	}{
		{`{"databases": [{"name": "a"}, {"name": "b", "quantity": 1}]}`, []string{"a", "b"}, ""},
		{`{"databases": [{"name": "a", "quantity": 3}]}`, []string{"a-1", "a-2", "a-3"}, ""},
		{`{"databases": []}`, nil, "SUBSCRIPTION_MUST_HAVE_AT_LEAST_ONE_DATABASE"},
		{`{"databases": [{"name": "a", "quantity": 0}]}`, nil, "DATABASE_INVALID_QUANTITY"},
		{`{"databases": [{"name": "a", "quantity": 2147483647}]}`, nil, "DATABASE_INVALID_QUANTITY"},
		{`{"databases": [{"name": "a", "quantity": 60}, {"name": "b", "quantity": 41}]}`, nil, "DATABASE_INVALID_QUANTITY"},
		{
			`{"deploymentType": "active-active", "databases": [{"name": "a", "quantity": 6}, {"name": "b", "quantity": 5}]}`,
			nil, "ACTIVE_ACTIVE_DATABASE_LIMIT_EXCEEDED",
		},
		{`{"databases": [{"name": "a"}, {"name": "a"}]}`, nil, "DATABASE_NAME_DUPLICATE"},
		{`{"databases": [{"name": "a", "quantity": 2}, {"name": "a-2"}]}`, nil, "DATABASE_NAME_DUPLICATE"},
		{
			`{"databases": [{"name": "a", "port": 12000}, {"name": "b", "port": 12000}]}`, nil,
			"DATABASE_CUSTOM_PORT_NOT_UNIQUE",
		},
		{`{"redisVersion": "8.6", "databases": [{"name": "a", "redisVersion": "8.6"}]}`, []string{"a"}, ""},
		{`{"redisVersion": "latest", "databases": [{"name": "a", "redisVersion": "8.6"}]}`, []string{"a"}, ""},
		{
			`{"redisVersion": "8.2", "databases": [{"name": "a", "redisVersion": "7.4"}]}`, nil,
			"SUBSCRIPTION_REDIS_VERSION_CONFLICT",
		},
	} {
		in := asked(t, `{}`)
		in.Databases = nil
		if err := json.Unmarshal([]byte(tt.members), &in); err != nil {
			t.Fatal(err)
		}
		specs, err := firstDatabases(in)
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.members, got, tt.want)
			continue
		}
		if err != nil {
			continue
		}
		var names []string
		for _, spec := range specs {
			names = append(names, spec.Name)
		}
		if diff := cmp.Diff(tt.names, names); diff != "" {
			t.Errorf("%s: names (-want +got):\n%s", tt.members, diff)
		}
	}
}

func TestShowSubscription(t *testing.T) {
	t.Parallel()
	c := newService(t)
	body, err := c.newSubscription(asked(t, `{}`))
	if err != nil {
		t.Fatal(err)
	}
	sub := cloud.Resource[Subscription]{ID: 100_001, Name: "orders", Status: cloud.StatusPending, Body: body}

	view := show(sub, nil)
	if len(view.CloudDetails) > 0 || view.PrometheusEndpoint != "" {
		t.Errorf("got %+v, want no place before it is active", view)
	}

	sub.Status = statusKeyPending
	view = show(sub, nil)
	place := view.CloudDetails[0].Regions[0]
	if len(place.Zones) != 1 || len(place.Networking) != 1 || place.Networking[0].DeploymentCIDR != "192.168.0.0/24" {
		t.Errorf("got %+v, want one zone and the network that was asked for", place)
	}
	if place.Networking[0].SubnetID != "" || view.PrometheusEndpoint != "" {
		t.Errorf("got %+v, want a place without subnet or endpoint while it waits for keys", view)
	}
	if len(view.CloudDetails[0].AWSAccountID) != 12 {
		t.Errorf("got AWS account %q, want 12 digits", view.CloudDetails[0].AWSAccountID)
	}

	active := time.Unix(0, 0)
	sub.ActivatedAt, sub.Status, sub.Body.MultiAZ = &active, cloud.StatusActive, true
	place = show(sub, nil).CloudDetails[0].Regions[0]
	subnets := map[string]bool{}
	var cidrs []string
	for _, n := range place.Networking {
		subnets[n.SubnetID] = true
		cidrs = append(cidrs, n.DeploymentCIDR)
	}
	if len(place.Zones) != 3 || len(subnets) != 3 || subnets[""] {
		t.Errorf("got %+v, want three zones and three subnets", place)
	}
	if diff := cmp.Diff([]string{"192.168.0.0/26", "192.168.0.64/26", "192.168.0.128/26"}, cidrs); diff != "" {
		t.Errorf("networks (-want +got):\n%s", diff)
	}

	sub.Body.Provider, sub.Body.Region = catalog.GCP, "us-west1"
	if got := show(sub, nil).CloudDetails[0].AWSAccountID; got != "" {
		t.Errorf("got AWS account %q on GCP", got)
	}
}

func TestChangePayment(t *testing.T) {
	t.Parallel()
	c := newService(t)

	card := c.PaymentMethods[0].ID
	unknown := int64(1)
	byCard, byMarketplace := creditCard, marketplace
	for _, tt := range []struct {
		name       string
		before     Subscription
		method     *string
		id         *int64
		want       cloud.Code
		wantMethod string
		wantID     int64
	}{
		{"nothing", Subscription{PaymentMethod: creditCard, PaymentMethodID: 7}, nil, nil, "", creditCard, 7},
		{"same method", Subscription{PaymentMethod: creditCard, PaymentMethodID: 7}, &byCard, nil, "", creditCard, 7},
		{"another card", Subscription{PaymentMethod: creditCard, PaymentMethodID: 7}, nil, &card, "", creditCard, card},
		{"unknown card", Subscription{PaymentMethod: creditCard}, nil, &unknown, "SUBSCRIPTION_PI_NOT_FOUND", "", 0},
		{
			"to marketplace",
			Subscription{PaymentMethod: creditCard, PaymentMethodID: 7},
			&byMarketplace, nil, "", marketplace,
			0,
		},
		{
			"marketplace with card",
			Subscription{PaymentMethod: marketplace},
			nil, &card, "MARKETPLACE_PAYMENT_INFO_COLLISION", "",
			0,
		},
		{"from marketplace", Subscription{PaymentMethod: marketplace}, &byCard, &card, "", creditCard, card},
		{
			"from marketplace to no card",
			Subscription{PaymentMethod: marketplace},
			&byCard, nil, "PAYMENT_INFO_NOT_PROVIDED", "",
			0,
		},
	} {
		s := tt.before
		if got := cloudtest.CodeOf(t, c.changePayment(&s, tt.method, tt.id)); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.name, got, tt.want)
		}
		if tt.want == "" && (s.PaymentMethod != tt.wantMethod || s.PaymentMethodID != tt.wantID) {
			t.Errorf("%s: got %s %d, want %s %d", tt.name, s.PaymentMethod, s.PaymentMethodID, tt.wantMethod, tt.wantID)
		}
	}
}
