package programs

import (
	"fmt"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// rewrite is a change to some source files of a module, made while a program is built of them.
type rewrite struct {
	module string
	files  string // a pattern of filepath.Match, from the module's root
	places int    // how many there are, counted in the pinned version
	change source.Change
}

// make makes the change in a copy of the module. A version that has fewer places than counted, or more, is an error:
// what is built would not be what it says it is.
func (r rewrite) make(root string) error {
	places, err := source.Rewrite(root, r.files, r.change)
	if err != nil {
		return err
	}
	if places != r.places {
		return fmt.Errorf("%s/%s has %d places to rewrite, want %d: count them anew for this version",
			r.module, r.files, places, r.places)
	}
	return nil
}
