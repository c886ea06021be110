package coverage

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// words are what clients look for in the text of an error, by a part of its code.
// A code takes all that fit it.
var words = []struct{ code, text string }{
	{"_NOT_FOUND", "not found"},
	{"_DOES_NOT_EXIST", "not found"},
	{"_NOT_ACTIVE", "not in an active state"},
	{"PAYMENT_INFO", "Payment info"},
	{"SUBSCRIPTION_PI_NOT_FOUND", "Payment info"},
	{"TOO_MANY_PENDING_SUBSCRIPTIONS", "quota"},
	{"_LIMIT_EXCEEDED", "quota"},
	{"_LIMIT_REACHED", "quota"},
	{"_OVER_LIMIT", "quota"},
	{"_REACHED_MAX_", "quota"},
	{"_EXCEEDS_MAXIMUM_COUNT", "quota"},
	{"_ALREADY_HAS_A_FREE_PLAN", "quota"},
	{"DATABASE_BACKUP_DISABLED", "disabled"},
	// The tests of the official provider.
	{"DATABASE_INVALID_CERT", "Database certificate is invalid"},
	{"QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED", "RediSearch"},
	{"QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED", "required"},
	{
		"MANUAL_MODE_WITH_NO_MAINTENANCE_WINDOWS",
		"Must provide at least one maintenance window with manual maintenance mode",
	},
	{"AUTOMATIC_MODE_WITH_MAINTENANCE_WINDOWS", "Automatic mode cannot be set with a manual maintenance window"},
}

// statusWords are the same for the errors that come without a code.
var statusWords = map[int]string{http.StatusNotFound: "not found", http.StatusTooManyRequests: "quota"}

// Lacks returns the words that the text of an error with a code should have, and has
// not.
func Lacks(code, text string) (missing []string) {
	for _, w := range words {
		if strings.Contains(code, w.code) && !strings.Contains(text, w.text) {
			missing = append(missing, w.text)
		}
	}
	return missing
}

// checkWords looks through a body for errors, at their texts and at what they say beside
// their codes.
func checkWords(document *openapi.Document, status int, body []byte) error {
	if !bytes.Contains(body, []byte(`"error"`)) {
		return nil
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return err
	}
	if object, ok := value.(map[string]any); ok && status >= http.StatusBadRequest {
		if message, _ := object["message"].(string); !strings.Contains(message, statusWords[status]) {
			return fmt.Errorf("the message %q does not say %q", message, statusWords[status])
		}
	}
	return errorWords(document, value)
}

func errorWords(document *openapi.Document, value any) (err error) {
	switch v := value.(type) {
	case []any:
		for _, item := range v {
			err = errors.Join(err, errorWords(document, item))
		}
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			failure, _ := v[name].(map[string]any)
			code, _ := failure["type"].(string)
			text, _ := failure["description"].(string)
			if name == "error" && failure != nil {
				err = errors.Join(err, checkCode(document, code, failure["status"], v["additionalInfo"]))
			}
			if missing := Lacks(code, text); name == "error" && missing != nil {
				err = errors.Join(err, fmt.Errorf("the text of %s, %q, does not say %q", code, text, missing))
			}
			err = errors.Join(err, errorWords(document, v[name]))
		}
	}
	return err
}

// checkCode holds what stands beside the code of an error against the contract.
func checkCode(document *openapi.Document, code string, status, info any) error {
	want, ok := document.Code(code)
	if !ok {
		return fmt.Errorf("%q is no code of the contract", code)
	}
	name := strings.ToUpper(strings.ReplaceAll(http.StatusText(want.Status), " ", "_"))
	if says := fmt.Sprintf("%d %s", want.Status, name); status != says {
		return fmt.Errorf("the status of %s is %v, want %s", code, status, says)
	}
	if info, _ := info.(string); info != "" && want.AdditionalInfo != "" && info != want.AdditionalInfo {
		return fmt.Errorf("the additional info of %s is %q, want %q", code, info, want.AdditionalInfo)
	}
	return nil
}
