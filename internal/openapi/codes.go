package openapi

import (
	"fmt"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// codeSchema is the component that lists the error codes of a document: a choice of enums, each with the status of its
// codes in x-status, and beside the choice x-additional-info for some of them.
const codeSchema = "ErrorCode"

// Code is what a document says of an error code.
type Code struct {
	Status         int    // of HTTP
	AdditionalInfo string // what a task shows beside the code; empty: nothing
}

// Code returns what the document says of an error code, and whether it lists it.
func (d *Document) Code(code string) (Code, bool) {
	c, ok := d.codes[code]
	return c, ok
}

// Codes returns all error codes of the document. Callers must not change the map.
func (d *Document) Codes() map[string]Code { return d.codes }

// InternalError returns the code of a task that failed because of us: x-internal-error; "" where there are no codes.
func (d *Document) InternalError() string { return d.internalError }

// readCodes reads the list of error codes; a document may have none. A code that stands there twice, one without a
// status, and a remark on one that is not listed are problems.
func (d *Document) readCodes(schemas openapi3.Schemas) (problems []error) {
	codes := map[string]Code{}
	d.codes = codes
	list := schemas[codeSchema]
	if list == nil {
		return nil
	}
	problem := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf(codeSchema+": "+format, args...))
	}
	for _, alternative := range list.Value.OneOf {
		status, _ := alternative.Value.Extensions["x-status"].(float64)
		if http.StatusText(int(status)) == "" {
			problem("x-status is %v, which is no status", alternative.Value.Extensions["x-status"])
		}
		for _, value := range alternative.Value.Enum {
			code, _ := value.(string)
			if _, twice := codes[code]; twice {
				problem("%s is there twice", code)
			}
			codes[code] = Code{Status: int(status)}
		}
	}
	infos, _ := list.Value.Extensions["x-additional-info"].(map[string]any)
	for code, info := range infos {
		c, ok := codes[code]
		if c.AdditionalInfo, _ = info.(string); !ok || c.AdditionalInfo == "" {
			problem("x-additional-info of %s is no text, or the code is not listed", code)
		}
		codes[code] = c
	}
	d.internalError, _ = list.Value.Extensions["x-internal-error"].(string)
	if _, ok := codes[d.internalError]; !ok {
		problem("x-internal-error must be one of the codes")
	}
	return problems
}
