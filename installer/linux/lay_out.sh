#!/bin/sh
# The tree that both packages are made of: installer/linux/lay_out.sh FROZEN TREE VERSION
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
frozen=$1 tree=$2 version=$3
share=$tree/usr/share
put() { # put SOURCE FOLDER/NAME
    mkdir -p "$(dirname "$2")"
    cp "$1" "$2"
}
mkdir -p "$tree/usr/lib" "$tree/usr/bin"
cp -a "$frozen" "$tree/usr/lib/deskside"
ln -s ../lib/deskside/deskside "$tree/usr/bin/deskside"
put "$here/deskside.desktop" "$share/applications/deskside.desktop"
put "$here/deskside-mime.xml" "$share/mime/packages/deskside.xml"
put "$here/../../resources/icons/deskside.svg" "$share/icons/hicolor/scalable/apps/deskside.svg"
put "$here/deskside.metainfo.xml" "$share/metainfo/deskside.metainfo.xml"
sed -i "s/@VERSION@/$version/; s/@DATE@/$(date -u -d "@$SOURCE_DATE_EPOCH" +%F)/" "$share/metainfo/deskside.metainfo.xml"
put "$here/copyright" "$share/doc/deskside/copyright"
