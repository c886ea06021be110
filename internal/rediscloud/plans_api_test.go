package rediscloud_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestPlanReads(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	all := func(path string) []any {
		list, _ := a.Do(http.MethodGet, path, nil).Get("plans").([]any)
		return list
	}
	everything := len(all("/v1/fixed/plans"))
	if n := len(all("/v1/fixed/plans?redisFlex=false")); n != everything || n < 100 {
		t.Errorf("%d plans without Flex, %d in the list", n, everything)
	}
	for _, p := range all("/v1/fixed/plans?redisFlex=true") {
		if p := p.(map[string]any); p["redisFlex"] != true {
			t.Errorf("plan %v is none of Flex", p["id"])
		}
	}
	parts := 0
	for _, provider := range []string{"AWS", "GCP", "AZURE"} {
		plans := all("/v1/fixed/plans?provider=" + provider)
		parts += len(plans)
		if len(plans) == 0 {
			t.Errorf("no plans of %s", provider)
		}
	}
	if parts != everything {
		t.Errorf("%d plans of three providers, %d in all", parts, everything)
	}
	wantMembers(t, "plan", a.Do(http.MethodGet, fmt.Sprintf("/v1/fixed/plans/%d", azurePlan), nil), map[string]any{
		"provider": "Azure", "connections": "1024", "supportReplication": true, "datasetSize": 0.5,
		"customerSupport": "Standard",
	})
	for path, want := range map[string]int{
		"/v1/fixed/plans/1": 404, "/v1/fixed/plans?provider=Azure": 400, "/v1/fixed/plans/subscriptions/1": 404,
		"/v1/fixed/redis-versions": 400, "/v1/fixed/redis-versions?subscriptionId=1": 404,
	} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != want {
			t.Errorf("GET %s: got %d, want %d", path, got.Status, want)
		}
	}
	sub := essentials(a, smallPlan)
	id := sub[len(fixed)+1:]
	own := false
	for _, p := range all("/v1/fixed/plans/subscriptions/" + id) {
		p := p.(map[string]any)
		own = own || p["id"] == float64(smallPlan)
		if p["region"] != "us-east-1" || p["availability"] == "Multi-zone" || p["redisFlex"] == true {
			t.Errorf("the subscription cannot move to %v", p)
		}
	}
	if !own {
		t.Error("a subscription's own plan is missing")
	}
	got := a.Do(http.MethodGet, "/v1/fixed/redis-versions?subscriptionId="+id, nil)
	if got.Get("redisVersions", 0, "version") != "8.6" {
		t.Errorf("versions: got %s", got.Body)
	}
}

// Whoever asks for a size, a place, an availability and whether data is kept finds one
// plan, as by its name: Terraform's data source takes two for none.
func TestEveryQueryFindsAPlan(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	found, named, regions := map[string]int{}, map[string]int{},
		map[string]map[string]bool{"AWS": {}, "GCP": {}, "Azure": {}}
	for provider, least := range map[string]int{"AWS": 20, "GCP": 16, "AZURE": 15} {
		list, _ := a.Do(http.MethodGet, "/v1/fixed/plans?provider="+provider, nil).Get("plans").([]any)
		for _, p := range list {
			p := p.(map[string]any)
			at := fmt.Sprintf("%v %v", p["provider"], p["region"])
			named[fmt.Sprintf("%s %v", at, p["name"])]++
			found[fmt.Sprintf("%s %v%v %v %v",
				at, p["size"], p["sizeMeasurementUnit"], p["availability"], p["supportDataPersistence"])]++
			regions[fmt.Sprint(p["provider"])][fmt.Sprint(p["region"])] = true
		}
		shown := map[string]string{"AWS": "AWS", "GCP": "GCP", "AZURE": "Azure"}[provider]
		if n := len(regions[shown]); n < least {
			t.Errorf("%d regions of %s, want %d", n, provider, least)
		}
	}
	for name, n := range named {
		if n != 1 {
			t.Errorf("%s: %d plans of that name", name, n)
		}
	}
	for provider, names := range map[string][]string{
		"AWS": {
			"us-east-1", "us-east-2", "eu-west-1", "eu-west-2", "ap-south-1", "ap-southeast-1", "ap-northeast-1", "sa-east-1",
		},
		"GCP": {
			"us-central1", "us-east4", "europe-west2", "asia-south1", "asia-southeast1", "asia-northeast1", "southamerica-east1",
		},
		"Azure": {"west-us", "east-us-2", "uk-south", "central-india", "southeast-asia", "japan-east", "brazil-south"},
	} {
		for _, name := range names {
			if !regions[provider][name] {
				t.Errorf("no plans in %s of %s", name, provider)
			}
		}
		for region := range regions[provider] {
			for _, size := range []string{"250MB", "1GB", "2.5GB", "5GB", "12GB"} {
				for _, availability := range []string{"No replication", "Single-zone", "Multi-zone"} {
					for _, persistence := range []bool{false, true} {
						if query := fmt.Sprintf("%s %s %s %s %t", provider, region, size, availability, persistence); found[query] != 1 {
							t.Errorf("%d plans for %s", found[query], query)
						}
					}
				}
			}
			if named[provider+" "+region+" 30MB"] != 1 {
				t.Errorf("no free plan in %s of %s", region, provider)
			}
		}
	}
}

// A plan that is sold no more still is what those who know its id get.
func TestRetiredPlansAreInNoList(t *testing.T) {
	t.Parallel()
	const retired = 98273
	a := apitest.New(t, nil).Account()
	listed := func(path string) bool {
		list, _ := a.Do(http.MethodGet, path, nil).Get("plans").([]any)
		return slices.ContainsFunc(list, func(p any) bool { return p.(map[string]any)["id"] == float64(retired) })
	}
	if listed("/v1/fixed/plans") {
		t.Error("the plan is listed")
	}
	wantMembers(t, "plan", a.Do(http.MethodGet, fmt.Sprintf("/v1/fixed/plans/%d", retired), nil),
		map[string]any{"name": "Cache 5GB"})
	for plan, want := range map[int]bool{retired: true, 34947: false} {
		sub := essentials(a, plan)
		if got := listed("/v1/fixed/plans/subscriptions/" + sub[len(fixed)+1:]); got != want {
			t.Errorf("a subscription of plan %d: the plan is listed: %t", plan, got)
		}
	}
}
