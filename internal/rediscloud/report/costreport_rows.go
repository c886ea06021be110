package report

import (
	"bytes"
	"cmp"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// reportColumns are those of FOCUS that the service reports. doc: generate-cost-report
func reportColumns() []string {
	return []string{
		"BillingAccountId", "BillingAccountName", "BillingAccountType", "PublisherName", "PricingCategory",
		"PricingCurrency", "PricingQuantity", "PricingUnit", "BillingPeriodStart", "BillingPeriodEnd",
		"ChargePeriodStart", "ChargePeriodEnd", "BilledCost", "BillingCurrency", "ConsumedQuantity", "ConsumedUnit",
		"ContractedCost", "ContractedUnitPrice", "EffectiveCost", "ListCost", "ListUnitPrice", "RegionId", "RegionName",
		"ResourceId", "ResourceName", "ResourceType", "Tags", "SkuPriceDetails", "ChargeCategory", "ChargeDescription",
		"ChargeFrequency", "ServiceCategory", "ServiceName", "ServiceSubcategory",
	}
}

// reportRow has a text or a number for each column.
type reportRow map[string]any

// reportPeriod is the time that a report is about, and what time it is.
type reportPeriod struct{ from, to, now time.Time }

// hours is how long something was there within the period.
func (p reportPeriod) hours(created time.Time) float64 {
	from, to := p.from, p.to
	if created.After(from) {
		from = created
	}
	if p.now.Before(to) {
		to = p.now
	}
	return max(to.Sub(from).Hours(), 0)
}

// costs makes a row for each line of the price lists of the subscriptions there
// are, by the hours they were there within the period. What was deleted before
// is not remembered.
func costs(ctx context.Context, tx *store.Tx, in costReportCreate, period reportPeriod) ([]reportRow, error) {
	account, err := tx.Account(ctx)
	if err != nil {
		return nil, err
	}
	rows := []reportRow{}
	for _, family := range []struct {
		offer string
		costs func(context.Context, *store.Tx, costReportCreate, reportPeriod) ([]reportRow, error)
	}{
		{catalog.ProOffer, proCosts},
		{catalog.EssentialsOffer, essentialsCosts},
	} {
		if in.Type != "" && in.Type != family.offer {
			continue
		}
		more, err := family.costs(ctx, tx, in, period)
		if err != nil {
			return nil, err
		}
		rows = append(rows, more...)
	}
	for _, row := range rows {
		row.of(account)
	}
	return rows, nil
}

func proCosts(
	ctx context.Context, tx *store.Tx, in costReportCreate, period reportPeriod,
) (rows []reportRow, err error) {
	below, err := subscription.ProDatabases.BySubscription(ctx, tx)
	if err != nil {
		return nil, err
	}
	subs, err := store.All[subscription.Subscription](ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if !in.wantsSubscription(sub.ID) || sub.ActivatedAt == nil {
			continue
		}
		databases := subscription.Standing(sub, below[sub.ID])
		for _, db := range databases {
			for _, item := range subscription.PriceDatabases(db.Body.Pricing(db.Name)) {
				if in.wants(db.ID, db.Body.Tags, item.Region) {
					rows = append(rows, charge("Redis Cloud Pro", item, period, db.CreatedAt).
						about("Database", db.ID, db.Name, db.Body.Tags).in(sub.Body.Provider, item.Region))
				}
			}
		}
		if len(databases) > 0 {
			continue // they cost more than the minimum
		}
		for _, item := range subscription.PriceMinimum(sub.Body) {
			if in.wants(0, nil, item.Region) {
				rows = append(rows, charge("Redis Cloud Pro", item, period, sub.CreatedAt).
					about("Subscription", sub.ID, sub.Name, nil).in(sub.Body.Provider, item.Region))
			}
		}
	}
	return rows, nil
}

// essentialsCosts are the prices of plans: those of the databases, or of the
// subscriptions that have none.
func essentialsCosts(
	ctx context.Context, tx *store.Tx, in costReportCreate, period reportPeriod,
) (rows []reportRow, err error) {
	below, err := subscription.EssentialsDatabases.BySubscription(ctx, tx)
	if err != nil {
		return nil, err
	}
	subs, err := store.All[subscription.Essentials](ctx, tx)
	if err != nil {
		return nil, err
	}
	for _, sub := range subs {
		if !in.wantsSubscription(sub.ID) {
			continue
		}
		p, _ := catalog.PlanByID(sub.Body.PlanID)
		row := charge("Redis Cloud Essentials", planPricing(p), period, sub.CreatedAt).in(p.Provider, p.Region)
		if databases := below[sub.ID]; len(databases) == 0 {
			if in.wants(0, nil, p.Region) {
				rows = append(rows, row.about("Subscription", sub.ID, sub.Name, nil))
			}
		} else if db := databases[0]; in.wants(db.ID, db.Body.Tags, p.Region) {
			rows = append(rows, row.about("Database", db.ID, db.Name, db.Body.Tags))
		}
	}
	return rows, nil
}

// planPricing is the plan's price as a line by the hour, as those of Pro are.
func planPricing(p catalog.Plan) subscription.PricingItem {
	const hoursOfMonth = 730
	return subscription.PricingItem{
		Type: "Plan", TypeDetails: p.Name, Quantity: 1, QuantityMeasurement: "subscription",
		PricePerUnit: float64(p.Price) / hoursOfMonth, PriceCurrency: "USD", PricePeriod: "hour", Region: p.Region,
	}
}

func charge(service string, item subscription.PricingItem, period reportPeriod, created time.Time) reportRow {
	from, hours := period.from, period.hours(created)
	month := time.Date(from.Year(), from.Month(), 1, 0, 0, 0, 0, time.UTC)
	quantity := float64(item.Quantity) * hours
	cost := quantity * item.PricePerUnit
	details := cmp.Or(item.TypeDetails, item.Type)
	return reportRow{
		"PricingCategory": "Standard", "PricingCurrency": item.PriceCurrency, "PricingQuantity": quantity,
		"PricingUnit":        item.QuantityMeasurement + "-hours",
		"BillingPeriodStart": month.Format(time.RFC3339), "BillingPeriodEnd": month.AddDate(0, 1, 0).Format(time.RFC3339),
		"ChargePeriodStart": from.Format(time.RFC3339), "ChargePeriodEnd": period.to.Format(time.RFC3339),
		"BilledCost": cost, "BillingCurrency": item.PriceCurrency, "ConsumedQuantity": hours, "ConsumedUnit": "Hours",
		"ContractedCost": cost, "ContractedUnitPrice": item.PricePerUnit, "EffectiveCost": cost, "ListCost": cost,
		"ListUnitPrice": item.PricePerUnit, "SkuPriceDetails": details, "ChargeCategory": "Usage",
		"ChargeDescription": fmt.Sprintf("%s: %d %s", details, item.Quantity, item.QuantityMeasurement),
		"ChargeFrequency":   "Usage-Based", "ServiceCategory": "Databases", "ServiceName": service,
		"ServiceSubcategory": "Caching", "PublisherName": "Redis",
	}
}

func (r reportRow) of(a cloud.Account) {
	r["BillingAccountId"], r["BillingAccountName"] = strconv.FormatInt(a.ID, 10), a.Name
	r["BillingAccountType"] = "Account"
}

func (r reportRow) about(kind string, id int64, name string, tags []subscription.Tag) reportRow {
	labels := map[string]string{}
	for _, tag := range tags {
		labels[tag.Key] = tag.Value
	}
	r["ResourceType"], r["ResourceId"], r["ResourceName"], r["Tags"] = kind, strconv.FormatInt(id, 10), name, labels
	return r
}

func (r reportRow) in(provider, region string) reportRow {
	r["RegionId"], r["RegionName"] = region, provider+" "+region
	return r
}

// render writes rows as CSV with a line of names, or as a JSON array of objects.
func render(rows []reportRow, format string) (string, error) {
	if format == reportJSON {
		text, err := json.Marshal(rows)
		return string(text), err
	}
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	columns := reportColumns()
	records := [][]string{columns}
	for _, row := range rows {
		record := make([]string, len(columns))
		for i, column := range columns {
			record[i] = cell(row[column])
		}
		records = append(records, record)
	}
	err := w.WriteAll(records)
	return out.String(), err
}

// cell is a value in CSV; tags are JSON there too.
func cell(value any) string {
	switch v := value.(type) {
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64)
	case map[string]string:
		text, _ := json.Marshal(v) // texts can always be written
		return string(text)
	default:
		return fmt.Sprint(value)
	}
}
