"""Keys and signatures of the list of runtimes.

python installer/runtimes/sign.py new KEY-FILE     makes a key; prints its public half, for keys.txt
python installer/runtimes/sign.py KEY-FILE FOLDER  signs FOLDER/manifest.json
"""

from __future__ import annotations

import base64
import os
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from engine.packs.manifest import MANIFEST, SIGNATURE


def new_key(path: Path) -> str:
    """Readable by its owner only; a file that is there is never replaced. Returns the public half."""
    key = Ed25519PrivateKey.generate()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(base64.b64encode(key.private_bytes_raw()) + b"\n")
    return base64.b64encode(key.public_key().public_bytes_raw()).decode()


def sign(key: Path, folder: Path) -> None:
    private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(key.read_bytes()))
    signature = private.sign((folder / MANIFEST).read_bytes())
    (folder / SIGNATURE).write_bytes(base64.b64encode(signature) + b"\n")


if __name__ == "__main__":
    if sys.argv[1] == "new":
        print(new_key(Path(sys.argv[2])))
    else:
        sign(Path(sys.argv[1]), Path(sys.argv[2]))
