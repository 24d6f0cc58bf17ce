#!/bin/sh
# Prints where promtool is, Prometheus' checker of rules: the machine's own, or the one of Debian's package, kept in the user's cache.
# Nothing is installed, since the package starts a server.
set -eu
if command -v promtool; then exit 0; fi
cache=${XDG_CACHE_HOME:-$HOME/.cache}/roost/promtool
if [ ! -x "$cache/promtool" ]; then
  work=$(mktemp -d)
  trap 'rm -rf "$work"' EXIT
  cd "$work"
  apt-get -qq -o APT::Sandbox::User="$(id -un)" download prometheus >&2
  dpkg-deb -x prometheus_*.deb unpacked
  mkdir -p "$cache"
  # Whole or not at all: two runs may be at it.
  mv unpacked/usr/bin/promtool "$cache/.new.$$"
  mv "$cache/.new.$$" "$cache/promtool"
fi
echo "$cache/promtool"
