package server_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestPresetsNameWhatThereIs(t *testing.T) {
	t.Parallel()
	words := apitest.New(t, nil).Engine.Faults().Vocabulary()
	if len(words.Presets().All) == 0 {
		t.Fatal("there are no presets")
	}
	if err := words.CheckPresets(); err != nil {
		t.Error(err)
	}
}
