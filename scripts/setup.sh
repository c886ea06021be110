#!/bin/sh
# Prepares a fresh clone: checks Go, downloads modules, and installs what the machine lacks.
#
# usage: scripts/setup.sh [need ...]
#   postgres   initdb and postgres, for the private database of `understudy serve`
#   cc         a C compiler, for the race detector
#   node       node and npm, for the clients from npm
#   pgbouncer  PgBouncer, for several servers behind one
#   curl       curl, for the clients that are shell scripts
#   chromium   Chromium, or what it became, for the tests of the dashboard
#   terraform  terraform, for the tests of the official provider: built where PATH has none
#   opentofu   OpenTofu, for the same, likewise
#   provider   that provider, and the one with shorter waits: built
#   DIRECTORY  a Go module or an npm package whose dependencies are downloaded
#
# Safe to repeat; does nothing, quickly, when all is there. It never starts a database.
set -eu
cd "$(dirname "$0")/.."
PATH="$PATH:/usr/local/sbin:/usr/sbin:/sbin" # dpkg needs these, and a bare environment may lack them

die() {
	printf 'setup: %s\n' "$1" >&2
	exit 1
}

# as_root runs a command as root, through sudo where needed.
as_root() {
	if [ "$(id -u)" -eq 0 ]; then
		"$@"
	elif command -v sudo >/dev/null; then
		sudo "$@"
	else
		die "only root can install what is missing here, and there is no sudo; it would run: $*"
	fi
}

# apt_install installs Debian packages; $1 says what for, on machines without apt-get too.
apt_install() {
	what=$1
	shift
	command -v apt-get >/dev/null ||
		die "this machine has no $what, and only Debian-like ones are set up automatically; please install it (see README.md)"
	printf 'setup: installing %s\n' "$*" >&2
	log=$(mktemp)
	set -- env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 install --no-install-recommends "$@"
	# A fresh container has no package lists, an old one has stale ones: fetch them only then.
	as_root "$@" >"$log" 2>&1 ||
		{ as_root apt-get -q update && as_root "$@"; } >"$log" 2>&1 ||
		{ cat "$log" >&2; die "apt-get could not install $what"; }
	rm -f "$log"
}

# have_postgres looks in the same places as internal/postgres does.
have_postgres() {
	command -v initdb >/dev/null && command -v postgres >/dev/null && return
	for dir in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql* /usr/local/pgsql/bin \
		/opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
		/home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
		/Applications/Postgres.app/Contents/Versions/*/bin; do
		[ -x "$dir/initdb" ] && [ -x "$dir/postgres" ] && return
	done
	return 1
}

install_postgres() {
	# Debian's package makes and starts a cluster of its own, unless a line like this forbids it.
	# The line stays only for the installation: what the machine does later is its owner's business.
	dir=/etc/postgresql-common/createcluster.d
	if command -v apt-get >/dev/null; then
		as_root mkdir -p "$dir"
		echo 'create_main_cluster = false' | as_root tee "$dir/understudy.conf" >/dev/null
		trap 'as_root rm -f "$dir/understudy.conf"' EXIT
	fi
	apt_install "Postgres (initdb and postgres)" postgresql
	as_root rm -f "$dir/understudy.conf"
	trap - EXIT
}

# have_chromium looks in the same places as test/browser does.
have_chromium() {
	for name in chromium chromium-browser google-chrome google-chrome-stable \
		/Applications/Chromium.app/Contents/MacOS/Chromium "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"; do
		command -v "$name" >/dev/null && return
	done
	return 1
}

install_node() {
	command -v node >/dev/null && command -v npm >/dev/null || apt_install "Node (node and npm)" nodejs npm ca-certificates
	# What the clients from npm ask for.
	[ "$(node -p 'process.versions.node.split(".")[0]')" -ge 18 ] ||
		die "node is $(node --version) here, and the clients from npm need 18 or newer: https://nodejs.org/en/download"
}

# npm_ci installs what a directory's package-lock.json says, unless it did so before.
npm_ci() {
	cmp -s "$1/package-lock.json" "$1/node_modules/.installed" && return
	printf 'setup: installing the npm packages of %s\n' "$1" >&2
	log=$(mktemp)
	(cd "$1" && npm ci --ignore-scripts --no-audit --no-fund) >"$log" 2>&1 ||
		{ cat "$log" >&2; die "npm could not install the packages of $1"; }
	rm -f "$log"
	cp "$1/package-lock.json" "$1/node_modules/.installed" # at last: an installation that was broken off is begun again
}

command -v go >/dev/null || die "Go is missing: install $(sed -n 's/^go \(.*\)/Go \1/p' go.mod) or newer from https://go.dev/dl"

programs=
for need in "$@"; do
	case $need in
	postgres) have_postgres || install_postgres ;;
	cc) command -v gcc >/dev/null || command -v cc >/dev/null || apt_install "C compiler" gcc libc6-dev ;;
	node) install_node ;;
	chromium) have_chromium || apt_install Chromium chromium ;;
	pgbouncer) command -v pgbouncer >/dev/null || apt_install PgBouncer pgbouncer ;;
	curl) command -v curl >/dev/null || apt_install curl curl ;;
	*/npm) npm_ci "$need" ;;
	terraform | opentofu | provider) programs="$programs $need" ;;
	*) (cd "$need" && go mod download) || die "could not download the Go modules of $need" ;;
	esac
done

# Last, because it takes longest where it has something to do.
# shellcheck disable=SC2086 # one word each
[ -z "$programs" ] || (cd test/terraform && go run ./build $programs)
