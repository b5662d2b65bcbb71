#!/bin/sh
# Builds a runtime pack from the very llama.cpp that the bindings were built from:
#   installer/runtimes/build.sh BACKEND [FOLDER]      BACKEND: vulkan, cuda, hip, metal or cpu; default dist/runtimes
# Writes FOLDER/BACKEND-VERSION-REVISION-SYSTEM-MACHINE.tar.xz and adds it to FOLDER/manifest.json, which sign.py then signs.
# Needs a compiler and the backend's own tools (README.md). CMAKE_ARGS is passed on. DESKSIDE_DRIVER is the oldest
# driver of NVIDIA that the pack works with, if that is known.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")/../.." && pwd)
. "$here/installer/setup.sh"
backend=$1 out=${2:-$here/dist/runtimes}
find_python
setup_venv
setup_requirements program "$here/requirements.lock"
version=$(sed -n 's/^llama-cpp-python==\([^ ;]*\).*/\1/p' "$locks/llama.lock")
name=$backend-$version-${DESKSIDE_REVISION:-1}  # a newer pack of the same llama.cpp has a higher number
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$out"

say "fetching llama.cpp's source, checked by hash"
build_tools "$work/tools"
PATH=$work/tools/bin:$PATH
(
    venv=$work/tools  # pip asks the source's own build what it is
    pip_lock "the source" download --no-deps --no-build-isolation --no-binary llama-cpp-python --require-hashes \
        -r "$locks/llama.lock" -d "$work"
)
tar -xf "$work"/*.tar.gz -C "$work"
source=$(echo "$work"/llama_cpp_python-*/vendor/llama.cpp/ggml)
[ -e "$source/ggml.pc.in" ] || : >"$source/ggml.pc.in"  # not in that package; asked for, and used by installations only
case $backend in
cpu) what="-DGGML_CPU_ALL_VARIANTS=ON" targets=all ;;
*) what="-DGGML_$(echo "$backend" | tr a-z A-Z)=ON -DGGML_CPU=OFF" targets=ggml-$backend ;;
esac
say "building (log: $out/$name.log)"
# shellcheck disable=SC2086  # word splitting is meant
{
    cmake -S "$source" -B "$work/build" -DCMAKE_BUILD_TYPE=Release \
        -DGGML_NATIVE=OFF -DGGML_BACKEND_DL=ON -DBUILD_SHARED_LIBS=ON -DGGML_BUILD_TESTS=OFF -DGGML_BUILD_EXAMPLES=OFF \
        -DCMAKE_CXX_FLAGS="-I$llama_fixes -includedeskside_amx_tiles.h" -DCMAKE_SKIP_RPATH=ON $what ${CMAKE_ARGS:-}
    cmake --build "$work/build" --target "$targets" -j "$(nproc)"
} >"$out/$name.log" 2>&1 || stop "the pack could not be built" "see $out/$name.log"
mkdir "$work/pack"
find "$work/build" -name "*ggml-$backend*" \( -name '*.so' -o -name '*.dll' -o -name '*.dylib' \) -exec cp {} "$work/pack" \;
cp "$here/installer/licences/llama.cpp.txt" "$work/pack/LICENSE"
strip --strip-unneeded "$work/pack"/*ggml-* 2>/dev/null || say "not stripped"
"$venv/bin/python" "$here/installer/runtimes/pack.py" "$work/pack" "$out" "$name" "$backend" "$version" "${DESKSIDE_DRIVER:-}"
