package catalog

import "time"

// date is a time as resources show it: in UTC, to the second. Only tasks and logs
// tell fractions.
func date(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }
