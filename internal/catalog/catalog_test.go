package catalog

import (
	"testing"
)

func newCatalog(tb testing.TB) *Catalog {
	tb.Helper()
	c, err := New(Setup{})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestDataFiles(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)

	for _, r := range c.regions {
		if len(r.Zones) == 0 || r.TimeZone == "" || r.Provider != aws && r.Provider != gcp {
			t.Errorf("region %+v is not complete", r)
		}
	}
	ids, names := map[int64]bool{}, map[string]bool{}
	for _, r := range c.regions {
		if ids[r.ID] || names[r.Provider+r.Name] {
			t.Errorf("region %d %s is there twice", r.ID, r.Name)
		}
		ids[r.ID], names[r.Provider+r.Name] = true, true
	}
	for _, place := range [][2]string{{aws, "eu-west-1"}, {aws, "us-east-1"}, {aws, "us-east-2"}, {gcp, "europe-west1"}, {gcp, "us-west1"}, {gcp, "us-west2"}} {
		if _, ok := c.region(place[0], place[1]); !ok {
			t.Errorf("no region %s, which clients look for", place)
		}
	}
	for _, name := range []string{"RedisBloom", "RediSearch", "RedisJSON", "RedisTimeSeries"} {
		if _, ok := c.module(name); !ok {
			t.Errorf("no module %s, which clients look for", name)
		}
	}
	if len(c.cloudAccounts) == 0 || c.cloudAccounts[0].ID != internalCloudAccount {
		t.Errorf("the first cloud account is not the internal one: %+v", c.cloudAccounts)
	}
	for _, r := range c.defaultRules {
		if err := checkPattern(r.ACL); err != nil {
			t.Errorf("default rule %s: %v", r.Name, err)
		}
	}
	if card := c.paymentMethods[0]; card.Type != "Visa" || card.CreditCardEndsWith != 5556 {
		t.Errorf("the first card is %+v, clients look for the Visa card ending 5556", card)
	}
}
