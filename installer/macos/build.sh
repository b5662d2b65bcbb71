#!/bin/sh
# On a Mac with Python 3.11 and Xcode's tools: installer/macos/build.sh [FOLDER], default dist/.
# Signs where DESKSIDE_SIGN names an identity of the keychain, and notarises where DESKSIDE_NOTARY names a profile that
# `xcrun notarytool store-credentials` has kept; without them the .dmg is for trials.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$here/installer/setup.sh"
export MACOSX_DEPLOYMENT_TARGET=13.0  # as deskside.spec says; llama.cpp is built for it, too
setup_tests
out=${1:-$here/dist}
version=$(sed -n 's/^__version__.*"\(.*\)"$/\1/p' "$here/engine/__init__.py")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

mkdir -p "$here/build"
"$venv/bin/python" -c "from PySide6.QtGui import QGuiApplication, QImage; a = QGuiApplication([]); \
QImage('$here/resources/icons/deskside.svg').save('$here/build/deskside.icns') or exit('no icon')"
PYTHONHASHSEED=1 "$venv/bin/pyinstaller" --noconfirm --clean --log-level WARN \
    --distpath "$work" --workpath "$work/work" "$here/installer/deskside.spec" >&2
app=$work/dmg/Deskside.app
mkdir -p "$work/dmg"
mv "$work/Deskside.app" "$app"
"$venv/bin/python" "$here/installer/bill.py" "$app/Contents/Resources" "$work/sources.txt"
"$app/Contents/MacOS/deskside" --version

if [ -n "${DESKSIDE_SIGN:-}" ]; then
    # Inside out: what is signed must not change afterwards.
    # By what files are, not by their names: the libraries of frameworks have no ending.
    find "$app/Contents" -type f ! -path "$app/Contents/MacOS/deskside" | while read -r file; do
        case $(file -b "$file") in
        Mach-O*) codesign --force --timestamp --options runtime --sign "$DESKSIDE_SIGN" "$file" ;;
        esac
    done
    find "$app/Contents" -depth -name '*.framework' -type d -exec \
        codesign --force --timestamp --options runtime --sign "$DESKSIDE_SIGN" {} \;
    codesign --force --timestamp --options runtime --entitlements "$here/installer/macos/entitlements.plist" \
        --sign "$DESKSIDE_SIGN" "$app"
    codesign --verify --deep --strict "$app"
fi
ln -s /Applications "$work/dmg/Applications"
image=$out/Deskside-$version-$(uname -m).dmg
hdiutil create -quiet -ov -volname Deskside -srcfolder "$work/dmg" -format ULFO "$image"
[ -z "${DESKSIDE_SIGN:-}" ] || codesign --timestamp --sign "$DESKSIDE_SIGN" "$image"
if [ -n "${DESKSIDE_NOTARY:-}" ]; then
    xcrun notarytool submit "$image" --keychain-profile "$DESKSIDE_NOTARY" \
        ${DESKSIDE_KEYCHAIN:+--keychain "$DESKSIDE_KEYCHAIN"} --wait
    xcrun stapler staple "$image"
fi
say "made $image"
