package catalog

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
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
		{"automatic", Maintenance{Mode: automatic}, ram, ""},
		{"manual", Maintenance{manual, []MaintenanceWindow{good}}, ram, ""},
		{"seven windows", Maintenance{manual, seven}, ram, ""},
		{"longest window", Maintenance{manual, []MaintenanceWindow{window(23, 24, "Friday")}}, ram, ""},
		{"flash", Maintenance{manual, []MaintenanceWindow{window(1, 8, "Friday")}}, ramAndFlash, ""},
		{"no such mode", Maintenance{Mode: "never"}, ram, cloud.MaintenanceModeInvalid},
		{"automatic with a window", Maintenance{automatic, []MaintenanceWindow{good}}, ram, cloud.MaintenanceWindowsDenied},
		{"manual without", Maintenance{Mode: manual}, ram, cloud.MaintenanceWindowsMissing},
		{"eight windows", Maintenance{manual, append(seven, good)}, ram, cloud.MaintenanceWindowsLimit},
		{"window without duration", Maintenance{manual, []MaintenanceWindow{{StartHour: &start, Days: good.Days}}}, ram, cloud.MaintenanceWindowInvalid},
		{"starts at 24", Maintenance{manual, []MaintenanceWindow{good, window(24, 4, "Monday")}}, ram, cloud.MaintenanceStartInvalid},
		{"starts before the day", Maintenance{manual, []MaintenanceWindow{window(-1, 4, "Monday")}}, ram, cloud.MaintenanceStartInvalid},
		{"too short", Maintenance{manual, []MaintenanceWindow{window(0, 3, "Monday")}}, ram, cloud.MaintenanceHoursInvalid},
		{"too long", Maintenance{manual, []MaintenanceWindow{window(0, 25, "Monday")}}, ram, cloud.MaintenanceHoursInvalid},
		{"too short for flash", Maintenance{manual, []MaintenanceWindow{window(0, 7, "Monday")}}, ramAndFlash, cloud.MaintenanceHoursFlash},
		{"unknown storage", Maintenance{manual, []MaintenanceWindow{good}}, "tape", cloud.MaintenanceStorageUnknown},
		{"no days", Maintenance{manual, []MaintenanceWindow{window(0, 4)}}, ram, cloud.MaintenanceDaysInvalid},
		{"no such day", Maintenance{manual, []MaintenanceWindow{window(0, 4, "monday")}}, ram, cloud.MaintenanceDaysInvalid},
		{"a day twice", Maintenance{manual, []MaintenanceWindow{window(0, 4, "Monday", "Friday", "Monday")}}, ram, cloud.MaintenanceDaysTwice},
		{"a day in two windows", Maintenance{manual, []MaintenanceWindow{window(0, 4, "Monday"), window(12, 4, "Monday")}}, ram, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := codeOf(t, tt.m.check(tt.storage)); got != tt.want {
				t.Errorf("got code %q, want %q", got, tt.want)
			}
		})
	}
}
