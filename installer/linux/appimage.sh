#!/bin/sh
# An AppImage (type 2: runtime, then squashfs) of a laid-out tree: installer/linux/appimage.sh TREE FILE
# TREE holds usr/ (build.sh lays it out). Needs SOURCE_DATE_EPOCH, mksquashfs, gcc and the libraries below.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$1 file=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a "$tree" "$work/AppDir"
rm -rf "$work/AppDir/usr/bin"
sed "s/@GLIBC@/$(cat "$tree/usr/lib/deskside/glibc")/" "$here/AppRun" >"$work/AppDir/AppRun"
chmod 755 "$work/AppDir/AppRun"
ln -s usr/share/applications/deskside.desktop usr/share/icons/hicolor/scalable/apps/deskside.svg "$work/AppDir/"
ln -s deskside.svg "$work/AppDir/.DirIcon"
# It takes all times from SOURCE_DATE_EPOCH.
mksquashfs "$work/AppDir" "$work/payload" -comp zstd -Xcompression-level 22 -b 1M -noappend -root-owned \
    -no-xattrs -quiet -no-progress
size=$(stat -c %s "$work/payload")
crc=$(gzip -1 -c "$work/payload" | tail -c 8 | od -An -N4 -tu4 | tr -d ' ')  # gzip ends with it
gcc -O2 -Wall -static -s -Wl,--build-id=none -DBUILD="\"$(sha256sum "$work/payload" | cut -c 1-32)\"" \
    -DPAYLOAD_SIZE="${size}L" -DPAYLOAD_CRC="${crc}UL" \
    -o "$work/runtime" "$here/runtime.c" -lsquashfuse -lzstd -llzma -lz -llz4 -llzo2
printf 'AI\002' | dd of="$work/runtime" bs=1 seek=8 conv=notrunc status=none  # AppImage's mark
cat "$work/runtime" "$work/payload" >"$file"
chmod 755 "$file"
