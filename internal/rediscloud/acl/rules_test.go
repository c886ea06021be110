package acl

import "testing"

func TestDefaultRulesAreValid(t *testing.T) {
	t.Parallel()
	if len(defaultRules()) == 0 {
		t.Error("there are none")
	}
	for _, r := range defaultRules() {
		if err := checkPattern(r.ACL); err != nil {
			t.Errorf("default rule %s: %v", r.Name, err)
		}
	}
}
