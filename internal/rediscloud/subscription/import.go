package subscription

import (
	"context"
	"net/url"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// importLength is how long an import takes.
const importLength cloud.Length = "database.import"

func importOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("importProDatabase", ProDatabases.importDatabase),
		engine.Task("getProDatabaseImportStatus", ProDatabases.getImportStatus),
		engine.Task("importEssentialsDatabase",
			unlessPro("IMPORT_A_FIXED_DATABASE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
				EssentialsDatabases.importDatabase)),
		engine.Task("getEssentialsDatabaseImportStatus", EssentialsDatabases.getImportStatus),
	}
}

type databaseImport struct {
	Subscription int64    `path:"subscriptionId" json:"-"`
	ID           int64    `path:"databaseId" json:"-"`
	Source       string   `json:"sourceType"`
	URIs         []string `json:"importFromUri"`
}

// The database stays active and its data is what it was: there is none.
func (s Databases) importDatabase(
	ctx context.Context, tx *store.Tx, in databaseImport,
) (out engine.Outcome, err error) {
	db, err := s.lockActive(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	if db.Body.Protocol == memcached {
		return out, cloud.Errorf("DATABASE_IMPORT_NOT_ALLOWED", "Nothing can be imported with the protocol %s.", memcached)
	}
	if err := in.check(); err != nil {
		return out, err
	}
	return outcomeOf(db), runJob(ctx, tx, db.ID, importJob, importLength)
}

func (in databaseImport) check() error {
	if len(in.URIs) == 0 {
		return cloud.Errorf("DATABASE_IMPORT_URI_NOT_PROVIDED", "Name where to import from.")
	}
	schemes, code := importSource(in.Source)
	for i, text := range in.URIs {
		uri, err := url.Parse(text)
		switch {
		case err != nil || uri.Host == "" || !slices.Contains(schemes, uri.Scheme):
			return cloud.Errorf(code, "%q is not the URI of a source of the type %s.", text, in.Source)
		case slices.Contains(in.URIs[:i], text):
			return cloud.Errorf("DUPLICATE_DATABASE_IMPORT_SOURCE_PATH", "%s is listed twice.", text)
		}
	}
	if in.Source == redis && len(in.URIs) > 1 {
		return cloud.Errorf("DATABASE_IMPORT_MULTIPLE_REDIS_SOURCES",
			"Data is imported from one Redis database, not %d.", len(in.URIs))
	}
	return nil
}

// importSource returns what URIs of a type of source begin with, and the rule that
// others break. The document knows no further types.
func importSource(source string) (schemes []string, invalid cloud.Code) {
	switch source {
	case redis:
		return []string{"redis", "rediss"}, "DATABASE_IMPORT_REDIS_BAD_URI"
	case "http":
		return []string{"http", "https"}, "DATABASE_IMPORT_HTTP_BAD_URI"
	case "ftp":
		return []string{"ftp", "ftps"}, "DATABASE_IMPORT_FTP_BAD_URI"
	case "aws-s3":
		return []string{"s3"}, "DATABASE_IMPORT_S3_BAD_URI"
	case "azure-blob-storage":
		return []string{"abs"}, "DATABASE_IMPORT_AZURE_BAD_URI"
	default:
		return []string{"gs"}, "DATABASE_IMPORT_GCS_BAD_URI"
	}
}

// importStatus is empty while nothing was ever imported.
type importStatus struct {
	Status         string     `json:"status,omitempty"`
	LastImportTime *time.Time `json:"lastImportTime,omitempty"`
	FailureReason  string     `json:"failureReason,omitempty"`
}

func (s Databases) getImportStatus(ctx context.Context, tx *store.Tx, in databasePath) (any, error) {
	db, err := s.read(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	job, ok, err := lastJob(ctx, tx, db.ID, importJob)
	if err != nil {
		return nil, err
	}
	var status importStatus
	if ok {
		status = importStatus{Status: jobStatus(job.Status, "importing", "success"), FailureReason: failureOf(job)}
		if job.Status != cloud.StatusPending {
			status.LastImportTime = new(wire.Date(job.UpdatedAt))
		}
	}
	out := outcomeOf(db)
	out.Resource = status
	return out, nil
}
