#!/bin/sh
# Builds the images and lives through a story with them: started without anything, asked, killed, started again on the
# same volume. Needs buildah, which works without an engine, and mmdebstrap, to make the base images of where there is no
# registry; installs both where apt-get can.
#
# usage: scripts/image-test.sh
#   IMAGE_TEST_BASES=pull   takes the base images from their registry instead of making them
set -eu
cd "$(dirname "$0")/.."

[ "$(id -u)" -eq 0 ] || { printf 'image-test: run it as root: containers are made without an engine\n' >&2; exit 1; }
for tool in buildah mmdebstrap jq curl; do
	command -v $tool >/dev/null || apt-get -q -y install --no-install-recommends $tool
done
export BUILDAH_ISOLATION=chroot
work=$(mktemp -d)
server='' other='' containers=''
cleanup() {
	for pid in $server $other; do kill -9 "$pid" 2>/dev/null || true; done
	for c in $containers; do buildah rm "$c" >/dev/null; done
	rm -rf "$work"
}
trap cleanup EXIT

say() { printf 'image-test: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }
now() { date +%s%3N; }

# base commits an image of a container under the name that the Dockerfile uses.
base() {
	buildah commit -q "$1" "docker.io/library/$2" >/dev/null
	buildah rm "$1" >/dev/null
}

# The base images: Debian by its own packages, and on top of it this machine's Go.
if [ "${IMAGE_TEST_BASES-}" != pull ]; then
	buildah inspect --type image docker.io/library/debian:bookworm-slim >/dev/null 2>&1 || {
		say 'making debian:bookworm-slim'
		mmdebstrap --quiet --variant=minbase bookworm "$work/debian.tar"
		c=$(buildah from scratch)
		buildah add -q "$c" "$work/debian.tar" / >/dev/null
		rm "$work/debian.tar"
		base "$c" debian:bookworm-slim
	}
	buildah inspect --type image docker.io/library/golang:1.26-bookworm >/dev/null 2>&1 || {
		say 'making golang:1.26-bookworm'
		c=$(buildah from --pull-never docker.io/library/debian:bookworm-slim)
		buildah run "$c" -- sh -c 'apt-get -q update && apt-get -q -y install --no-install-recommends ca-certificates' >/dev/null
		# Whom this machine trusts: the way to the modules may lead through a proxy of its own.
		buildah add -q "$c" /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ >/dev/null
		buildah add -q "$c" "$(go env GOROOT)" /usr/local/go >/dev/null
		buildah config --env PATH=/usr/local/go/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
			--env GOPROXY="$(go env GOPROXY)" --env GOTOOLCHAIN=local "$c"
		base "$c" golang:1.26-bookworm
	}
fi

# build builds an image: a name and what buildah needs besides.
build() {
	say "building $1"
	name=$1
	shift
	buildah bud -q --pull-never --layers --build-arg VERSION=v0.0.0-test -t "$name" "$@" . >"$work/build" 2>&1 || { cat "$work/build"; exit 1; }
}
build understudy-test:full
build understudy-test:slim --target slim
# Cross-compiled, as a builder for several platforms does it, which fills these in by itself.
build understudy-test:slim-arm64 --target slim --build-arg TARGETOS=linux --build-arg TARGETARCH=arm64

# start runs the server of an image on a volume, and waits until its own health check says that it is ready.
start() {
	container=$1 volume=$2
	shift 2
	begin=$(now)
	buildah run --volume "$volume:/var/lib/understudy" "$@" "$container" -- understudy serve >"$work/log" 2>&1 &
	runner=$!
	until buildah run --volume "$volume:/var/lib/understudy" "$container" -- understudy healthcheck >/dev/null 2>&1; do
		kill -0 "$runner" 2>/dev/null || { cat "$work/log"; die 'the server ended'; }
		[ $(($(now) - begin)) -lt 30000 ] || { cat "$work/log"; die 'not healthy within 30 s'; }
	done
	say "healthy after $(($(now) - begin)) ms"
	server=$(jq .pid "$volume/server.json")
}

# api asks the server with the keys that it has printed.
api() {
	key=$(sed -n 's/.*export REDISCLOUD_ACCESS_KEY=//p' "$work/log")
	secret=$(sed -n 's/.*export REDISCLOUD_SECRET_KEY=//p' "$work/log")
	url=$(sed -n 's/.*export REDISCLOUD_URL=//p' "$work/log")
	path=$1
	shift
	curl -fsS --max-time 10 -H "x-api-key: $key" -H "x-api-secret-key: $secret" -H 'Content-Type: application/json' "$@" "$url$path"
}

# By itself: a volume, and nothing else.
full=$(buildah from --pull-never understudy-test:full)
containers="$containers $full"
volume=$work/volume
mkdir "$volume"
chown 10001:10001 "$volume"
[ "$(buildah run "$full" -- understudy version)" = 'understudy v0.0.0-test' ] || die 'the version is not stamped'
[ "$(buildah run "$full" -- id -u)" = 10001 ] || die 'it runs as root'
start "$full" "$volume"
task=$(api /subscriptions -d '{
  "name": "kept", "paymentMethodId": 24681,
  "cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
  "databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]}' | jq -er .taskId)
until [ "$(api "/tasks/$task" | jq -r .status)" = processing-completed ]; do :; done # each look waits for its end
id=$(api "/tasks/$task" | jq -er .response.resourceId)

kill -9 "$server"
wait "$runner" || true
start "$full" "$volume"
[ "$(api "/subscriptions/$id" | jq -r .name)" = kept ] || die 'the subscription is lost'
say "subscription $id is still there after kill -9"

# Without Postgres it uses another one: here that of the first.
slim=$(buildah from --pull-never understudy-test:slim)
containers="$containers $slim"
for tag in full slim slim-arm64; do
	size=$(buildah images --json "localhost/understudy-test:$tag" | jq -r '.[0].size')
	say "$tag has $size"
	case $tag$size in slim*' MB') [ "${size%%[. ]*}" -lt 40 ] || die 'that is too large' ;; slim*) die 'that is too large' ;; esac
done
arm=$(buildah from --pull-never understudy-test:slim-arm64)
containers="$containers $arm"
[ "$(od -An -j18 -N2 -tx1 "$(buildah mount "$arm")/usr/local/bin/understudy")" = ' b7 00' ] || die 'it is not for arm64'
buildah run "$slim" -- understudy version >/dev/null
if buildah run "$slim" -- sh -c true 2>/dev/null; then die 'the slim image has a shell'; fi
mkdir "$work/other"
chown 10001:10001 "$work/other"
buildah run --volume "$volume:/postgres" --volume "$work/other:/other" --env UNDERSTUDY_DATA_DIR=/other \
	--env "UNDERSTUDY_DATABASE_URL=postgres://understudy@/understudy?host=/postgres/run" \
	--env UNDERSTUDY_LISTEN=127.0.0.1:8081 "$slim" -- understudy serve >"$work/slim.log" 2>&1 &
second=$!
until curl -fsS --max-time 5 http://127.0.0.1:8081/readyz >/dev/null 2>&1; do
	kill -0 "$second" 2>/dev/null || { cat "$work/slim.log"; die 'the slim server ended'; }
done
say 'the slim image works on the Postgres of the other'
other=$(jq .pid "$work/other/server.json")
kill "$other"
wait "$second" || die 'the slim server did not end clean'
other=''
kill "$server"
wait "$runner" || die 'the server did not end clean'
server=''
say 'all well'
