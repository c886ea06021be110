package terraform

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/coverage"
)

// kinds are the resources and data sources that were in a state.
type kinds struct {
	mu    sync.Mutex
	found map[string]bool
}

// note remembers what the last apply has left in a workspace's state.
func (k *kinds) note(w *workspace) {
	w.t.Helper()
	text, err := os.ReadFile(filepath.Join(w.dir, "terraform.tfstate"))
	if err != nil {
		w.t.Fatal(err)
	}
	var state struct {
		Resources []struct {
			Mode, Type string
			Instances  []json.RawMessage
		}
	}
	if err := json.Unmarshal(text, &state); err != nil {
		w.t.Fatal(err)
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, resource := range state.Resources {
		if len(resource.Instances) > 0 {
			k.found[resource.Mode+" "+resource.Type] = true
		}
	}
}

// wantAll holds the stories, when they have run, to their promise: no resource and no data source of the provider is
// left out.
func (k *kinds) wantAll(t *testing.T, offered []string) {
	t.Helper()
	t.Cleanup(func() {
		if !coverage.Whole() || t.Failed() {
			return
		}
		if diff := cmp.Diff(offered, slices.Sorted(maps.Keys(k.found))); diff != "" {
			t.Errorf("what the provider offers (-), what was in a state (+):\n%s", diff)
		}
	})
}

// offered returns the resources and data sources of the provider, sorted.
func (c *command) offered(t *testing.T) []string {
	t.Helper()
	text, err := c.copy(t, "no-account").exec("providers", "schema", "-json").Output()
	if err != nil {
		t.Fatal(err)
	}
	type schemas map[string]json.RawMessage
	var all struct {
		Providers map[string]struct {
			Resources   schemas `json:"resource_schemas"`
			DataSources schemas `json:"data_source_schemas"`
		} `json:"provider_schemas"`
	}
	if err := json.Unmarshal(text, &all); err != nil || len(all.Providers) != 1 {
		t.Fatalf("got %.200s, %v, want the schemas of one provider", text, err)
	}
	offered := []string{}
	for _, provider := range all.Providers {
		for name := range provider.Resources {
			offered = append(offered, "managed "+name)
		}
		for name := range provider.DataSources {
			offered = append(offered, "data "+name)
		}
	}
	slices.Sort(offered)
	if len(offered) < 30 {
		t.Fatalf("the provider offers only %v", offered)
	}
	return offered
}
