package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What the user's configuration says stays, but for where the official provider is from.
func TestWriteConfig(t *testing.T) {
	t.Parallel()
	const entries = `
    "RedisLabs/rediscloud" = "/built"
    "registry.terraform.io/RedisLabs/rediscloud" = "/built"
`
	for name, tt := range map[string]struct{ user, want string }{
		"none": {"", "\nprovider_installation {\n  dev_overrides {" + entries + "  }\n  direct {}\n}\n"},
		"other things": {
			"plugin_cache_dir = \"/cache\" # mine\n",
			"plugin_cache_dir = \"/cache\" # mine\n\n" +
				"provider_installation {\n  dev_overrides {" + entries + "  }\n  direct {}\n}\n",
		},
		"a mirror": {
			"provider_installation {\n  filesystem_mirror { path = \"/mirror\" }\n}\n",
			"provider_installation {\n  dev_overrides {" + entries + "  }\n\n  filesystem_mirror { path = \"/mirror\" }\n}\n",
		},
		"overrides": {
			`provider_installation {
  dev_overrides {
    "hashicorp/null" = "/null"
    "registry.terraform.io/redislabs/rediscloud" = "/mine" // {
  }
  direct {}
}
`, `provider_installation {
  dev_overrides {` + entries + `
    "hashicorp/null" = "/null"
     // {
  }
  direct {}
}
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, dir, map[string]string{"user.rc": tt.user})
			file, err := WriteConfig(dir, "terraform", []string{"TF_CLI_CONFIG_FILE=" + filepath.Join(dir, "user.rc")}, "/built")
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, string(got)); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// Where no variable names a configuration it is where the tool looks for it.
func TestUserConfig(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	write(t, home, map[string]string{
		".terraformrc": "# terraform", ".tofurc": "# tofu", ".terraform.d/a.tfrc": "# more", ".terraform.d/plugins/x": "",
	})
	for tool, want := range map[string]string{"/bin/terraform": "# terraform\n# more\n", "tofu": "# tofu\n# more\n"} {
		if got, err := userConfig(tool, []string{"HOME=" + home}); got != want || err != nil {
			t.Errorf("%s: got %q, %v, want %q", tool, got, err, want)
		}
	}
	want := []string{filepath.Join(home, ".terraform.d", "plugins")}
	if diff := cmp.Diff(want, impliedMirrors("terraform", []string{"HOME=" + home})); diff != "" {
		t.Errorf("mirrors: want (-), got (+):\n%s", diff)
	}
}
