package api

import "fmt"

// For tests that stand above this package, as what they compare with does.
var (
	Digest       = digest
	Pretty       = pretty
	WantsCompact = wantsCompact
)

// FreeSize is freeSize.
const FreeSize = freeSize

// List lays a list out of texts that are known of an account. plain: it is not to be made of them.
func (l TaskList) List(k *KnownTexts) (compact, laidOut []byte, size int, plain bool) {
	long, err := l.layOut(k)
	if err != nil {
		return nil, nil, 0, true
	}
	if compact, laidOut, err = long.both(); err != nil || len(laidOut) != long.size {
		panic(fmt.Sprint(err, long.size, " bytes are ", len(laidOut)))
	}
	return compact, laidOut, long.compact, false
}

// KnownTexts are knownTexts.
type KnownTexts = knownTexts

// Knowing is what a request of an account knows.
func Knowing(texts *Texts, account int64) *KnownTexts {
	return &knownTexts{texts: texts, key: textKey{account: account, block: none}, blocks: map[int64]*block{}}
}
