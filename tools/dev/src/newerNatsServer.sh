#!/bin/sh
# Brings Debian 13's nats-server beside the machine's own and prints its path. Debian 12's is 2.9.10, which can't be told
# how often the disk has to write. Nothing is installed: apt fetches the package from the mirror that the machine uses already,
# by a configuration of its own, and checks it against Debian's keys; its one program is kept in the user's cache, where
# libs/testkit and `npm start` look for it.
set -eu

suite=trixie
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roost/nats-server
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

for program in "$cache"/2.1[0-9].*/nats-server; do
  if [ -x "$program" ]; then
    echo "$program"
    exit 0
  fi
done

# The mirror of the release that runs here; not the one of its security updates, which has another address.
release=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format '$(RELEASE) $(REPO_URI)' 'Created-By: Packages' | awk -v "release=$release" '$1 == release { print $2; exit }')
if [ -z "$mirror" ]; then
  echo "newerNatsServer: apt has no source for $release, so there is no mirror to take $suite from" >&2
  exit 1
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/archives/partial"
echo "deb [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"
fetch() {
  apt-get -qq \
    -o Dir::Etc::SourceList="$work/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$work/lists" -o Dir::State::status=/dev/null -o Dir::Cache="$work" \
    -o APT::Sandbox::User="$(id -un)" -o Acquire::Languages=none "$@"
}
cd "$work"
fetch update >&2
fetch download nats-server >&2
dpkg-deb -x nats-server_*.deb unpacked
version=$(unpacked/usr/sbin/nats-server --version | sed 's/.*v//')
mkdir -p "$cache/$version"
# Whole or not at all: two runs may be at it.
mv unpacked/usr/sbin/nats-server "$cache/$version/.new.$$"
mv "$cache/$version/.new.$$" "$cache/$version/nats-server"
echo "$cache/$version/nats-server"
