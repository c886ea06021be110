// Package report is what an account can read about itself: the system and session logs, and cost reports.
package report

import (
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
)

// Operations returns the operations on logs and cost reports.
func Operations() []engine.Operation { return slices.Concat(logOperations(), costReportOperations()) }
