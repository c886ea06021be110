package terraform

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// ConfigVariable names the configuration file of Terraform's command line.
const ConfigVariable = "TF_CLI_CONFIG_FILE"

// addresses are those of the official provider: at the registry of the tool, and at the one that it is of.
var addresses = []string{"RedisLabs/rediscloud", "registry.terraform.io/RedisLabs/rediscloud"}

// WriteConfig writes a configuration of the command line that says what the user's says, and takes the official
// provider from a directory. It returns the file's name; environ and tool decide which is the user's.
func WriteConfig(dir, tool string, environ []string, provider string) (name string, err error) {
	text, err := userConfig(tool, environ)
	if err != nil {
		return "", err
	}
	text, err = withOverride(text, provider, impliedMirrors(tool, environ))
	if err != nil {
		return "", err
	}
	name = filepath.Join(dir, "terraform.rc")
	return name, os.WriteFile(name, []byte(text), 0o600)
}

// userConfig returns the user's configuration, as the tool finds it.
func userConfig(tool string, environ []string) (string, error) {
	if name := lookup(environ, ConfigVariable); name != "" {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) { // for terraform, too, that is none
			err = nil
		}
		return string(text), err
	}
	home := lookup(environ, "HOME")
	names := []string{filepath.Join(home, ".terraformrc")}
	if isTofu(tool) {
		names = append([]string{filepath.Join(home, ".tofurc")}, names...)
	}
	var all strings.Builder
	for _, name := range names {
		text, err := os.ReadFile(name)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return "", err
		}
		all.Write(text)
		all.WriteString("\n")
		break
	}
	more, err := filepath.Glob(filepath.Join(home, ".terraform.d", "*.tfrc"))
	if err != nil {
		return "", err
	}
	for _, name := range more {
		text, err := os.ReadFile(name)
		if err != nil {
			return "", err
		}
		all.Write(text)
		all.WriteString("\n")
	}
	return all.String(), nil
}

func isTofu(tool string) bool { return strings.HasPrefix(filepath.Base(tool), "tofu") }

// impliedMirrors are the directories that a tool takes providers from where no configuration says where from.
func impliedMirrors(tool string, environ []string) (dirs []string) {
	home := lookup(environ, "HOME")
	data := lookup(environ, "XDG_DATA_HOME")
	if data == "" {
		data = filepath.Join(home, ".local", "share")
	}
	name := "terraform"
	if isTofu(tool) {
		name = "opentofu"
	}
	for _, dir := range []string{filepath.Join(home, ".terraform.d", "plugins"), filepath.Join(data, name, "plugins")} {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// withOverride puts the override into a configuration, and leaves all else of it as it is. The file is in the first
// version of HCL, whose words are those of the second, though its grammar is not: so the words are looked at.
func withOverride(text, provider string, mirrors []string) (string, error) {
	tokens, problems := hclsyntax.LexConfig([]byte(text), "", hcl.InitialPos)
	if problems.HasErrors() {
		return "", fmt.Errorf("read the user's configuration of the command line: %w", problems)
	}
	var entries strings.Builder
	for _, address := range addresses {
		fmt.Fprintf(&entries, "    %q = %s\n", address, strconv.Quote(provider))
	}
	c := configWords{text: text, tokens: tokens}
	c.read()
	switch {
	case c.overrides >= 0:
		return c.without(c.entries, c.overrides, "\n"+entries.String()), nil
	case c.installation >= 0:
		return c.without(nil, c.installation, "\n  dev_overrides {\n"+entries.String()+"  }\n"), nil
	}
	var block strings.Builder
	block.WriteString(text + "\nprovider_installation {\n  dev_overrides {\n" + entries.String() + "  }\n")
	for _, dir := range mirrors {
		fmt.Fprintf(&block, "  filesystem_mirror {\n    path = %s\n  }\n", strconv.Quote(dir))
	}
	block.WriteString("  direct {}\n}\n")
	return block.String(), nil
}

// configWords finds in a configuration where an override may be put, and what it takes the place of.
type configWords struct {
	text   string
	tokens hclsyntax.Tokens

	installation int         // after the brace of provider_installation; -1: there is none
	overrides    int         // after that of dev_overrides
	entries      []hcl.Range // overrides of the official provider
}

func (c *configWords) read() {
	c.installation, c.overrides = -1, -1
	var open []string // the names of the blocks that a word is in
	name := ""
	for i, t := range c.tokens {
		switch t.Type {
		case hclsyntax.TokenIdent:
			name = string(t.Bytes)
		case hclsyntax.TokenOBrace:
			open = append(open, name)
			switch strings.Join(open, ".") {
			case "provider_installation":
				c.installation = t.Range.End.Byte
			case "provider_installation.dev_overrides":
				c.overrides = t.Range.End.Byte
			}
			name = ""
		case hclsyntax.TokenCBrace:
			open = open[:max(0, len(open)-1)]
		case hclsyntax.TokenQuotedLit:
			// "address" = "directory" is seven words.
			if strings.Join(open, ".") == "provider_installation.dev_overrides" && isRedisCloud(string(t.Bytes)) &&
				i+5 < len(c.tokens) && c.tokens[i+2].Type == hclsyntax.TokenEqual {
				c.entries = append(c.entries, hcl.RangeBetween(c.tokens[i-1].Range, c.tokens[i+5].Range))
			}
		default: // says nothing about where one is
		}
	}
}

// without returns the text without some ranges, which come after a place at which something is put in.
func (c *configWords) without(ranges []hcl.Range, at int, put string) string {
	text := c.text
	for _, r := range slices.Backward(ranges) {
		text = text[:r.Start.Byte] + text[r.End.Byte:]
	}
	return text[:at] + put + text[at:]
}
