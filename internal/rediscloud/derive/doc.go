// Package derive makes what looks random of an id, so that a run can be repeated and what is derived need not be
// stored.
package derive
