#!/bin/sh
# Runs every fuzz target of the module for a while each: scripts/fuzz.sh DURATION
set -eu
cd "$(dirname "$0")/.."

targets=$(grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's|/[^/]*_test\.go:func | |')
[ -n "$targets" ] || {
	echo 'fuzz: no targets' >&2
	exit 1
}
echo "$targets" | while read -r package target; do
	echo "fuzz: $package $target for $1"
	go test -run='^$' -fuzz="^$target\$" -fuzztime="$1" "$package" </dev/null
done
