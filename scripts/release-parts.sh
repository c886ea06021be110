#!/bin/sh
# Makes what a release has beside the program, and the tool that lists what the program is made of.
#
# usage: scripts/release-parts.sh DIRECTORY
set -eu
cd "$(dirname "$0")/.."

[ $# -eq 1 ] || {
	sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2
	exit 2
}
mkdir -p "$1/completions"
for shell in bash zsh fish; do
	go run ./cmd/understudy completion $shell >"$1/completions/understudy.$shell"
done
go build -modfile=tools/goreleaser/go.mod -trimpath -buildvcs=false -o "$1/" github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod
