#!/bin/sh
# Writes the next, empty migration: scripts/migration.sh add_something
set -eu
cd "$(dirname "$0")/../migrations"

case ${1:-} in
'' | *[!a-z0-9_]*)
	echo 'migration: give it a name of a-z, 0-9 and _: make migration name=add_something' >&2
	exit 2
	;;
esac
last=$(find . -name '[0-9]*_*.sql' | sed 's|^\./0*\([0-9]*\)_.*|\1|' | sort -n | tail -n 1)
file=$(printf '%05d_%s.sql' $((${last:-0} + 1)) "$1")
cat >"$file" <<'SQL'
-- Why this change is made, and what each index is for.

-- +goose Up

-- +goose Down
SQL
echo "migrations/$file"
