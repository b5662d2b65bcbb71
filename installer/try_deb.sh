#!/bin/sh
# Installs the packages in clean Debian roots and uses them there as a person would:
#   installer/try_deb.sh FOLDER [SUITE ...]      FOLDER: what build.sh filled; default suites: bookworm trixie
# Installed, started under Xvfb, wizard walked, an answer written, removed with the person's data kept
# (tests/e2e/clean_root.py). Needs root, the network for apt, and what ./test sets up. About 4 minutes a suite.
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
for suite in "$@"; do
    say "a clean $suite"
    mmdebstrap --quiet --variant=minbase "$suite" "$root/$suite"
    mount -t proc proc "$root/$suite/proc"
    mount --bind /dev "$root/$suite/dev"
    chroot "$root/$suite" useradd --create-home --uid 4711 person
    cp "$packages"/*.deb "$root/$suite/tmp/"
    chroot "$root/$suite" sh -c 'apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install \
        --no-install-recommends /tmp/*.deb >/tmp/apt.log 2>&1' || { tail "$root/$suite/tmp/apt.log" >&2; exit 1; }
    cd "$here"
    DESKSIDE_ROOT=$root/$suite "$venv/bin/pytest" -q tests/e2e/clean_root.py
done
