package derive

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Nothing that shows is random: it is derived from the id of what it belongs to,
// so that a run can be repeated, and what is derived need not be stored.

// digest is the source of everything derived: bytes for an id and a purpose.
func digest(id int64, purpose string) [sha256.Size]byte {
	var room [64]byte // more than nearly any takes
	return sha256.Sum256(strconv.AppendInt(append(append(room[:0], purpose...), '/'), id, 10))
}

// Number is from 0 up to, and without, n.
func Number(id int64, purpose string, n int64) int64 {
	sum := digest(id, purpose)
	return int64(binary.BigEndian.Uint64(sum[:8]) % uint64(n))
}

// Hex has the given number of digits, at most 64.
func Hex(id int64, purpose string, digits int) string {
	sum := digest(id, purpose)
	return hex.EncodeToString(sum[:])[:digits]
}

// Password has 32 letters and digits, a length that clients rely on.
func Password(id int64, purpose string) string {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	sum := digest(id, purpose)
	password := make([]byte, len(sum))
	for i, b := range sum {
		password[i] = alphabet[int(b)%len(alphabet)]
	}
	return string(password)
}

// Host is three words and a number, as dynamic endpoints are called.
func Host(id int64, purpose string) string {
	words := [...]string{
		"amber", "anchor", "autumn", "basalt", "birch", "cedar", "cobalt", "coral",
		"delta", "ember", "falcon", "fjord", "garnet", "glade", "harbor", "hazel",
		"island", "jasper", "kelp", "lantern", "lichen", "maple", "meadow", "nectar",
		"opal", "prairie", "quartz", "raven", "signal", "tundra", "velvet", "willow",
	}
	sum := digest(id, purpose)
	word := func(i int) string { return words[int(sum[i])%len(words)] }
	return fmt.Sprintf("%s-%s-%s-%05d", word(8), word(9), word(10), Number(id, purpose, 100_000))
}
