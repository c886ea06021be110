// Package wire is the small things that answers of every family are made of: links, dates, failures.
package wire
