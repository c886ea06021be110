package sandbox

import (
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
)

// ExternalEvent is something that can happen from outside the API that is stood in for, by somebody else's hand.
type ExternalEvent struct {
	Name    string          `json:"name"`
	Summary string          `json:"summary"`
	Inputs  []ExternalInput `json:"inputs"`
}

// ExternalInput is what an external event wants to know.
type ExternalInput struct {
	Name        string `json:"name"`
	Type        string `json:"type"` // integer or string
	Required    bool   `json:"required"`
	Description string `json:"description"`
}

// Externals returns the external events that there are.
func (s *Service) Externals() []ExternalEvent {
	list := []ExternalEvent{}
	for _, e := range s.cfg.Externals {
		event := ExternalEvent{Name: e.Name, Summary: e.Summary, Inputs: []ExternalInput{}}
		for _, in := range e.Inputs {
			kind := "string"
			if in.Integer {
				kind = "integer"
			}
			event.Inputs = append(event.Inputs, ExternalInput{in.Name, kind, in.Required, in.Help})
		}
		list = append(list, event)
	}
	return list
}

// Trigger lets an external event happen to an account. It returns EXTERNAL_NOT_FOUND, INVALID_INPUT, the errors of
// Account, and EXTERNAL_REFUSED with what the API that is stood in for has against it.
func (s *Service) Trigger(ctx context.Context, ref, name string, inputs map[string]any) error {
	i := slices.IndexFunc(s.cfg.Externals, func(e engine.External) bool { return e.Name == name })
	if i < 0 {
		var names []string
		for _, e := range s.cfg.Externals {
			names = append(names, e.Name)
		}
		return cloud.Errorf("EXTERNAL_NOT_FOUND", "There is no external event %q, but %s.", name, strings.Join(names, ", "))
	}
	account, err := s.Account(ctx, ref)
	if err != nil {
		return err
	}
	const invalid = "INVALID_INPUT"
	err = s.cfg.Engine.Trigger(ctx, account.ID, s.cfg.Externals[i], inputs, invalid)
	if refused, ok := err.(*cloud.Error); ok && refused.Code != invalid { //nolint:errorlint // Trigger does not wrap it
		return cloud.Errorf("EXTERNAL_REFUSED", "%s: %s", refused.Code, refused.Description)
	}
	return err
}
