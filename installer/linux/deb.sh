#!/bin/sh
# A Debian package of a laid-out tree: installer/linux/deb.sh TREE FOLDER NAME VERSION CONTROL [COMPRESSION]
# CONTROL is a file with the fields that are this package's own (Depends, Description, ...); NAME.postrm beside
# this script is run when the package is removed.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
tree=$1 folder=$2 name=$3 version=$4 control=$5 compression=${6:--Zxz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -a "$tree/." "$work"
mkdir "$work/DEBIAN"
(cd "$work" && find usr -type f -print0 | LC_ALL=C sort -z | xargs -0 md5sum) >"$work/DEBIAN/md5sums"
[ ! -e "$here/$name.postrm" ] || install -m 755 "$here/$name.postrm" "$work/DEBIAN/postrm"
{
    printf 'Package: %s\nVersion: %s\n' "$name" "$version"
    printf 'Maintainer: The Deskside authors <deskside@localhost>\n'
    printf 'Installed-Size: %s\n' "$(du -sk --apparent-size "$tree/usr" | cut -f 1)"
    cat "$control"
} >"$work/DEBIAN/control"
find "$work" -exec touch -hd "@$SOURCE_DATE_EPOCH" {} +
chmod -R u=rwX,go=rX "$work"
architecture=$(sed -n 's/^Architecture: //p' "$control")
dpkg-deb --root-owner-group "$compression" --build "$work" "$folder/${name}_${version}_$architecture.deb" >/dev/null
