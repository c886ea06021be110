package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// size is a number of bytes, as 64KiB, 32MiB or 1GiB say it; without a unit it counts them.
type size int64

// UnmarshalText reads it.
func (s *size) UnmarshalText(text []byte) error {
	number, unit := string(text), int64(1)
	for i, name := range []string{"KiB", "MiB", "GiB"} {
		if rest, ok := strings.CutSuffix(number, name); ok {
			number, unit = rest, 1<<(10*(i+1))
		}
	}
	n, err := strconv.ParseInt(strings.TrimSpace(number), 10, 64)
	if err != nil || n < 0 || n > math.MaxInt64/unit {
		return fmt.Errorf("%q is not a size like 32MiB", text)
	}
	*s = size(n * unit)
	return nil
}
