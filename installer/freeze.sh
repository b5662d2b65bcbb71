#!/bin/sh
# Builds the one-folder program: installer/freeze.sh [OUTPUT-FOLDER], default build/frozen.
# What comes out is OUTPUT-FOLDER/deskside/deskside, with the licences and the list of what is inside.
# Needs what ./test sets up.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
out=${1:-$here/build/frozen}
mkdir -p "$out"
say "freezing into $out/deskside"
# Sets and dictionaries in one order, so that the same sources give the same bytes.
PYTHONHASHSEED=1 "$venv/bin/pyinstaller" --noconfirm --clean --log-level WARN \
    --distpath "$out" --workpath "$out/work" "$here/installer/deskside.spec" >&2
rm -rf "$out/work"
inside=$out/deskside/_internal
lib=$inside/llama_cpp/lib
# OpenMP is loaded by llama.cpp's own modules, which look beside themselves first.
gomp=$({ ldconfig -p 2>/dev/null || /sbin/ldconfig -p; } | sed -n 's/.*libgomp\.so\.1 .*=> //p' | head -n 1)
cp -L "$gomp" "$lib/"
readlink -f "$gomp" >>"$out/sources.txt"
# The same library under two names is one file.
for versioned in "$lib"/*.so.0; do
    ln -sf "$(basename "$versioned")" "${versioned%.0}"
done
# NumPy's libraries were rewritten by auditwheel, and break if they are stripped.
find "$inside" -name '*.so*' -type f ! -path '*/numpy*' -exec strip --strip-unneeded {} +
find "$inside" -name '*.so*' -type f -exec chmod 644 {} +
"$venv/bin/python" "$here/installer/bill.py" "$out/deskside" "$out/sources.txt"
# The oldest C library that it starts with.
find "$out/deskside" -type f \( -name '*.so*' -o -name deskside \) -exec objdump -T {} + 2>/dev/null |
    sed -n 's/.*(\{0,1\}GLIBC_\([0-9.]*\).*/\1/p' | sort -uV | tail -n 1 >"$out/deskside/glibc"
say "frozen: $(du -sm --apparent-size "$out/deskside" | cut -f 1) MB"
