// Command answers compares what tests were answered in some runs with what they were answered in others, before and
// after a change of which no client should notice anything:
//
//	go run ./internal/coverage/answers OLD,OLD,... NEW,NEW,...
//
// Each argument is a list of directories, into each of which one run of the tests wrote with UNDERSTUDY_ANSWERS. It
// reports what a test was answered in all old runs of it and in no new one, and the other way round, and fails if there
// is any. What varies among the runs of one side does so by chance: it is compared without that which varied. The more
// runs, the less is taken for a difference that is none. Tests that ran on one side only are named, and no failure.
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/coverage"
)

// shown is how many differences of a test are shown.
const shown = 6

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: answers OLD,OLD,... NEW,NEW,...")
	}
	differing, err := compare(strings.Split(os.Args[1], ","), strings.Split(os.Args[2], ","))
	if err != nil {
		log.Fatalf("answers: %v", err)
	}
	if len(differing) > 0 {
		fmt.Printf("These differ; more runs of them on both sides tell whether by chance: -run '^(%s)$'\n",
			strings.Join(differing, "|"))
		os.Exit(1)
	}
}

// compare prints what differs and how much was compared, and returns the tests with differences.
func compare(oldDirs, newDirs []string) (differing []string, err error) {
	recorder, err := coverage.New()
	if err != nil {
		return nil, err
	}
	names, err := tests(slices.Concat(oldDirs, newDirs))
	if err != nil {
		return nil, err
	}
	var total counts
	operations := map[string]bool{}
	for _, test := range names {
		known := newForms()
		before, err := read(oldDirs, test, known)
		if err != nil {
			return nil, err
		}
		after, err := read(newDirs, test, known)
		if err != nil {
			return nil, err
		}
		for request := range before.count(func(a *answer) map[string]string { return map[string]string{a.request(): ""} }) {
			method, target, _ := strings.Cut(request, " ")
			path, _, _ := strings.Cut(target, "?")
			if op := recorder.Find(method, path); op != nil {
				operations[op.ID] = true
			}
		}
		if len(before) == 0 || len(after) == 0 {
			fmt.Printf("%s: on one side only\n\n", test)
			continue
		}
		differences := total.compare(before, after)
		if len(differences) == 0 {
			continue
		}
		differing = append(differing, test)
		for _, thing := range differences[:min(shown, len(differences))] {
			fmt.Println(strings.ReplaceAll(thing, "\n", "\n"+thing[:1]) + "\n")
		}
		fmt.Printf("%s: %d differences\n\n", test, len(differences))
	}
	fmt.Printf("%d tests, %d operations, %v\n", len(names), len(operations), total)
	return differing, nil
}

// tests returns the names of the tests that wrote into the directories.
func tests(dirs []string) ([]string, error) {
	names := map[string]bool{}
	for _, dir := range dirs {
		files, err := os.ReadDir(dir)
		if err == nil && len(files) == 0 {
			err = fmt.Errorf("no test wrote into %s", dir)
		}
		if err != nil {
			return nil, err
		}
		for _, file := range files {
			names[file.Name()] = true
		}
	}
	return slices.Sorted(maps.Keys(names)), nil
}

// read returns what a test was answered in those runs that it was part of.
func read(dirs []string, test string, known *forms) (s side, err error) {
	for _, dir := range dirs {
		text, err := os.ReadFile(filepath.Join(dir, test))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		run := map[*answer]bool{}
		for _, text := range strings.Split(string(text), coverage.Mark)[1:] {
			run[known.of(text)] = true
		}
		s = append(s, run)
	}
	return s, nil
}
