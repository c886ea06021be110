package lazy_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/lazy"
)

func TestRegexpIsCompiledWhenItIsAskedFor(t *testing.T) {
	t.Parallel()
	wrong := lazy.Regexp(`(`) // would panic if it were compiled here
	defer func() {
		if recover() == nil {
			t.Error("a wrong expression was compiled")
		}
	}()
	word := lazy.Regexp(`^\w+$`)
	if !word().MatchString("word") || word().MatchString("two words") {
		t.Error("it is another expression")
	}
	wrong()
}
