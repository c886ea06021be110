package upgrade

import (
	"cmp"
	"encoding/json"
	"regexp"
	"slices"
	"testing"
)

// price is a line of what a subscription costs.
type price struct {
	Type        string  `json:"type"`
	Details     string  `json:"typeDetails,omitempty"`
	Quantity    int64   `json:"quantity"`
	Measurement string  `json:"quantityMeasurement"`
	Unit        float64 `json:"pricePerUnit"`
	Currency    string  `json:"priceCurrency"`
	Period      string  `json:"pricePeriod"`
	Region      string  `json:"region,omitempty"`
}

var prices = regexp.MustCompile(`("subscriptionPricing":)(\[[^]]*\])`)

// since is an answer of the old server as today's gives it on purpose: a subscription costs a line for each type of
// shard, and region where there are several, in place of one for each database.
func since(t *testing.T, answer string) string {
	t.Helper()
	return prices.ReplaceAllStringFunc(answer, func(member string) string {
		parts := prices.FindStringSubmatch(member)
		var lines []price
		if err := json.Unmarshal([]byte(parts[2]), &lines); err != nil {
			t.Fatal(err)
		}
		several := slices.ContainsFunc(lines, func(l price) bool { return l.Type == "MinimumPrice" })
		sums := []price{}
		for _, line := range lines {
			if !several {
				line.Region = ""
			}
			i := slices.IndexFunc(sums, func(s price) bool {
				return s.Type == line.Type && s.Details == line.Details && s.Region == line.Region
			})
			if i < 0 {
				sums = append(sums, line)
			} else {
				sums[i].Quantity += line.Quantity
			}
		}
		slices.SortStableFunc(sums, func(a, b price) int {
			if c := cmp.Compare(b.Type, a.Type); c != 0 || a.Type == "MinimumPrice" { // those in the order of the regions
				return c
			}
			return cmp.Or(cmp.Compare(a.Region, b.Region), cmp.Compare(a.Details, b.Details))
		})
		text, err := json.Marshal(sums)
		if err != nil {
			t.Fatal(err)
		}
		return parts[1] + string(text)
	})
}
