#!/bin/sh
# A sandbox for the steps of a CI job: what action.yml runs, and any other CI can.
#
# usage: scripts/action.sh start|journal|stop
#   start    gets the program, starts the sandbox in the background and waits until it is ready. What points clients at it
#            goes into $GITHUB_ENV where there is one, else into env.sh of the directory
#   journal  prints the requests that were answered
#   stop     ends the sandbox; a job that ends does so, too
#
#   ACTION_VERSION     a release, as in v1.2.3; anything else is built from the source beside this script, with Go
#   ACTION_DOWNLOADS   where releases are. Default: those of GitHub
#   ACTION_BINARY      a program that is there already
#   RUNNER_TEMP        the directory "understudy" is made in it. Default: /tmp
#   UNDERSTUDY_…       flags of `understudy serve`
set -eu
source=$(cd "$(dirname "$0")/.." && pwd)
dir=${RUNNER_TEMP:-/tmp}/understudy
binary=$dir/understudy

die() {
	printf '::error::understudy: %s\n' "$*" >&2
	exit 1
}

# get puts the program into the directory.
get() {
	version=${ACTION_VERSION-}
	if [ -n "${ACTION_BINARY-}" ]; then
		cp "$ACTION_BINARY" "$binary"
	elif printf '%s' "$version" | grep -Eq '^v[0-9]+\.[0-9]+\.[0-9]+'; then
		case $(uname -m) in x86_64) machine=amd64 ;; aarch64 | arm64) machine=arm64 ;; *) die "there is no release for $(uname -m)" ;; esac
		archive=understudy_${version#v}_$(uname -s | tr '[:upper:]' '[:lower:]')_$machine.tar.gz
		from=${ACTION_DOWNLOADS:-https://github.com/understudy-dev/understudy/releases/download}/$version
		for file in "$archive" checksums.txt; do
			curl -fsSL --retry 3 -o "$dir/$file" "$from/$file" || die "$from/$file could not be downloaded"
		done
		(cd "$dir" && grep -F "  $archive" checksums.txt >own.txt && sha256sum -c own.txt >/dev/null 2>&1) ||
			die "$archive is not what checksums.txt of its release says"
		tar -C "$dir" --strip-components=1 -xzf "$dir/$archive" "understudy_${version#v}/understudy"
	else
		command -v go >/dev/null || die "a version that is no release is built with Go: add actions/setup-go before, or name one as v1.2.3"
		go build -C "$source" -buildvcs=false -trimpath -ldflags="-X main.release=${version:-source}" -o "$binary" ./cmd/understudy
	fi
}

# ready is a member of the file that the server writes when it is ready.
ready() { sed -n "s/.*\"$1\":\"\\{0,1\\}\\([^\",}]*\\).*/\\1/p" "$dir/ready.json"; }

start() {
	mkdir -p "$dir"
	get
	rm -f "$dir/ready.json"
	# Beyond this step, and with what it prints in a file: it would hold the step's own streams open.
	nohup "$binary" serve --data-dir "$dir/data" --ready-file "$dir/ready.json" >"$dir/log" 2>&1 </dev/null &
	server=$!
	until [ -s "$dir/ready.json" ]; do
		kill -0 "$server" 2>/dev/null || {
			cat "$dir/log" >&2
			die 'the sandbox did not start'
		}
	done
	UNDERSTUDY_DATA_DIR=$dir/data
	export UNDERSTUDY_DATA_DIR
	if [ -n "${GITHUB_ENV-}" ]; then
		"$binary" env --format github >>"$GITHUB_ENV"
		printf 'UNDERSTUDY_DATA_DIR=%s\n' "$UNDERSTUDY_DATA_DIR" >>"$GITHUB_ENV" # for the commands of understudy
		printf '%s\n' "$dir" >>"$GITHUB_PATH"
		printf 'url=%s\ndashboard=%s\n' "$(ready url)" "$(ready dashboardUrl)" >>"$GITHUB_OUTPUT"
	else
		{
			"$binary" env
			printf 'export UNDERSTUDY_DATA_DIR=%s PATH="%s:$PATH"\n' "$UNDERSTUDY_DATA_DIR" "$dir"
		} >"$dir/env.sh"
	fi
	printf 'The sandbox is at %s\n' "$(ready url)"
}

journal() {
	printf '::group::Requests that the sandbox answered\n'
	"$binary" journal list --data-dir "$dir/data"
	printf '::endgroup::\n::group::Log of the sandbox\n'
	cat "$dir/log"
	printf '::endgroup::\n'
}

stop() {
	[ -s "$dir/ready.json" ] || die 'no sandbox runs'
	pid=$(ready pid)
	kill "$pid"
	while kill -0 "$pid" 2>/dev/null; do :; done # the server bounds how long it takes
}

case ${1-} in
start | journal | stop) "$1" ;;
*)
	sed -n 's/^# \(usage: .*\)/\1/p' "$0" >&2
	exit 2
	;;
esac
