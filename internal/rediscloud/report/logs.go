package report

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// logPage is how many entries a page of a log has, unless another limit is named.
const logPage = 100

func logOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listSystemLogs", listSystemLogs),
		engine.Answer("listSessionLogs", listSessionLogs),
	}
}

type systemLog struct {
	Entries []systemLogEntry `json:"entries"`
	wire.Linked
}

type systemLogEntry struct {
	ID          int64     `json:"id"`
	Time        time.Time `json:"time"`
	Originator  string    `json:"originator"`
	APIKeyName  string    `json:"apiKeyName,omitempty"`
	Resource    string    `json:"resource,omitempty"`
	ResourceID  int64     `json:"resourceId,omitempty"`
	Type        string    `json:"type"`
	Description string    `json:"description"`
}

// The system log is the tasks that changed something, or were to: nothing is
// written down twice. It reaches back as far as tasks are kept.
func listSystemLogs(ctx context.Context, tx *store.Tx, in struct {
	logRange
	Resource int64 `query:"resourceId" json:"-"`
},
) (*systemLog, error) {
	page, account, err := in.of(ctx, tx)
	if err != nil {
		return nil, err
	}
	page.Resource = in.Resource
	changes, err := tx.Changes(ctx, page)
	if err != nil {
		return nil, err
	}
	log := &systemLog{Entries: []systemLogEntry{}}
	for _, change := range changes {
		log.Entries = append(log.Entries, systemLogEntry{
			ID:          change.Seq,
			Time:        change.UpdatedAt.UTC(),
			Originator:  account.OwnerName,
			APIKeyName:  change.KeyName,
			Resource:    change.ResourceName,
			ResourceID:  change.Response.ResourceID,
			Type:        logType(change.Command),
			Description: logText(change.Task),
		})
	}
	return log, nil
}

// logRange is the part of a log that is asked for.
type logRange struct {
	Offset int     `query:"offset" json:"-"`
	Limit  *int    `query:"limit" json:"-"`
	Start  *string `query:"startTime" json:"-"`
	End    *string `query:"endTime" json:"-"`
}

// of returns the account and the part of its log that r asks for.
func (r logRange) of(ctx context.Context, tx *store.Tx) (page store.Page, account cloud.Account, err error) {
	page = store.Page{Offset: r.Offset, Limit: logPage}
	subscription.Set(&page.Limit, r.Limit)
	if page.From, err = logTime("startTime", r.Start); err != nil {
		return page, account, err
	}
	if page.To, err = logTime("endTime", r.End); err != nil {
		return page, account, err
	}
	account, err = tx.Account(ctx)
	return page, account, err
}

func logTime(name string, text *string) (*time.Time, error) {
	if text == nil {
		return nil, nil //nolint:nilnil // not bounded
	}
	t, err := time.Parse(time.RFC3339, *text)
	if err != nil {
		return nil, cloud.Errorf("BAD_REQUEST", "%s is a time such as 2026-01-31T00:00:00Z, not %q.", name, *text)
	}
	return &t, nil
}

// logType is what an entry is about, going by the commandType of the task.
func logType(command string) string {
	lower := strings.ToLower(command)
	switch {
	case strings.Contains(lower, "database"), strings.HasPrefix(lower, "crdb"):
		return "Database"
	case strings.Contains(lower, "subscription"), strings.HasPrefix(lower, "cidr"),
		strings.HasPrefix(lower, "activeactiveregion"):
		return "Subscription"
	default:
		return "Account"
	}
}

// logText says what was asked for, in the words of the commandType, and what
// became of it.
func logText(task cloud.Task) string {
	var words strings.Builder
	for i, r := range strings.TrimSuffix(task.Command, "Request") {
		switch {
		case i == 0:
			words.WriteRune(unicode.ToUpper(r))
		case unicode.IsUpper(r):
			words.WriteRune(' ')
			words.WriteRune(unicode.ToLower(r))
		default:
			words.WriteRune(r)
		}
	}
	if failure := task.Response.Error; failure != nil {
		return fmt.Sprintf("%s failed: %s", words.String(), failure.Code)
	}
	return words.String() + " completed"
}

type sessionLog struct {
	Entries []sessionLogEntry `json:"entries"`
	wire.Linked
}

type sessionLogEntry struct {
	ID        string    `json:"id"`
	Time      time.Time `json:"time"`
	User      string    `json:"user"`
	UserAgent string    `json:"userAgent"`
	IPAddress string    `json:"ipAddress"`
	UserRole  string    `json:"userRole"`
	Type      string    `json:"type"`
	Action    string    `json:"action"`
}

// Nobody logs in to the stand-in, so a session is a day on which the account asked
// for something: its owner came when the first request did.
func listSessionLogs(ctx context.Context, tx *store.Tx, in logRange) (*sessionLog, error) {
	page, account, err := in.of(ctx, tx)
	if err != nil {
		return nil, err
	}
	days, err := tx.BusyDays(ctx, page)
	if err != nil {
		return nil, err
	}
	log := &sessionLog{Entries: []sessionLogEntry{}}
	for _, day := range days {
		log.Entries = append(log.Entries, sessionLogEntry{
			ID:        derive.Hex(account.ID, "session "+day.UTC().Format(time.DateOnly), 24),
			Time:      day.UTC(),
			User:      account.OwnerEmail,
			UserAgent: "understudy",
			IPAddress: "127.0.0.1",
			UserRole:  "Owner",
			Type:      "Session",
			Action:    "Login",
		})
	}
	return log, nil
}
