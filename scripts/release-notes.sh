#!/bin/sh
# Prints what CHANGELOG.md says of a version: the notes of its release.
#
# usage: scripts/release-notes.sh VERSION <CHANGELOG.md
set -eu

[ $# -eq 1 ] || {
	sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2
	exit 2
}
# A version without a part is a mistake that is cheap to mend before the release.
awk -v heading="## [${1#v}]" '
	index($0, heading) == 1 { on = 1; next }
	on && /^(## |\[)/ { exit }
	on && (lines || NF) { print; lines++ }
	END { if (!lines) { print "release-notes: there is no part \"" heading "\"" >"/dev/stderr"; exit 1 } }'
