package cloud

import "fmt"

// Code names a rule that was broken, in the words of the API. The document lists all codes with the status of each.
type Code string

// Error is the only kind of error a client may see in full. Every other error is ours: it is logged, and the client
// learns nothing but that it happened. Code and Description are said where the rule stands; the engine adds what the
// document says of the code.
type Error struct {
	Code        Code   `json:"code"`
	Description string `json:"description"`
	Status      int    `json:"status"`         // of HTTP; 0: not looked up yet
	Info        string `json:"info,omitempty"` // what a task shows beside the error; empty: nothing
}

// Errorf makes an Error for a broken rule.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Description: fmt.Sprintf(format, args...)}
}

func (e *Error) Error() string { return fmt.Sprintf("%s: %s", e.Code, e.Description) }
