#!/bin/sh
# Builds the archives of a release: one per system, checksums.txt, and notes.md from the changelog.
#
# usage: scripts/archives.sh VERSION DIRECTORY
set -eu
cd "$(dirname "$0")/.."

[ $# -eq 2 ] || {
	sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2
	exit 2
}
version=$1
dist=$2

mkdir -p "$dist"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

for system in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	name=understudy_${version#v}_${system%/*}_${system#*/}
	mkdir "$work/$name"
	CGO_ENABLED=0 GOOS=${system%/*} GOARCH=${system#*/} \
		go build -trimpath -ldflags="-s -w -X main.release=$version" -o "$work/$name/understudy" ./cmd/understudy
	cp LICENSE README.md CHANGELOG.md "$work/$name"
	tar -C "$work" -czf "$dist/$name.tar.gz" "$name"
	printf 'built %s\n' "$name" >&2
done
(cd "$dist" && sha256sum -- *.tar.gz >checksums.txt)

# The part of the changelog under this version's heading; a tag without one is a mistake that is cheap to mend now.
awk -v heading="## [${version#v}]" 'index($0, heading) == 1 { on = 1; next } on && /^(## |\[)/ { exit } on' CHANGELOG.md >"$dist/notes.md"
[ -s "$dist/notes.md" ] || {
	printf 'archives: CHANGELOG.md has no part "## [%s]"\n' "${version#v}" >&2
	exit 1
}
