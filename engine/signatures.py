"""Who signed something: Ed25519 keys and signatures, in base64."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from pathlib import Path


def keys_in(file: Path) -> tuple[bytes, ...]:
    """Public keys, one a line; what follows "#" is a remark. A file that is not there holds none.

    Raises: OSError, ValueError for a line that is no key.
    """
    lines = file.read_text("utf-8").splitlines() if file.exists() else []
    texts = [line.partition("#")[0].strip() for line in lines]
    return tuple(base64.b64decode(text, validate=True) for text in texts if text)


def is_signed(body: bytes, signature: bytes, keys: Iterable[bytes]) -> bool:
    """Whether one of the keys has signed these very bytes; `signature` is base64 of its 64 bytes."""
    return any(_signed_by(key, body, signature) for key in keys)


def _signed_by(key: bytes, body: bytes, signature: bytes) -> bool:
    # Not at the top: the window starts without it.
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(
            base64.b64decode(signature.strip(), validate=True), body
        )
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True
