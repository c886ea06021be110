#!/bin/sh
# Builds what a release is made of, twice, and looks at what came out: the same bytes, a package that installs and serves,
# an archive that the action starts. Needs root and Debian; installs mmdebstrap, rpm and jq where apt-get can.
# As a release does, it builds what is committed.
#
# usage: scripts/release-test.sh
set -eu
cd "$(dirname "$0")/.."
root=$PWD

say() { printf 'release-test: %s\n' "$*" >&2; }
die() { say "$*"; exit 1; }

[ "$(id -u)" -eq 0 ] || die 'run it as root: a package is installed in a directory of its own'
for tool in mmdebstrap rpm jq curl; do
	command -v $tool >/dev/null || apt-get -q -y install --no-install-recommends $tool
done
[ -z "$(git status --porcelain)" ] || say 'there are changes that are not committed, and so not tested'

work=$(mktemp -d)
chmod 711 "$work" # who runs Postgres passes through
server=''
cleanup() {
	[ -z "$server" ] || kill "$server" 2>/dev/null || true
	wait
	rm -rf "$work"
}
trap cleanup EXIT

goreleaser() { go tool -modfile=tools/goreleaser/go.mod goreleaser "$@"; }
goreleaser check

# build builds everything in a directory of its own: $1, from the commit that a repository is at: $2.
build() {
	git clone -q "$2" "$work/$1"
	(cd "$work/$1" && goreleaser release --snapshot --skip=sign) >"$work/$1.log" 2>&1 || { cat "$work/$1.log"; die 'it does not build'; }
	(cd "$work/$1/dist" && sha256sum --quiet -c checksums.txt) || die 'checksums.txt is wrong'
}
say 'building it all'
build one "$root"
say 'building it all again, elsewhere, at another time of another zone, as somebody with other habits'
(umask 077 && TZ=Pacific/Auckland && export TZ && build elsewhere/two "$work/one")
dist=$work/one/dist
diff "$dist/checksums.txt" "$work/elsewhere/two/dist/checksums.txt" || die 'two builds differ'

# Nothing is missing, and nothing without a sum.
version=$(jq -r .version "$dist/metadata.json")
of_packages=$(printf '%s' "$version" | sed 's/-/~/')
(
	for system in linux_amd64 linux_arm64 darwin_amd64 darwin_arm64; do
		printf '%s\n' "understudy_${version}_$system.tar.gz" "understudy_${version}_$system.cdx.json"
	done
	for arch in amd64 arm64; do echo "understudy_${of_packages}_$arch.deb"; done
	for arch in x86_64 aarch64; do echo "understudy-$(printf '%s' "$of_packages" | tr - _)-1.$arch.rpm"; done
) | sort >"$work/want"
sed 's/^[0-9a-f]*  //' "$dist/checksums.txt" | sort | diff "$work/want" - || die 'checksums.txt has other files'
say "two builds are the same: $(wc -l <"$work/want") files"

# Each archive has the program for its system, and says what is in it.
for system in linux/amd64 linux/arm64 darwin/amd64 darwin/arm64; do
	name=understudy_${version}_${system%/*}_${system#*/}
	mkdir "$work/$name"
	tar -C "$work/$name" --strip-components=1 -xzf "$dist/$name.tar.gz" "understudy_$version"
	for file in LICENSE README.md CHANGELOG.md completions/understudy.bash completions/understudy.zsh completions/understudy.fish; do
		[ -s "$work/$name/$file" ] || die "$name.tar.gz has no $file"
	done
	go version -m "$work/$name/understudy" >"$work/built"
	grep -q "GOOS=${system%/*}$" "$work/built" && grep -q "GOARCH=${system#*/}$" "$work/built" || die "$name.tar.gz has a program for another system"
	pgx=$(sed -n 's|^\tgithub.com/jackc/pgx/v5 ||p' go.mod)
	[ "$(jq -r '.components[] | select(.name == "github.com/jackc/pgx/v5").version' "$dist/$name.cdx.json")" = "$pgx" ] ||
		die "$name.cdx.json does not name pgx $pgx"
	[ "$(jq -r .metadata.component.version "$dist/$name.cdx.json")" = "v$version" ] || die "$name.cdx.json is of another version"
	grep -q "$(sha256sum <"$dist/$name.tar.gz" | cut -d ' ' -f 1)" "$dist/homebrew/Casks/understudy.rb" || die "the cask does not have $name.tar.gz"
done

# The action takes the one for this machine from where releases are.
mkdir "$work/downloads" "$work/job"
ln -s "$dist" "$work/downloads/v$version"
action() {
	RUNNER_TEMP=$work/job ACTION_VERSION=v$version ACTION_DOWNLOADS=file://$work/downloads UNDERSTUDY_LISTEN=127.0.0.1:0 \
		GITHUB_ENV='' scripts/action.sh "$1"
}
action start
server=$(jq .pid "$work/job/understudy/ready.json")
[ "$("$work/job/understudy/understudy" version)" = "understudy v$version" ] || die 'the version is not stamped'
action stop
server=''

# asked asks the server that a ready file tells of for something that only it has.
asked() {
	curl -fsS --max-time 10 -H "x-api-key: $(jq -r .apiKey "$1")" -H "x-api-secret-key: $(jq -r .apiSecretKey "$1")" \
		"$(jq -r .url "$1")/payment-methods" | jq -e '.paymentMethods | length > 0' >/dev/null
}

# The Debian package brings its Postgres, and a user for its service, which starts and answers.
say 'installing the Debian package'
deb=understudy_${of_packages}_$(dpkg --print-architecture).deb
mmdebstrap --quiet --variant=minbase --include=systemd \
	--customize-hook="copy-in $dist/$deb /" \
	--customize-hook="chroot \"\$1\" env DEBIAN_FRONTEND=noninteractive apt-get -q -y install --no-install-recommends /$deb" \
	bookworm "$work/debian" >"$work/debian.log" 2>&1 || { cat "$work/debian.log"; die 'it does not install'; }
chroot "$work/debian" systemd-analyze verify --man=no understudy.service
install -d -m 700 -o "$(chroot "$work/debian" id -u understudy)" "$work/debian/var/lib/understudy" # as StateDirectory does
start=$(sed -n 's/^ExecStart=//p' "$work/debian/usr/lib/systemd/system/understudy.service")
# shellcheck disable=SC2086 # words
chroot "$work/debian" setpriv --reuid=understudy --regid=understudy --clear-groups env UNDERSTUDY_DATA_DIR=/var/lib/understudy \
	$start --listen 127.0.0.1:0 --ready-file /var/lib/understudy/ready.json >"$work/server.log" 2>&1 &
server=$!
ready=$work/debian/var/lib/understudy/ready.json
until [ -s "$ready" ]; do kill -0 "$server" || { cat "$work/server.log"; die 'the installed server does not start'; }; done
asked "$ready" || die 'the installed server does not answer'
[ -d "$work/debian/var/lib/understudy/postgres/base" ] || die 'it uses another Postgres than the one that came with it'
kill "$server"
wait "$server" || die 'the installed server did not end clean'
server=''
chroot "$work/debian" dpkg --remove understudy >/dev/null

# The other one names what Fedora calls it.
rpm=$dist/understudy-$(printf '%s' "$of_packages" | tr - _)-1.x86_64.rpm
rpm -K --nosignature "$rpm" >/dev/null || die 'the rpm is damaged'
rpm -qp --requires "$rpm" | grep -qx 'postgresql-server >= 14' || die 'the rpm does not need Postgres'
rpm -qp --qf '%{NAME} %{LICENSE} %{ARCH} %{BUILDTIME}\n' "$rpm" | grep -qx "understudy Apache-2.0 x86_64 $(git -C "$work/one" log -1 --format=%ct)" ||
	die 'the rpm says something else'
rpm -qpl "$rpm" | grep -qx /usr/bin/understudy || die 'the rpm does not have the program'

# A release has notes, or does not come about.
scripts/release-notes.sh Unreleased <CHANGELOG.md >/dev/null
if scripts/release-notes.sh v0.0.0 <CHANGELOG.md 2>/dev/null; then die 'there are notes of a version that never was'; fi
say 'all well'
