package rds

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// instance is what there is of a DB instance beyond what every resource has.
type instance struct {
	UID string       `json:"uid"`           // its id for clients
	Was cloud.Status `json:"was,omitempty"` // before it was deleted
	settings
}

// Kind of all DB instances.
func (instance) Kind() cloud.Kind { return cloud.Kind{Name: "instance"} }

// nodeUID is that of a node, by its number.
func nodeUID(instance string, n int) string {
	sum := sha256.Sum256([]byte(instance + strconv.Itoa(n)))
	return hex.EncodeToString(sum[:16]) + "no01"
}

func (b instance) typ() string {
	if b.highlyAvailable() {
		return "Ha"
	}
	return "Single"
}

// enterprise is the enterprise project; 0 is the one that every account has.
func (b instance) enterprise() string { return cmp.Or(b.EnterpriseID, "0") }

// address is where clients of the database reach it, by its number.
func (b instance) address(number int64) string {
	if b.DataVIP != "" {
		return b.DataVIP
	}
	return fmt.Sprintf("192.168.%d.%d", number/250%250, number%250+2)
}

func (b instance) endpoint(number int64) string { return b.address(number) + ":" + b.Port }

// stamp is how times are written; empty while there is none.
func stamp(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05-0700")
}
