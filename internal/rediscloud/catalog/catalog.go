// Package catalog is what is sold: regions, versions, modules, plans and prices. They are data files, read once; what
// is here does not change while the program runs and belongs to no account.
//
// Begin with plans.go and versions.go. The operations here only show what the files have; whether a subscription or a
// database may have something is for package subscription to say.
package catalog

import (
	"bytes"
	"embed"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"sync"

	"github.com/understudy-dev/understudy/internal/engine"
)

//go:embed data/*.json
var files embed.FS

// What the files have, each read when it is first asked for: many a run needs little of it. Callers must not change it.
var (
	Regions            = read[[]Region]("regions")
	PersistenceOptions = read[[]persistenceOption]("data-persistence")
	Modules            = read[[]Module]("database-modules")
	PerformanceFactors = read[[]string]("query-performance-factors")
	ShardTypes         = read[[]ShardType]("shard-types")
	MinimumPrice       = read[minimumPrice]("minimum-price")

	Versions = sync.OnceValue(func() []RedisVersion {
		return newestFirst(MustRead[[]RedisVersion](files, "redis-versions"))
	})
	Plans = sync.OnceValue(func() []Plan { return MustRead[planTable](files, "essentials-plans").plans() }) // by id
)

func read[T any](name string) func() T {
	return sync.OnceValue(func() T { return MustRead[T](files, name) })
}

// MustRead reads data/<name>.json of a package's own files into a value. It panics on a mistake in the file, which the
// first test of the package finds.
func MustRead[T any](files fs.FS, name string) (value T) {
	data, err := fs.ReadFile(files, "data/"+name+".json")
	if err == nil {
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		err = decoder.Decode(&value)
	}
	if err != nil {
		panic(fmt.Sprintf("read %s.json: %v", name, err))
	}
	return value
}

// Operations returns the operations that show what is sold.
func Operations() []engine.Operation { return slices.Concat(lookupOperations(), planOperations()) }
