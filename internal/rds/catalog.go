package rds

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/google/uuid"
)

// catalogFile is what is sold, with its source.
//
//go:embed catalog.json
var catalogFile []byte

type catalog struct {
	Source   string    `json:"source"`
	Versions []version `json:"versions"`
	Zones    []string  `json:"zones"`
	Families []family  `json:"families"`
	Storage  []struct {
		Name   string   `json:"name"`
		Groups []string `json:"groups"` // of flavors that it goes with
	} `json:"storage"`
}

// sold is the catalog. It panics on a mistake in the file, which the first test finds.
var sold = sync.OnceValue(func() (c catalog) {
	decoder := json.NewDecoder(bytes.NewReader(catalogFile))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		panic(fmt.Sprintf("read catalog.json: %v", err))
	}
	return c
})

// onSale is the state, in each zone, of what is sold everywhere.
func onSale() map[string]string {
	states := map[string]string{}
	for _, zone := range sold().Zones {
		states[zone] = "normal"
	}
	return states
}

// idOf is the id of something that is sold.
func idOf(name string) string { return uuid.NewSHA1(uuid.NameSpaceOID, []byte(name)).String() }
