package subscription

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/store"
)

// ResourceTag is a label that what a subscription consists of has at its provider.
// Only subscriptions in a customer's own cloud account have some.
type ResourceTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type resourceTagSpec struct {
	Key   string  `json:"key"`
	Value *string `json:"value"`
}

// newResourceTags checks tags by the rules of AWS.
// doc: subscriptions/bring-your-own-cloud/resource-tags
func newResourceTags(specs []resourceTagSpec) ([]ResourceTag, error) {
	const most, longestKey, longestValue = 30, 128, 256
	if len(specs) > most {
		return nil, cloud.Errorf("RESOURCE_TAGS_EXCEEDS_MAXIMUM_COUNT",
			"A subscription has a quota of %d resource tags.", most)
	}
	var tags []ResourceTag
	keys := map[string]bool{}
	for _, s := range specs {
		switch {
		case s.Key == "":
			return nil, cloud.Errorf("RESOURCE_TAGS_EMPTY_KEY", "A resource tag needs a key.")
		case s.Value == nil:
			return nil, cloud.Errorf("RESOURCE_TAGS_MISSING_VALUE", "The resource tag %q has no value.", s.Key)
		case utf8.RuneCountInString(s.Key) > longestKey:
			return nil, cloud.Errorf("RESOURCE_TAG_KEY_EXCEEDS_MAXIMUM_LENGTH",
				"The key of a resource tag has %d characters at most.", longestKey)
		case utf8.RuneCountInString(*s.Value) > longestValue:
			return nil, cloud.Errorf("RESOURCE_TAG_VALUE_EXCEEDS_MAXIMUM_LENGTH",
				"The value of a resource tag has %d characters at most.", longestValue)
		case s.Key == "Name", strings.HasPrefix(strings.ToLower(s.Key), "aws:"):
			return nil, cloud.Errorf("RESOURCE_TAGS_NAME_NOT_ALLOWED", "The tag %q is not for customers to set.", s.Key)
		case keys[s.Key]:
			return nil, cloud.Errorf("RESOURCE_TAGS_DUPLICATE_KEY", "The resource tag %q is there twice.", s.Key)
		}
		keys[s.Key] = true
		tags = append(tags, ResourceTag{s.Key, *s.Value})
	}
	return tags, nil
}

func updateResourceTags(ctx context.Context, tx *store.Tx, in struct {
	ID   int64             `path:"subscriptionId" json:"-"`
	Tags []resourceTagSpec `json:"resourceTags"`
},
) (out engine.Outcome, err error) {
	sub, err := ActiveSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if sub.Body.CloudAccountID == account.InternalCloudAccount {
		return out, tagsNotAllowed()
	}
	if sub.Body.ResourceTags, err = newResourceTags(in.Tags); err != nil {
		return out, err
	}
	store.Update(tx, sub)
	return engine.Outcome{ResourceID: sub.ID}, nil
}

func tagsNotAllowed() error {
	return cloud.Errorf("RESOURCE_TAGS_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		"Resource tags can be set only in a cloud account of your own.")
}
