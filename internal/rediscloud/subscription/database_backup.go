package subscription

import (
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Backup is how a database is backed up by itself.
type Backup struct {
	Interval    string `json:"interval"`
	TimeUTC     string `json:"timeUTC,omitempty"` // a full hour such as 15:00; empty: any
	StorageType string `json:"storageType"`
	Path        string `json:"path"` // a URI
}

const (
	every24Hours = "every-24-hours"
	every12Hours = "every-12-hours"
)

// backupSpec is what a request says about backups.
type backupSpec struct {
	Active      *bool  `json:"active"` // false ends them, and nothing else is looked at
	Interval    string `json:"interval"`
	TimeUTC     string `json:"timeUTC"`
	StorageType string `json:"storageType"`
	Path        string `json:"storagePath"`
}

// applyBackup takes either form. The older one is but a path: its scheme tells
// the type of storage, and a backup is made once a day.
func (s databaseSettings) applyBackup(d *Database) error {
	path := ""
	if s.BackupPath != nil {
		path = *s.BackupPath
	}
	switch spec := s.RemoteBackup; {
	case spec != nil && spec.Active != nil && !*spec.Active && path == "":
		d.Backup = nil
	case spec != nil && path != "":
		return cloud.Errorf("DATABASE_INVALID_TOO_MANY_BACKUP_SPECIFICATIONS",
			"Give backups either as remoteBackup or as periodicBackupPath, not both.")
	case spec != nil:
		d.Backup = &Backup{Interval: spec.Interval, TimeUTC: spec.TimeUTC, StorageType: spec.StorageType, Path: spec.Path}
	case path != "":
		d.Backup = &Backup{Interval: every24Hours, StorageType: storageOf(path), Path: path}
	}
	return nil
}

func storageOf(path string) string {
	uri, err := url.Parse(path)
	if err != nil {
		return ""
	}
	return map[string]string{
		"s3":   "aws-s3",
		"gs":   "google-blob-storage",
		"abs":  "azure-blob-storage",
		"ftp":  "ftp",
		"ftps": "ftp",
	}[uri.Scheme]
}

func checkBackup(d Database) error {
	if d.Backup == nil {
		return nil
	}
	b := *d.Backup
	intervals := []string{every24Hours, every12Hours, "every-6-hours", "every-4-hours", "every-2-hours", "every-1-hours"}
	storages := []string{"aws-s3", "google-blob-storage", "azure-blob-storage", "ftp"}
	path, err := url.Parse(b.Path)
	switch {
	case !slices.Contains(intervals, b.Interval):
		return cloud.Errorf("DATABASE_INVALID_BACKUP_INTERVAL", "Backups cannot be made at the interval %q.", b.Interval)
	case b.TimeUTC != "" && !isFullHour(b.TimeUTC):
		return cloud.Errorf("DATABASE_INVALID_BACKUP_TIME_UTC", "%q is not a full hour of the day, such as 15:00.", b.TimeUTC)
	case b.TimeUTC != "" && b.Interval != every24Hours && b.Interval != every12Hours:
		return cloud.Errorf("DATABASE_INVALID_BACKUP_INTERVAL_AND_TIME_UTC_MISMATCH",
			"A time of day needs the interval %s or %s.", every24Hours, every12Hours)
	case !slices.Contains(storages, b.StorageType):
		return cloud.Errorf("DATABASE_INVALID_BACKUP_STORAGE_TYPE",
			"Backups cannot be kept in a storage of the type %q.", b.StorageType)
	case err != nil || path.Scheme == "" || path.Host+path.Path == "":
		return cloud.Errorf("DATABASE_INVALID_BACKUP_PATH", "%q is not the URI of a place for backups.", b.Path)
	}
	return nil
}

func isFullHour(text string) bool {
	t, err := time.Parse("15:04", text)
	return err == nil && t.Minute() == 0 && len(text) == len("15:04")
}

// backupView is how a client sees backups: other names than it used to ask for them.
type backupView struct {
	Enabled     bool   `json:"enableRemoteBackup"`
	Interval    string `json:"interval,omitempty"`
	TimeUTC     string `json:"timeUTC,omitempty"`
	Destination string `json:"destination,omitempty"`
}

func (b *Backup) show() backupView {
	if b == nil {
		return backupView{}
	}
	return backupView{Enabled: true, Interval: b.Interval, TimeUTC: b.TimeUTC, Destination: b.Path}
}

// inTheMorning names, of the two hours of a twelve-hour interval, the first one: as
// the API does. Where a database is Active-Active, the official provider takes any
// other hour than its own for a failure.
func (v backupView) inTheMorning() backupView {
	if t, err := time.Parse("15:04", v.TimeUTC); err == nil && v.Interval == every12Hours {
		v.TimeUTC = fmt.Sprintf("%02d:00", t.Hour()%12)
	}
	return v
}
