package api

// For tests that stand above this package, as what they compare with does.
var (
	Digest       = digest
	Pretty       = pretty
	WantsCompact = wantsCompact
)

// FreeSize is freeSize.
const FreeSize = freeSize
