#!/bin/sh
# Writes every lock file again: hashes, no addresses. Needs `uv` on PATH.
set -eu
cd "$(dirname "$0")/.."
compile() { # compile OUT SOURCE [OPTIONS]
    out=$1; shift
    uv pip compile --quiet --universal --generate-hashes --python-version 3.11 \
        --no-emit-index-url --no-header --no-annotate --output-file "$out" "$@"
}
compile requirements.lock pyproject.toml
compile installer/locks/test.lock --extra test pyproject.toml --constraint requirements.lock
compile installer/locks/build.lock installer/locks/build.in
compile installer/locks/llama.lock --no-deps installer/locks/llama.in
compile installer/locks/starter.lock --no-deps installer/locks/starter.in
