#!/bin/sh
# From a checkout to what people install, with one command: installer/build.sh [FOLDER], default dist/.
#   deskside_VERSION_ARCH.deb, Deskside-VERSION-ARCH.AppImage, deskside-starter_VERSION_all.deb and the
#   starter model itself, deskside-VERSION.cdx.json (what is inside), SHA256SUMS
# The same commit, lock files and build system give the same bytes: all times are the commit's.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
need_system "the packages" "command mksquashfs squashfs-tools
file /usr/include/squashfuse/squashfuse.h libsquashfuse-dev
file /usr/include/zstd.h libzstd-dev
file /usr/include/lzma.h liblzma-dev
file /usr/include/zlib.h zlib1g-dev
file /usr/include/lz4.h liblz4-dev
file /usr/include/lzo/lzo1x.h liblzo2-dev"
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$here" log -1 --format=%ct)}
export SOURCE_DATE_EPOCH
out=${1:-$here/dist}
linux=$here/installer/linux
version=$(sed -n 's/^__version__.*"\(.*\)"$/\1/p' "$here/engine/__init__.py")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

"$here/installer/freeze.sh" "$work/frozen"
"$linux/lay_out.sh" "$work/frozen/deskside" "$work/tree" "$version"

say "packing"
sed "s/@GLIBC@/$(cat "$work/frozen/deskside/glibc")/; s/@ARCHITECTURE@/$(dpkg --print-architecture)/" \
    "$linux/deskside.control" >"$work/control"
"$linux/deb.sh" "$work/tree" "$out" deskside "$version" "$work/control"
"$linux/appimage.sh" "$work/tree" "$out/Deskside-$version-$(uname -m).AppImage"
python=$venv/bin/python "$linux/starter.sh" "$out" "$version"
cp "$work/frozen/deskside/bom.cdx.json" "$out/deskside-$version.cdx.json"
(cd "$out" && sha256sum -- *.deb *.AppImage *.gguf *.json >SHA256SUMS)
say "in $out:"
(cd "$out" && ls -l) >&2
