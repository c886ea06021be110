package cloud

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
)

// Code names a rule that was broken, in the API's own words.
type Code string

// Error is the only kind of error a client may see in full. Every other error
// is ours: it is logged, and the client learns nothing but that it happened.
type Error struct {
	Code        Code
	Description string
	Info        string // what a task shows beside the error; empty: what goes with its code
}

// Errorf makes an Error for a broken rule.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Description: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Description) }

// errorJSON is the API's form of a task error. doc: errors, `response.error`
type errorJSON struct {
	Type        Code   `json:"type"`
	Status      string `json:"status"`
	Description string `json:"description"`
}

// MarshalJSON writes {"type", "status": "404 NOT_FOUND", "description"}.
func (e *Error) MarshalJSON() ([]byte, error) {
	status := e.Code.Status()
	return json.Marshal(errorJSON{
		Type:        e.Code,
		Status:      fmt.Sprintf("%d %s", status, statusName(status)),
		Description: e.Description,
	})
}

// UnmarshalJSON reads what MarshalJSON wrote; the status follows from the code.
func (e *Error) UnmarshalJSON(data []byte) error {
	var in errorJSON
	if err := json.Unmarshal(data, &in); err != nil {
		return err
	}
	*e = Error{Code: in.Type, Description: in.Description}
	return nil
}

// Status is the HTTP status that belongs to a code: an exception where one was
// observed, else what the code's own words say.
func (c Code) Status() int {
	if status, ok := observed(c); ok {
		return status
	}
	has := func(parts ...string) bool {
		for _, part := range parts {
			if strings.Contains(string(c), part) {
				return true
			}
		}
		return false
	}
	switch {
	case has("_NOT_FOUND", "_DOES_NOT_EXIST"):
		return http.StatusNotFound
	case has("_NOT_ACTIVE", "_NOT_ALLOWED", "_FORBIDDEN"):
		return http.StatusForbidden
	case strings.HasPrefix(string(c), "TOO_MANY_"):
		return http.StatusTooManyRequests
	case has("_EXISTS", "_ALREADY_", "_CONFLICT"):
		return http.StatusConflict
	case c == GeneralError, strings.HasPrefix(string(c), "UNKNOWN_"), strings.HasSuffix(string(c), "_FAILURE"):
		return http.StatusInternalServerError
	default:
		return http.StatusBadRequest
	}
}

// observed lists the codes that were seen with a status their words do not tell.
func observed(c Code) (int, bool) {
	switch c {
	case SubscriptionPaymentNotFound, ACLRoleDoesNotExist, EssentialsSecondFree:
		return http.StatusBadRequest, true
	case ConflictError:
		return http.StatusConflict, true
	default:
		return 0, false
	}
}

// additionalInfo is what a task shows beside an error; empty: nothing was seen with
// this one.
func (e *Error) additionalInfo() string {
	if e.Info != "" {
		return e.Info
	}
	switch e.Code {
	case ACLPatternInvalid:
		return "redis-acl-wrong-acl-rule-pattern"
	case ACLUserPasswordInvalid:
		return "cluster-user-password-wrong-pattern"
	case CloudAccountNotFound:
		return "cloud-account-does-not-exists"
	default:
		return ""
	}
}

// statusName is a status in the capitals of the API: 404 is NOT_FOUND.
func statusName(status int) string {
	return strings.ToUpper(strings.ReplaceAll(http.StatusText(status), " ", "_"))
}
