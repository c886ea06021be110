// Package resource is what families do alike with their resources: store a new one, move one to a status and on.
package resource
