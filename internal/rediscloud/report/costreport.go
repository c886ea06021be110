package report

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// maxReportDays is how many days after its first day a report may end. doc: generate-cost-report
const maxReportDays = 40

const (
	reportCSV  = "csv"
	reportJSON = "json"
)

// CostReport is a report as it was when it was ordered.
type CostReport struct {
	Format  string `json:"format"`
	Content string `json:"content"`
}

// Kind of all cost reports.
func (CostReport) Kind() cloud.Kind { return cloud.Kind{Name: "cost-report", FirstID: 1_000} }

func costReportOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("createCostReport", createCostReport),
		engine.Answer("downloadCostReport", downloadCostReport),
	}
}

type costReportCreate struct {
	Start         string          `json:"startDate"`
	End           string          `json:"endDate"`
	Format        string          `json:"format"`
	Subscriptions []int64         `json:"subscriptionIds"`
	Databases     []int64         `json:"databaseIds"`
	Type          string          `json:"subscriptionType"`
	Regions       []string        `json:"regions"`
	Tags          []costReportTag `json:"tags"`
}

type costReportTag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

type costReportView struct {
	ID string `json:"costReportId"`
}

func createCostReport(ctx context.Context, tx *store.Tx, in costReportCreate) (out engine.Outcome, err error) {
	from, to, err := in.period(tx.Now.UTC())
	if err != nil {
		return out, err
	}
	if err := in.checkTags(); err != nil {
		return out, err
	}
	rows, err := costs(ctx, tx, in, reportPeriod{from, to, tx.Now})
	if err != nil {
		return out, err
	}
	body := CostReport{Format: cmp.Or(in.Format, reportCSV)}
	if body.Content, err = render(rows, body.Format); err != nil {
		return out, err
	}
	report := cloud.Resource[CostReport]{Status: cloud.StatusActive, Body: body}
	if report.ID, err = store.NextID[CostReport](ctx, tx); err != nil {
		return out, err
	}
	name := costReportName(report.ID, body.Format)
	report.Name = name
	store.Insert(tx, report)
	return engine.Outcome{Resource: costReportView{name}}, nil
}

// period is from the start of the first day to the end of the last.
func (in costReportCreate) period(now time.Time) (from, to time.Time, err error) {
	switch {
	case in.Start == "":
		return from, to, cloud.Errorf("COST_REPORT_START_DATE_IS_MISSING", "A cost report has a startDate.")
	case in.End == "":
		return from, to, cloud.Errorf("COST_REPORT_END_DATE_IS_MISSING", "A cost report has an endDate.")
	}
	from, errFrom := time.Parse(time.DateOnly, in.Start)
	to, errTo := time.Parse(time.DateOnly, in.End)
	switch {
	case errFrom != nil || errTo != nil:
		return from, to, cloud.Errorf("COST_REPORT_INVALID_DATE_FORMAT",
			"A date is written as 2026-01-31, not as %q and %q.", in.Start, in.End)
	case to.Before(from):
		return from, to, cloud.Errorf("COST_REPORT_END_DATE_BEFORE_START_DATE",
			"The report ends on %s, before it starts.", in.End)
	case to.After(now):
		return from, to, cloud.Errorf("COST_REPORT_FUTURE_DATES_NOT_ALLOWED", "There are no costs of %s yet.", in.End)
	case to.Sub(from) > maxReportDays*24*time.Hour:
		return from, to, cloud.Errorf("COST_REPORT_DATE_RANGE_EXCEEDS_LIMIT",
			"A cost report ends %d days after its start at most.", maxReportDays)
	}
	return from, to.AddDate(0, 0, 1), nil
}

func (in costReportCreate) checkTags() error {
	for _, tag := range in.Tags {
		switch {
		case tag.Key == "":
			return cloud.Errorf("COST_REPORT_TAG_KEY_EMPTY", "A tag to look for has a key.")
		case tag.Value == "":
			return cloud.Errorf("COST_REPORT_TAG_VALUE_EMPTY", "The tag %s to look for has a value.", tag.Key)
		}
	}
	return nil
}

func (in costReportCreate) wantsSubscription(id int64) bool {
	return len(in.Subscriptions) == 0 || slices.Contains(in.Subscriptions, id)
}

// wants reports whether a line of a database is asked for. 0 is a line of the whole
// subscription, which is in no report about databases or tags.
func (in costReportCreate) wants(database int64, tags []subscription.Tag, region string) bool {
	if len(in.Regions) > 0 && !slices.Contains(in.Regions, region) {
		return false
	}
	if database == 0 {
		return len(in.Databases) == 0 && len(in.Tags) == 0
	}
	if len(in.Databases) > 0 && !slices.Contains(in.Databases, database) {
		return false
	}
	for _, want := range in.Tags {
		i := subscription.FindTag(tags, strings.ToLower(want.Key))
		if i < 0 || tags[i].Value != want.Value {
			return false
		}
	}
	return true
}

// costReportName is a UUID that carries the id of the report, so that it need not
// be looked up, and its format.
func costReportName(id int64, format string) string {
	h := derive.Hex(id, "cost report", 19)
	return fmt.Sprintf("%s-%s-4%s-a%s-%012x.%s", h[:8], h[8:12], h[12:15], h[15:18], id, format)
}

// costReportID takes the id from a name, 0 where there is none.
func costReportID(name string) (id int64) {
	const id0, id1 = 24, 36 // the last group of a UUID
	if len(name) < id1 {
		return 0
	}
	if _, err := fmt.Sscanf(name[id0:id1], "%012x", &id); err != nil {
		return 0
	}
	return id
}

func downloadCostReport(ctx context.Context, tx *store.Tx, in struct {
	ID string `path:"costReportId" json:"-"`
},
) (file cloud.File, err error) {
	report, ok, err := store.Get[CostReport](ctx, tx, costReportID(in.ID))
	switch {
	case err != nil:
		return file, err
	case !ok || report.Name != in.ID:
		return file, cloud.Errorf("ENTITY_NOT_FOUND", "Cost report %q was not found.", in.ID)
	}
	return cloud.File{Name: report.Name, Content: []byte(report.Body.Content)}, nil
}
