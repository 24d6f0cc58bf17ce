#!/bin/sh
# Makes the image localhost/roost-base from Debian's packages, as root, by mmdebstrap and buildah: base.sh [amd64|arm64].
# The same versions of the packages give the same image.
set -eu
architecture=${1:-$(dpkg --print-architecture)}
export SOURCE_DATE_EPOCH=0 BUILDAH_ISOLATION=chroot
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mmdebstrap --quiet --variant=essential --architectures="$architecture" \
  --include=ca-certificates,libatomic1,libgcc-s1,libssl3,libstdc++6,tzdata \
  --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/man/*' \
  --dpkgopt='path-exclude=/usr/share/locale/*' \
  --customize-hook='rm -rf "$1"/var/log/* "$1"/var/cache/* "$1"/etc/machine-id "$1"/etc/hostname "$1"/etc/resolv.conf' \
  bookworm "$folder/base.tar"
container=$(buildah from --arch "$architecture" scratch)
buildah add -q "$container" "$folder/base.tar" /
buildah commit -q --timestamp 0 "$container" localhost/roost-base
buildah rm "$container" >/dev/null
