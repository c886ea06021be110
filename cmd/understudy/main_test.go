package main

import (
	"testing"

	"github.com/alecthomas/kong"
)

func TestEachCommandIsLearnedAlone(t *testing.T) {
	t.Parallel()
	commands := func(args ...string) []*kong.Node {
		parser, err := newParser(part(args), "")
		if err != nil {
			t.Fatal(err)
		}
		return parser.Model.Children
	}
	for _, command := range commands() {
		if alone := commands(command.Name); len(alone) != 1 || alone[0].Name != command.Name {
			t.Errorf("%s is learned with %d commands", command.Name, len(alone))
		}
	}
	if all := commands("--help", "serve"); len(all) < 2 {
		t.Errorf("for who asks what there is there are %d commands", len(all))
	}
}
