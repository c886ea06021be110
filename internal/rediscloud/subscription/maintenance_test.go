package subscription

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

func TestMaintenanceRules(t *testing.T) {
	t.Parallel()

	window := func(start, hours int, days ...string) MaintenanceWindow {
		return MaintenanceWindow{StartHour: &start, DurationInHours: &hours, Days: days}
	}
	start := 3
	good := window(0, 4, "Monday", "Sunday")
	seven := []MaintenanceWindow{good, good, good, good, good, good, good}
	for _, tt := range []struct {
		name    string
		m       Maintenance
		storage string
		want    cloud.Code
	}{
		{"automatic", Maintenance{Mode: automatic}, catalog.RAM, ""},
		{"manual", Maintenance{manual, []MaintenanceWindow{good}}, catalog.RAM, ""},
		{"seven windows", Maintenance{manual, seven}, catalog.RAM, ""},
		{"longest window", Maintenance{manual, []MaintenanceWindow{window(23, 24, "Friday")}}, catalog.RAM, ""},
		{"flash", Maintenance{manual, []MaintenanceWindow{window(1, 8, "Friday")}}, catalog.RAMAndFlash, ""},
		{
			"no such mode",
			Maintenance{Mode: "never"},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_MAINTENANCE_WINDOW_MODE_PROVIDED",
		},
		{
			"automatic with a window",
			Maintenance{automatic, []MaintenanceWindow{good}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_AUTOMATIC_MODE_WITH_MAINTENANCE_WINDOWS",
		},
		{
			"manual without",
			Maintenance{Mode: manual},
			catalog.RAM,
			"MAINTENANCE_WINDOW_MANUAL_MODE_WITH_NO_MAINTENANCE_WINDOWS",
		},
		{
			"eight windows",
			Maintenance{manual, append(seven, good)},
			catalog.RAM,
			"MAINTENANCE_WINDOW_GREATER_THAN_MAXIMUM_ALLOWABLE_MAINTENANCE_WINDOWS_PROVIDED",
		},
		{
			"window without duration",
			Maintenance{manual, []MaintenanceWindow{{StartHour: &start, Days: good.Days}}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_MAINTENANCE_WINDOW_SPEC_PROVIDED",
		},
		{
			"starts at 24",
			Maintenance{manual, []MaintenanceWindow{good, window(24, 4, "Monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_START_HOUR",
		},
		{
			"starts before the day",
			Maintenance{manual, []MaintenanceWindow{window(-1, 4, "Monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_START_HOUR",
		},
		{
			"too short",
			Maintenance{manual, []MaintenanceWindow{window(0, 3, "Monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_DURATION_IN_HOURS",
		},
		{
			"too long",
			Maintenance{manual, []MaintenanceWindow{window(0, 25, "Monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_DURATION_IN_HOURS",
		},
		{
			"too short for flash",
			Maintenance{manual, []MaintenanceWindow{window(0, 7, "Monday")}},
			catalog.RAMAndFlash,
			"MAINTENANCE_WINDOW_INVALID_DURATION_FOR_ROF_SUBSCRIPTION",
		},
		{
			"unknown storage",
			Maintenance{manual, []MaintenanceWindow{good}},
			"tape",
			"MAINTENANCE_WINDOW_UNKNOWN_MEMORY_STORAGE_TYPE",
		},
		{"no days", Maintenance{manual, []MaintenanceWindow{window(0, 4)}}, catalog.RAM, "MAINTENANCE_WINDOW_INVALID_DAYS"},
		{
			"no such day",
			Maintenance{manual, []MaintenanceWindow{window(0, 4, "monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_INVALID_DAYS",
		},
		{
			"a day twice",
			Maintenance{manual, []MaintenanceWindow{window(0, 4, "Monday", "Friday", "Monday")}},
			catalog.RAM,
			"MAINTENANCE_WINDOW_DUPLICATE_DAYS",
		},
		{
			"a day in two windows",
			Maintenance{manual, []MaintenanceWindow{window(0, 4, "Monday"), window(12, 4, "Monday")}},
			catalog.RAM,
			"",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := cloudtest.CodeOf(t, tt.m.check(tt.storage)); got != tt.want {
				t.Errorf("got code %q, want %q", got, tt.want)
			}
		})
	}
}
