package rediscloud_test

import (
	"fmt"
	"net/http"
	"path"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
)

// kinds are an active database of each kind of subscription, by its path.
func kinds(a *apitest.Account) (pro, fixed string) {
	sub := a.Subscription("pro")
	pro = fmt.Sprintf("%s/databases/%.0f",
		sub, a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	sub = essentials(a, smallPlan)
	fixed = fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", map[string]any{
		"name": "fixed", "protocol": "redis", "redisVersion": "7.2", "modules": []any{map[string]any{"name": "RediSearch"}},
	}))
	a.Settle(fixed, "active")
	return pro, fixed
}

// activeActive makes an Active-Active database in us-east-1 and us-east-2.
func activeActive(tb testing.TB, a *apitest.Account) (path string) {
	tb.Helper()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")
	return fmt.Sprintf("%s/databases/%d", sub, firstDatabase(tb, a, sub))
}

// wantResource checks members of what a task has read.
func wantResource(t *testing.T, task apitest.Answer, want map[string]any) {
	t.Helper()
	wantDone(t, task)
	for name, value := range want {
		if got := task.Get("response", "resource", name); got != value {
			t.Errorf("resource.%s: got %v, want %v: %s", name, got, value, task.Body)
		}
	}
	if task.Get("response", "resourceId") == nil || task.Get("response", "additionalResourceId") == nil {
		t.Errorf("the task does not name the database: %s", task.Body)
	}
}

func TestBackups(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	for _, db := range []string{pro, fixed} {
		backup := func(body any) apitest.Answer { return a.Run(http.MethodPost, db+"/backup", body) }
		status := func() apitest.Answer { return a.Run(http.MethodGet, db+"/backup", nil) }
		wantError(t, status(), "DATABASE_BACKUP_DISABLED")
		wantError(t, backup(nil), "DATABASE_BACKUP_NOT_CONFIGURED")
		wantError(t, backup(map[string]any{"adhocBackupPath": "nowhere"}), "DATABASE_INVALID_BACKUP_PATH")
		a.Run(http.MethodPut, db, map[string]any{"periodicBackupPath": "s3://bucket/path"})
		wantError(t, backup(nil), "DATABASE_NOT_ACTIVE")
		a.Settle(db, "active")
		wantResource(t, status(), map[string]any{"status": nil, "lastBackupTime": nil})
		wantDone(t, backup(nil))
		wantResource(t, status(), map[string]any{"status": "in-progress", "lastBackupTime": nil})
		// A change of the database does not lose the backup's end.
		wantDone(t, a.Run(http.MethodPut, db, map[string]any{"name": "changed"}))
		a.Settle(db, "active")
		apitest.Eventually(t, "backup is made", func() bool {
			return status().Get("response", "resource", "status") == "success"
		})
		first := status().Get("response", "resource", "lastBackupTime")
		a.Advance(time.Hour)

		a.Fault(fault.Rule{When: fault.When{First: 1}, Effect: fault.Effect{
			Do: "provisioning-error", Code: "GENERAL_ERROR", Message: "No room.",
		}})
		wantDone(t, backup(map[string]any{"adhocBackupPath": "gs://bucket/path"}))
		a.Settle(db, "active")
		apitest.Eventually(t, "backup has failed", func() bool {
			return status().Get("response", "resource", "status") == "failed"
		})
		wantResource(t, status(), map[string]any{"failureReason": "No room."})
		if again := status().Get("response", "resource", "lastBackupTime"); first == nil || again == first {
			t.Errorf("backups at %v and %v", first, again)
		}
	}
	wantError(t, a.Run(http.MethodPost, pro+"/backup", map[string]any{"regionName": "us-east-1"}),
		"BACKUP_REGION_NAME_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodGet, pro+"/backup?regionName=us-east-1", nil),
		"BACKUP_STATUS_REGION_NAME_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodGet, path.Dir(pro)+"/1/backup", nil), "DATABASE_NOT_FOUND")

	free := fmt.Sprintf("%s/%d",
		"/v1/fixed/subscriptions", a.Create("/v1/fixed/subscriptions", map[string]any{"name": "free", "planId": freePlan}))
	a.Settle(free, "active")
	db := fmt.Sprintf("%s/databases/%d", free, a.Create(free+"/databases", map[string]any{"name": "free"}))
	a.Settle(db, "active")
	wantError(t, a.Run(http.MethodPost, db+"/backup", nil), "DATABASE_BACKUP_NOT_SUPPORTED")
}

func TestImports(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	for _, db := range []string{pro, fixed} {
		load := func(source string, uris ...string) apitest.Answer {
			return a.Run(http.MethodPost, db+"/import", map[string]any{
				"sourceType": source, "importFromUri": append([]string{}, uris...),
			})
		}
		status := func() apitest.Answer { return a.Run(http.MethodGet, db+"/import", nil) }
		wantResource(t, status(), map[string]any{"status": nil})
		for _, tt := range []struct {
			task apitest.Answer
			code cloud.Code
		}{
			{load("redis"), "DATABASE_IMPORT_URI_NOT_PROVIDED"},
			{load("redis", "http://a"), "DATABASE_IMPORT_REDIS_BAD_URI"},
			{load("http", "s3://a"), "DATABASE_IMPORT_HTTP_BAD_URI"},
			{load("ftp", "a"), "DATABASE_IMPORT_FTP_BAD_URI"},
			{load("aws-s3", "gs://a"), "DATABASE_IMPORT_S3_BAD_URI"},
			{load("azure-blob-storage", "s3://a"), "DATABASE_IMPORT_AZURE_BAD_URI"},
			{load("google-blob-storage", "s3://a"), "DATABASE_IMPORT_GCS_BAD_URI"},
			{load("aws-s3", "s3://a", "s3://a"), "DUPLICATE_DATABASE_IMPORT_SOURCE_PATH"},
			{load("redis", "redis://a:1", "redis://b:1"), "DATABASE_IMPORT_MULTIPLE_REDIS_SOURCES"},
		} {
			wantError(t, tt.task, tt.code)
		}
		got := a.Do(http.MethodPost, db+"/import", map[string]any{"sourceType": "tape", "importFromUri": []string{}})
		if got.Status != 400 {
			t.Errorf("from a tape: got %d, want 400", got.Status)
		}
		wantDone(t, load("aws-s3", "s3://bucket/a.rdb", "s3://bucket/b.rdb"))
		wantResource(t, status(), map[string]any{"status": "importing"})
		a.Settle(db, "active")
		apitest.Eventually(t, "import is done", func() bool {
			return status().Get("response", "resource", "status") == "success"
		})
		if status().Get("response", "resource", "lastImportTime") == nil {
			t.Errorf("no time of the import: %s", status().Body)
		}
	}
}

func TestUpgrades(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	sub := pro[:len("/v1/subscriptions/")+6]
	old := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", map[string]any{
		"name": "old", "datasetSizeInGb": 1, "redisVersion": "7.2", "modules": []any{map[string]any{"name": "RediSearch"}},
	}))
	a.Settle(old, "active")
	for db, meanwhile := range map[string]string{old: "active-upgrade-pending", fixed: "active-change-pending"} {
		upgrade := func(version string) apitest.Answer {
			return a.Run(http.MethodPost, db+"/upgrade", map[string]any{"targetRedisVersion": version})
		}
		status := func() apitest.Answer { return a.Do(http.MethodGet, db+"/upgrade", nil) }
		targets := a.Do(http.MethodGet, db+"/available-target-versions", nil)
		if targets.Get("targets", 0, "redisVersion") != "8.6" || targets.Get("targets", 3, "redisVersion") != "7.4" ||
			targets.Get("targets", 4) != nil {
			t.Errorf("targets: got %s", targets.Body)
		}
		if got := status(); got.Status != 404 {
			t.Errorf("never upgraded: got %d, want 404", got.Status)
		}
		for _, version := range []string{"6.2", "7.2", "9.9", ""} {
			wantError(t, upgrade(version), "DATABASE_UPGRADE_INVALID_REDIS_VERSION")
		}
		wantDone(t, upgrade("8.2"))
		wantMembers(t, "being upgraded", a.Do(http.MethodGet, db, nil), map[string]any{
			"status": meanwhile, "redisVersion": "7.2",
		})
		wantMembers(t, "upgrade", status(), map[string]any{
			"upgradeStatus": "in-progress", "progress": 0, "targetRedisVersion": "8.2",
		})
		wantError(t, upgrade("8.4"), "DATABASE_UPGRADE_IS_ALREADY_RUNNING")
		a.Advance(time.Minute)
		apitest.Eventually(t, "half done", func() bool { return status().Get("progress") == 50.0 })
		a.Settle(db, "active")
		apitest.Eventually(t, "upgraded", func() bool { return status().Get("upgradeStatus") == "done" })
		wantMembers(t, "upgrade", status(), map[string]any{"progress": 100})
		wantMembers(t, "upgraded", a.Do(http.MethodGet, db, nil), map[string]any{"redisVersion": "8.2", "modules": "[]"})
		// What the new version has built in does not stand in the way of changes.
		wantDone(t, a.Run(http.MethodPut, db, map[string]any{"name": "changed"}))
		a.Settle(db, "active")
		wantDone(t, upgrade("8.4"))
		wantMembers(t, "second upgrade", status(), map[string]any{"progress": 0, "targetRedisVersion": "8.4"})
	}
	memcached := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", map[string]any{"name": "cache", "datasetSizeInGb": 1, "protocol": "memcached"}))
	a.Settle(memcached, "active")
	wantError(t, a.Run(http.MethodPost, memcached+"/upgrade", map[string]any{"targetRedisVersion": "8.6"}),
		"DATABASE_UPGRADE_OF_MEMCACHED_IS_NOT_SUPPORTED")

	several := activeActive(t, a)
	wantError(t, a.Run(http.MethodPost, several+"/upgrade", map[string]any{"targetRedisVersion": "8.6"}),
		"ACTIVE_ACTIVE_DATABASE_UPGRADE_IS_NOT_SUPPORTED")
	if got := a.Do(http.MethodGet, several+"/available-target-versions", nil); fmt.Sprint(got.Get("targets")) != "[]" {
		t.Errorf("targets of an Active-Active database: got %s", got.Body)
	}
}

func TestSlowLogAndFlush(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	several := activeActive(t, a)
	for _, path := range []string{
		pro + "/slow-log", pro + "/slow-log?regionName=us-east-1", fixed + "/slow-log",
		several + "/slow-log?regionName=us-east-1",
	} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != 200 || fmt.Sprint(got.Get("entries")) != "[]" {
			t.Errorf("GET %s: got %d %s", path, got.Status, got.Body)
		}
	}
	for _, path := range []string{several + "/slow-log", several + "/slow-log?regionName=eu-west-1"} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != 400 {
			t.Errorf("GET %s: got %d %s, want 400", path, got.Status, got.Body)
		}
	}
	wantDone(t, a.Run(http.MethodPut, pro+"/flush", nil))
	wantDone(t, a.Run(http.MethodPut, several+"/flush", nil))
}
