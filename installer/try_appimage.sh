#!/bin/sh
# Uses the AppImage here as a person would, and where it cannot start: damaged, interrupted, without room:
#   installer/try_appimage.sh FOLDER      FOLDER: what build.sh filled
# Needs what ./test sets up. Its file systems that are full or read-only need root, or are skipped. About 3 minutes.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
DESKSIDE_PACKAGES=$(CDPATH='' cd -- "${1:?the folder with the AppImage}" && pwd)
export DESKSIDE_PACKAGES
cd "$here"
exec "$venv/bin/pytest" -q tests/e2e/appimage.py
