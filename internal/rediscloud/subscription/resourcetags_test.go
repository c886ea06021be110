package subscription

import (
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
)

func TestResourceTagRules(t *testing.T) {
	t.Parallel()
	value, empty, long := "x", "", strings.Repeat("x", 257)
	many := make([]resourceTagSpec, 31)
	for i := range many {
		many[i] = resourceTagSpec{strings.Repeat("k", i+1), &value}
	}
	for _, tt := range []struct {
		name string
		tags []resourceTagSpec
		want cloud.Code
	}{
		{"none", nil, ""},
		{"two", []resourceTagSpec{{"a", &value}, {"A", &empty}}, ""},
		{"the most", many[:30], ""},
		{"too many", many, "RESOURCE_TAGS_EXCEEDS_MAXIMUM_COUNT"},
		{"no key", []resourceTagSpec{{"", &value}}, "RESOURCE_TAGS_EMPTY_KEY"},
		{"no value", []resourceTagSpec{{"a", nil}}, "RESOURCE_TAGS_MISSING_VALUE"},
		{"long key", []resourceTagSpec{{long[:129], &value}}, "RESOURCE_TAG_KEY_EXCEEDS_MAXIMUM_LENGTH"},
		{"long value", []resourceTagSpec{{"a", &long}}, "RESOURCE_TAG_VALUE_EXCEEDS_MAXIMUM_LENGTH"},
		{"twice", []resourceTagSpec{{"a", &value}, {"a", &empty}}, "RESOURCE_TAGS_DUPLICATE_KEY"},
		{"reserved", []resourceTagSpec{{"AWS:a", &value}}, "RESOURCE_TAGS_NAME_NOT_ALLOWED"},
	} {
		_, err := newResourceTags(tt.tags)
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q, want %q", tt.name, got, tt.want)
		}
	}
}
