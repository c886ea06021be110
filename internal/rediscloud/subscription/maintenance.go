package subscription

import (
	"cmp"
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

// Modes of maintenance.
const (
	automatic = "automatic"
	manual    = "manual"
)

// Bounds of maintenance windows. doc: subscriptions/maintenance/set-maintenance-windows
const (
	maxWindows       = 7
	minWindowHours   = 4
	minFlashHours    = 8 // with ram-and-flash
	maxWindowHours   = 24
	skipsEveryMonth  = 1
	lastHourOfTheDay = 23
)

// Maintenance says when a subscription may be maintained.
type Maintenance struct {
	Mode    string              `json:"mode"`
	Windows []MaintenanceWindow `json:"windows,omitempty"` // as given, with manual only
}

// MaintenanceWindow is a stretch of time in the subscription's region.
type MaintenanceWindow struct {
	StartHour       *int     `json:"startHour"` // 0 to 23
	DurationInHours *int     `json:"durationInHours"`
	Days            []string `json:"days"`
}

func maintenanceOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("getProSubscriptionMaintenanceWindows", getMaintenance),
		engine.Task("updateProSubscriptionMaintenanceWindows", updateMaintenance),
	}
}

type maintenanceView struct {
	Maintenance
	TimeZone   string           `json:"timeZone"`
	SkipStatus maintenanceSkips `json:"skipStatus"`
}

type maintenanceSkips struct {
	RemainingSkips int `json:"remainingSkips"`
}

// There are no windows to show before the subscription was active for the first
// time: the service answers 404 until then.
func getMaintenance(ctx context.Context, tx *store.Tx, in Path) (out maintenanceView, err error) {
	sub, err := ReadSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	if sub.ActivatedAt == nil {
		return out, cloud.Errorf("SUBSCRIPTION_NOT_FOUND",
			"The maintenance windows of subscription %d were not found: it has none before it is active.", sub.ID)
	}
	r, _ := catalog.RegionNamed(sub.Body.Provider, sub.Body.locations()[0].Name)
	return maintenanceView{
		Maintenance: sub.Body.Maintenance,
		TimeZone:    r.TimeZone,
		SkipStatus:  maintenanceSkips{RemainingSkips: skipsEveryMonth},
	}, nil
}

type maintenanceUpdate struct {
	ID int64 `path:"subscriptionId" json:"-"`
	Maintenance
}

func updateMaintenance(ctx context.Context, tx *store.Tx, in maintenanceUpdate) (out engine.Outcome, err error) {
	sub, err := ActiveSubscription(ctx, tx, in.ID)
	if err != nil {
		return out, err
	}
	sub.Body.Maintenance = in.Maintenance
	sub.Body.Maintenance.Mode = cmp.Or(in.Mode, automatic)
	if err := sub.Body.Maintenance.check(sub.Body.MemoryStorage); err != nil {
		return out, err
	}
	store.Update(tx, sub)
	return engine.Outcome{ResourceID: sub.ID}, nil
}

func (m Maintenance) check(memoryStorage string) error {
	switch {
	case m.Mode != manual && m.Mode != automatic:
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_MAINTENANCE_WINDOW_MODE_PROVIDED",
			"Maintenance is either %s or %s, not %q.", manual, automatic, m.Mode)
	case m.Mode == automatic && len(m.Windows) > 0:
		return cloud.Errorf("MAINTENANCE_WINDOW_AUTOMATIC_MODE_WITH_MAINTENANCE_WINDOWS",
			"Automatic mode cannot be set with a manual maintenance window")
	case m.Mode == manual && len(m.Windows) == 0:
		return cloud.Errorf("MAINTENANCE_WINDOW_MANUAL_MODE_WITH_NO_MAINTENANCE_WINDOWS",
			"Must provide at least one maintenance window with manual maintenance mode")
	case len(m.Windows) > maxWindows:
		return cloud.Errorf("MAINTENANCE_WINDOW_GREATER_THAN_MAXIMUM_ALLOWABLE_MAINTENANCE_WINDOWS_PROVIDED",
			"There can be up to %d maintenance windows.", maxWindows)
	}
	for _, w := range m.Windows {
		if err := w.check(memoryStorage); err != nil {
			return err
		}
	}
	return nil
}

func (w MaintenanceWindow) check(memoryStorage string) error {
	if w.StartHour == nil || w.DurationInHours == nil {
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_MAINTENANCE_WINDOW_SPEC_PROVIDED",
			"A maintenance window needs a start hour and a duration.")
	}
	if start := *w.StartHour; start < 0 || start > lastHourOfTheDay {
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_START_HOUR",
			"A maintenance window starts at an hour from 0 to %d, not %d.", lastHourOfTheDay, start)
	}
	if err := checkWindowHours(*w.DurationInHours, memoryStorage); err != nil {
		return err
	}
	return checkWindowDays(w.Days)
}

func checkWindowHours(hours int, memoryStorage string) error {
	switch {
	case memoryStorage != catalog.RAM && memoryStorage != catalog.RAMAndFlash:
		return cloud.Errorf("MAINTENANCE_WINDOW_UNKNOWN_MEMORY_STORAGE_TYPE",
			"How long maintenance takes is not known for memory storage %q.", memoryStorage)
	case hours < minWindowHours || hours > maxWindowHours:
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_DURATION_IN_HOURS",
			"A maintenance window is %d to %d hours long, not %d.", minWindowHours, maxWindowHours, hours)
	case memoryStorage == catalog.RAMAndFlash && hours < minFlashHours:
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_DURATION_FOR_ROF_SUBSCRIPTION",
			"With %s a maintenance window is at least %d hours long, not %d.", catalog.RAMAndFlash, minFlashHours, hours)
	}
	return nil
}

func checkWindowDays(days []string) error {
	week := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	if len(days) == 0 {
		return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_DAYS", "A maintenance window is on at least one day.")
	}
	for i, day := range days {
		if !slices.Contains(week, day) {
			return cloud.Errorf("MAINTENANCE_WINDOW_INVALID_DAYS", "%q is not a day of the week, such as Monday.", day)
		}
		if slices.Contains(days[:i], day) {
			return cloud.Errorf("MAINTENANCE_WINDOW_DUPLICATE_DAYS", "%s is listed twice in a maintenance window.", day)
		}
	}
	return nil
}
