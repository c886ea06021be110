package report

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/workspace"
)

func TestCostReportRules(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 3, 15, 12, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		members string
		want    cloud.Code
	}{
		{`{}`, ""},
		{`{"startDate": ""}`, "COST_REPORT_START_DATE_IS_MISSING"},
		{`{"endDate": ""}`, "COST_REPORT_END_DATE_IS_MISSING"},
		{`{"startDate": "03/01/2026"}`, "COST_REPORT_INVALID_DATE_FORMAT"},
		{`{"endDate": "2026-02-30"}`, "COST_REPORT_INVALID_DATE_FORMAT"},
		{`{"endDate": "2026-02-28"}`, "COST_REPORT_END_DATE_BEFORE_START_DATE"},
		{`{"endDate": "2026-03-15"}`, ""},
		{`{"endDate": "2026-03-16"}`, "COST_REPORT_FUTURE_DATES_NOT_ALLOWED"},
		{`{"startDate": "2026-01-29"}`, ""},
		{`{"startDate": "2026-01-28"}`, "COST_REPORT_DATE_RANGE_EXCEEDS_LIMIT"},
		{`{"tags": [{"value": "a"}]}`, "COST_REPORT_TAG_KEY_EMPTY"},
		{`{"tags": [{"key": "a"}]}`, "COST_REPORT_TAG_VALUE_EMPTY"},
	} {
		in := costReportCreate{Start: "2026-03-01", End: "2026-03-10"}
		if err := json.Unmarshal([]byte(tt.members), &in); err != nil {
			t.Fatal(err)
		}
		_, _, err := in.period(now)
		if err == nil {
			err = in.checkTags()
		}
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.members, got, err, tt.want)
		}
	}
}

func TestCostReportFilters(t *testing.T) {
	t.Parallel()
	tags := []subscription.Tag{{Key: "team", Value: "web"}}
	for _, tt := range []struct {
		filter            string
		database, minimum bool
	}{
		{`{}`, true, true},
		{`{"databaseIds": [7]}`, true, false},
		{`{"databaseIds": [8]}`, false, false},
		{`{"regions": ["eu-west-1"]}`, true, true},
		{`{"regions": ["us-east-1"]}`, false, false},
		{`{"tags": [{"key": "Team", "value": "web"}]}`, true, false},
		{`{"tags": [{"key": "team", "value": "ops"}]}`, false, false},
	} {
		in := cloudtest.FromJSON[costReportCreate](t, tt.filter)
		if got := in.wants(7, tags, "eu-west-1"); got != tt.database {
			t.Errorf("%s: database: got %v, want %v", tt.filter, got, tt.database)
		}
		if got := in.wants(0, nil, "eu-west-1"); got != tt.minimum {
			t.Errorf("%s: minimum price: got %v, want %v", tt.filter, got, tt.minimum)
		}
	}
}

// A plan that was there for a month of 730 hours costs its price of a month.
func TestCostOfAPlan(t *testing.T) {
	t.Parallel()
	from := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	period := reportPeriod{from, from.AddDate(0, 0, 40), from.Add(800 * time.Hour)}
	for hours, want := range map[time.Duration]string{730: "5.00", 73: "0.50", 0: "0.00", -1: "0.00"} {
		row := charge("", planPricing(catalog.Plan{Price: 5}), period, period.now.Add(-hours*time.Hour))
		if got := fmt.Sprintf("%.2f", row["BilledCost"]); got != want {
			t.Errorf("%d hours: got %s USD, want %s", hours, got, want)
		}
	}
}

func TestCostReportNames(t *testing.T) {
	t.Parallel()
	for _, id := range []int64{1_001, 1 << 40} {
		if got := costReportID(costReportName(id, reportCSV)); got != id {
			t.Errorf("got id %d, want %d", got, id)
		}
	}
	for _, name := range []string{"", "report.csv", "00000000-0000-0000-0000-zzzzzzzzzzzz.csv"} {
		if got := costReportID(name); got != 0 {
			t.Errorf("%s: got id %d, want none", name, got)
		}
	}
}

func TestMergingDocuments(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ before, patch, want string }{
		{`{"a":1,"b":{"c":2,"d":3}}`, `{"b":{"c":null,"e":4},"f":5}`, `{"a":1,"b":{"d":3,"e":4},"f":5}`},
		{`{"a":1}`, `[1]`, `[1]`},
		{`[1]`, `{"a":{"b":null,"c":1}}`, `{"a":{"c":1}}`},
		{`{"a":1}`, `null`, `null`},
		{`{"a":1}`, `{}`, `{"a":1}`},
	} {
		got, err := workspace.Merge(json.RawMessage(tt.before), json.RawMessage(tt.patch))
		if err != nil || string(got) != tt.want {
			t.Errorf("%s with %s: got %s (%v), want %s", tt.before, tt.patch, got, err, tt.want)
		}
	}
}
