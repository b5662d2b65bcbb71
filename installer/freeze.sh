#!/bin/sh
# Builds the one-folder program: installer/freeze.sh [OUTPUT-FOLDER], default build/frozen.
# What comes out is OUTPUT-FOLDER/deskside/deskside. Needs what ./test sets up.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
out=${1:-$here/build/frozen}
mkdir -p "$out"
say "freezing into $out/deskside"
"$venv/bin/pyinstaller" --noconfirm --clean --log-level WARN \
    --distpath "$out" --workpath "$out/work" "$here/installer/deskside.spec" >&2
rm -rf "$out/work"
lib=$out/deskside/_internal/llama_cpp/lib
# OpenMP is loaded by llama.cpp's own modules, which look beside themselves first.
gomp=$({ ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | sed -n 's/.*libgomp\.so\.1 .*=> //p' | head -n 1)
cp -L "$gomp" "$lib/"
# The same library under two names is one file.
for versioned in "$lib"/*.so.0; do
    ln -sf "$(basename "$versioned")" "${versioned%.0}"
done
inside=$out/deskside/_internal
find "$inside/PySide6" "$inside"/libpython* -name '*.so*' -type f -exec strip --strip-unneeded {} + 2>/dev/null || true
strip --strip-unneeded "$lib"/*.so.* "$lib"/libggml-cpu-*.so "$lib"/libggml-rpc.so 2>/dev/null ||
    say "strip was not possible; the build is larger than it could be"
say "frozen: $(du -sm "$out/deskside" | cut -f 1) MB"
