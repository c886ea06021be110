package subscription

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/lazy"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Tag is a label of a database. Its key is in lower case, however it was written.
type Tag struct {
	Key       string    `json:"key"`
	Value     string    `json:"value"`
	CreatedAt time.Time `json:"createdAt"`
	UpdatedAt time.Time `json:"updatedAt"`
}

type tagSpec struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// tagPath is a tag as a path names it.
type tagPath struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Key          string `path:"tagKey" json:"-"`
}

type listedTag struct {
	Tag
	Links []wire.Link `json:"links"`
}

type tagView struct {
	Tag
	wire.Linked
}

type tagList struct {
	AccountID int64       `json:"accountId"`
	Tags      []listedTag `json:"tags"`
	wire.Linked
}

func showTags(tx *store.Tx, tags []Tag) *tagList {
	list := &tagList{AccountID: tx.Caller.Account, Tags: []listedTag{}}
	for _, tag := range tags {
		list.Tags = append(list.Tags, listedTag{tag, wire.NoLinks()})
	}
	return list
}

func (s Databases) listTags(ctx context.Context, tx *store.Tx, in databasePath) (*tagList, error) {
	db, err := s.read(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	return showTags(tx, db.Body.Tags), nil
}

func (s Databases) createTag(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	ID           int64 `path:"databaseId" json:"-"`
	tagSpec
},
) (*tagView, error) {
	db, err := s.lock(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return nil, err
	}
	d := &db.Body
	tag, err := in.tag(tx.Now)
	if err != nil {
		return nil, err
	}
	if FindTag(d.Tags, tag.Key) >= 0 {
		return nil, cloud.Errorf("CONFLICT_ERROR", "The database already has a tag %q.", tag.Key)
	}
	d.Tags = append(d.Tags, tag)
	if err := checkTagCount(d.Tags); err != nil {
		return nil, err
	}
	store.Update(tx, db)
	return &tagView{Tag: tag}, nil
}

// A tag that was there before, with the same value, is not new.
func (s Databases) replaceTags(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64     `path:"subscriptionId" json:"-"`
	ID           int64     `path:"databaseId" json:"-"`
	Tags         []tagSpec `json:"tags"`
},
) (*tagList, error) {
	db, err := s.lock(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return nil, err
	}
	d := &db.Body
	var tags []Tag
	for _, spec := range in.Tags {
		tag, err := spec.tag(tx.Now)
		if err != nil {
			return nil, err
		}
		if FindTag(tags, tag.Key) >= 0 {
			return nil, cloud.Errorf("BAD_REQUEST", "The tag %q is there twice.", tag.Key)
		}
		if i := FindTag(d.Tags, tag.Key); i >= 0 {
			tag.CreatedAt = d.Tags[i].CreatedAt
			if tag.Value == d.Tags[i].Value {
				tag.UpdatedAt = d.Tags[i].UpdatedAt
			}
		}
		tags = append(tags, tag)
	}
	if err := checkTagCount(tags); err != nil {
		return nil, err
	}
	d.Tags = tags
	store.Update(tx, db)
	return showTags(tx, tags), nil
}

func (s Databases) updateTag(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Key          string `path:"tagKey" json:"-"`
	Value        string `json:"value"`
},
) (*tagView, error) {
	db, i, err := s.lockTag(ctx, tx, tagPath{in.Subscription, in.ID, in.Key})
	if err != nil {
		return nil, err
	}
	changed, err := tagSpec{in.Key, in.Value}.tag(tx.Now)
	if err != nil {
		return nil, err
	}
	tags := db.Body.Tags
	changed.CreatedAt = tags[i].CreatedAt
	tags[i] = changed
	store.Update(tx, db)
	return &tagView{Tag: changed}, nil
}

func (s Databases) deleteTag(ctx context.Context, tx *store.Tx, in tagPath) (struct{}, error) {
	db, i, err := s.lockTag(ctx, tx, in)
	if err != nil {
		return struct{}{}, err
	}
	d := &db.Body
	d.Tags = slices.Delete(d.Tags, i, i+1)
	store.Update(tx, db)
	return struct{}{}, nil
}

// lockTag locks a database that has a tag, and returns the tag's index as well.
// Beyond the errors of lock it returns ENTITY_NOT_FOUND.
func (s Databases) lockTag(
	ctx context.Context, tx *store.Tx, path tagPath,
) (db cloud.Resource[Database], i int, err error) {
	db, err = s.lock(ctx, tx, databasePath{path.Subscription, path.ID})
	if err != nil {
		return db, 0, err
	}
	i = FindTag(db.Body.Tags, strings.ToLower(path.Key))
	if i < 0 {
		return db, 0, cloud.Errorf("ENTITY_NOT_FOUND", "Tag %q was not found.", path.Key)
	}
	return db, i, nil
}

// FindTag returns the index of the tag with a key, -1 without one.
func FindTag(tags []Tag, key string) int {
	return slices.IndexFunc(tags, func(t Tag) bool { return t.Key == key })
}

var (
	tagKey   = lazy.Regexp(`^[a-z0-9 _.+@:-]{1,64}$`)
	tagValue = lazy.Regexp(`^[A-Za-z0-9 _.+@:-]{1,128}$`)
)

// tag makes a new tag of what a request says. doc: tag-database
func (s tagSpec) tag(now time.Time) (Tag, error) {
	key := strings.ToLower(s.Key)
	switch {
	case !tagKey().MatchString(key):
		return Tag{}, cloud.Errorf("BAD_REQUEST",
			"%q cannot be the key of a tag: 1 to 64 letters, digits, spaces and - _ . + @ : only.", s.Key)
	case !tagValue().MatchString(s.Value):
		return Tag{}, cloud.Errorf("BAD_REQUEST",
			"%q cannot be the value of a tag: 1 to 128 letters, digits, spaces and - _ . + @ : only.", s.Value)
	}
	return Tag{Key: key, Value: s.Value, CreatedAt: wire.Date(now), UpdatedAt: wire.Date(now)}, nil
}

// The limit is not public.
func checkTagCount(tags []Tag) error {
	const most = 50
	if len(tags) > most {
		return cloud.Errorf("BAD_REQUEST", "A database has %d tags at most.", most)
	}
	return nil
}
