package terraform

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclwrite"
)

// WithoutBackend returns the text of a configuration without where it keeps its state: that is a file beside it then.
func WithoutBackend(text []byte, name string) ([]byte, error) {
	file, problems := hclwrite.ParseConfig(text, name, hcl.InitialPos)
	if problems.HasErrors() {
		return nil, problems
	}
	found := false
	for _, block := range file.Body().Blocks() {
		if block.Type() != "terraform" {
			continue
		}
		for _, inner := range block.Body().Blocks() {
			if inner.Type() == "backend" || inner.Type() == "cloud" {
				found = block.Body().RemoveBlock(inner) || found
			}
		}
	}
	if !found {
		return text, nil
	}
	return file.Bytes(), nil
}
