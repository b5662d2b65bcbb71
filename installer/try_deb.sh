#!/bin/sh
# Installs the packages in clean Debian roots and uses them there as a person would:
#   installer/try_deb.sh FOLDER [SUITE ...]      FOLDER: what build.sh filled; default suites: bookworm trixie
# Installed, started under Xvfb, wizard walked, an answer written, removed with the person's data kept
# (tests/e2e/clean_root.py); before that, what the AppImage says where the libraries of a desktop are missing.
# Needs root, the network for apt, and what ./test sets up. About 4 minutes a suite.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
need_system "clean roots" "command mmdebstrap mmdebstrap"
packages=$(CDPATH='' cd -- "${1:?the folder with the packages}" && pwd)
shift
[ $# -gt 0 ] || set -- bookworm trixie
root=$(mktemp -d)
leave() {
    umount "$root"/*/proc "$root"/*/dev 2>/dev/null || true
    rm -rf --one-file-system "$root"
}
trap leave EXIT
# What somebody without a desktop's libraries gets to read of the AppImage; the command line must work there.
bare() {
    cp "$packages"/Deskside-*.AppImage "$root/$1/home/person/Deskside"
    as_person="chroot --userspec=4711:4711 $root/$1 env -i HOME=/home/person PATH=/usr/bin:/bin LANG=C.UTF-8"
    $as_person /home/person/Deskside --version >&2 || stop "the command line does not start in a bare $1" "see above"
    said=$($as_person DISPLAY=:99 /home/person/Deskside 2>&1) && stop "a window came up in a bare $1" "look at it"
    say "without libraries: $said"
    case $said in
    *"because a library of the system is missing"*) ;;
    *) stop "a missing library is not said" "see above" ;;
    esac
    rm -rf "$root/$1/home/person/Deskside" "$root/$1/home/person/.cache" "$root/$1/home/person/.local" \
        "$root/$1/home/person/.config"
}
for suite in "$@"; do
    say "a clean $suite"
    mmdebstrap --quiet --variant=minbase "$suite" "$root/$suite"
    mount -t proc proc "$root/$suite/proc"
    mount --bind /dev "$root/$suite/dev"
    chroot "$root/$suite" useradd --create-home --uid 4711 person
    bare "$suite"
    cp "$packages"/*.deb "$root/$suite/tmp/"
    chroot "$root/$suite" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install \
        --no-install-recommends /tmp/*.deb >/tmp/apt.log 2>&1' || { tail "$root/$suite/tmp/apt.log" >&2; exit 1; }
    cd "$here"
    DESKSIDE_ROOT=$root/$suite "$venv/bin/pytest" -q tests/e2e/clean_root.py
done
