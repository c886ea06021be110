package subscription

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestKeyRules(t *testing.T) {
	t.Parallel()
	several, one := twoRegions(t), inRAM()
	fresh, known := Encryption{}, Encryption{GracePeriod: "immediate", Keys: []EncryptionKey{{Name: "old"}}}

	for _, tt := range []struct {
		sub  Subscription
		has  Encryption
		spec string
		want cloud.Code
	}{
		{one, fresh, `{"deletionGracePeriod": "immediate", "customerManagedKeys": [{"resourceName": "projects/p/key"}]}`, ""},
		{
			one, fresh, `{"customerManagedKeys": [{"resourceName": "key"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_DELETION_GRACE_PERIOD_REQUIRED",
		},
		{one, known, `{"customerManagedKeys": [{"resourceName": "key"}]}`, ""},
		{one, known, `{"customerManagedKeys": []}`, "CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_MISSING_KEYS"},
		{
			one, known, `{"customerManagedKeys": [{"resourceName": ""}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_FORMAT",
		},
		{
			one, known, `{"customerManagedKeys": [{"resourceName": "a key"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_FORMAT",
		},
		{
			one, known, `{"customerManagedKeys": [{"resourceName": "key", "region": "eu-west-1"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REGION_NOT_REQUIRED",
		},
		{
			one, known, `{"customerManagedKeys": [{"resourceName": "key"}, {"resourceName": "two"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_NUMBER_OF_KEYS",
		},
		{
			several, known,
			`{"customerManagedKeys": [{"resourceName": "a", "region": "us-east-1"}, ` +
				`{"resourceName": "b", "region": "us-east-2"}]}`,
			"",
		},
		{
			several, known, `{"customerManagedKeys": [{"resourceName": "a", "region": "us-east-1"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_NUMBER_OF_KEYS",
		},
		{
			several, known, `{"customerManagedKeys": [{"resourceName": "a"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REGION_REQUIRED",
		},
		{
			several, known, `{"customerManagedKeys": [{"resourceName": "a", "region": "eu-west-1"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_REGION",
		},
		{
			several, known,
			`{"customerManagedKeys": [{"resourceName": "a", "region": "us-east-1"}, ` +
				`{"resourceName": "b", "region": "us-east-1"}]}`,
			"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_DUPLICATE_REGIONS",
		},
	} {
		_, err := tt.sub.withKeys(&tt.has, cloudtest.FromJSON[keysSpec](t, tt.spec))
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.spec, got, err, tt.want)
		}
	}
	external := one
	external.CloudAccountID = 40_000
	in := asked(t, `{"persistentStorageEncryptionType": "customer-managed-key"}`)
	const want = "CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_REQUIRED_FOR_EXTERNAL_CLOUD_ACCOUNT"
	if _, err := in.encryption(external); cloudtest.CodeOf(t, err) != want {
		t.Errorf("a cloud account of one's own without keys: got %v, want %s", err, want)
	}
	in.EncryptionKeys = &keysSpec{GracePeriod: "immediate", Keys: []EncryptionKey{{Name: "key"}}}
	if e, err := in.encryption(external); err != nil || e.waits() {
		t.Errorf("a cloud account of one's own with keys: got %+v, %v, want no wait", e, err)
	}
}
