package wire

import (
	"time"
)

// Date is a time as resources show it: in UTC, to the second. Only tasks and logs
// tell fractions.
func Date(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
