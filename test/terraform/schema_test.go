package terraform

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// TestStoriesHaveAll holds the stories to their promise: no resource and no data source of the provider is left out.
func TestStoriesHaveAll(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	files, err := filepath.Glob("testdata/*/*.tf")
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile(`(?m)^(resource|data) "(rediscloud_\w+)"`)
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range block.FindAllStringSubmatch(string(text), -1) {
			told[found[1]+" "+found[2]] = true
		}
	}
	w := newCommand(t).copy(t, "no-account")
	text, err := w.exec("providers", "schema", "-json").Output()
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
			offered = append(offered, "resource "+name)
		}
		for name := range provider.DataSources {
			offered = append(offered, "data "+name)
		}
	}
	slices.Sort(offered)
	if len(offered) < 30 {
		t.Errorf("the provider offers only %v", offered)
	}
	for _, name := range offered {
		if !told[name] {
			t.Errorf("no story has a %s", name)
		}
	}
}
