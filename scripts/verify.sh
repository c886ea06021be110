#!/bin/sh
# Fails when a generated file or a go.mod is out of date, and says which.
# Files are compared before and after, not with git: it works on uncommitted changes and outside a repository.
set -eu
cd "$(dirname "$0")/.."

fingerprint() {
	find . \( -name .git -o -path ./bin -o -name .terraform -o -name node_modules \) -prune -o -type f -exec cksum {} + | sort -k 3
}

before=$(mktemp)
after=$(mktemp)
trap 'rm -f "$before" "$after"' EXIT

fingerprint >"$before"
go generate ./...
go generate -C bench ./... # the figures in the README, and their plots
fingerprint >"$after"

status=0
if ! diff "$before" "$after"; then
	echo 'verify: the files above were out of date, and have been renewed: commit them' >&2
	status=1
fi
# Not those of terraform, OpenTofu and goreleaser: what is built of them is lighter than what go mod tidy sees.
for mod in go.mod bench/go.mod tools/go.mod tools/actionlint/go.mod test/*/go.mod; do
	if ! (cd "$(dirname "$mod")" && go mod tidy -diff); then
		echo "verify: $mod or its go.sum is not tidy: run 'go mod tidy' there" >&2
		status=1
	fi
done
exit "$status"
