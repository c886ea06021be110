package catalog

import (
	"cmp"
	"fmt"
	"slices"
)

// planTable is the catalogue of plans as its file has it: kinds of plans that are
// sold alike in many places, and single plans that were observed. Those that were
// retired are like plans of other names in the same place.
type planTable struct {
	Kinds    map[string][]Plan `json:"kinds"` // groups; without ids and places
	Series   []planSeries      `json:"series"`
	Observed []Plan            `json:"observed"`
	Retired  []Plan            `json:"retired"`
}

// planSeries are groups of kinds in places. Their ids count up from the first one,
// place by place; a kind that was observed in a place gets none.
type planSeries struct {
	FirstID int64    `json:"firstId"`
	Kinds   []string `json:"kinds"`
	Places  []struct {
		Provider string `json:"provider"`
		Region   string `json:"region"`
		RegionID int64  `json:"regionId"`
	} `json:"places"`
}

// plans lists every plan, by id. It panics on a table that is not in order.
func (t planTable) plans() []Plan {
	type name struct{ provider, region, name string }
	observed := map[name]bool{}
	for _, p := range t.Observed {
		observed[name{p.Provider, p.Region, p.Name}] = true
	}
	all := slices.Clone(t.Observed)
	for _, p := range t.Retired {
		p.Retired = true
		all = append(all, p)
	}
	for _, s := range t.Series {
		var kinds []Plan
		for _, group := range s.Kinds {
			if len(t.Kinds[group]) == 0 {
				panic(fmt.Sprintf("there are no kinds %q", group))
			}
			kinds = append(kinds, t.Kinds[group]...)
		}
		id := s.FirstID
		for _, at := range s.Places {
			for _, p := range kinds {
				if observed[name{at.Provider, at.Region, p.Name}] {
					continue
				}
				p.ID, p.Provider, p.Region, p.RegionID = id, at.Provider, at.Region, at.RegionID
				all = append(all, p)
				id++
			}
		}
	}
	slices.SortFunc(all, func(a, b Plan) int { return cmp.Compare(a.ID, b.ID) })
	for i, p := range all[min(1, len(all)):] {
		if p.ID == all[i].ID {
			panic(fmt.Sprintf("plan %d is there twice", p.ID))
		}
	}
	return all
}
