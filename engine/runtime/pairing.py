"""What two machines prove to each other with: a key that a person carries from one to the other.

Both make the same two certificates of it, one for the node and one for its guest. Each side shows its own
and trusts the other one and nothing else, so whoever does not know the key can neither listen nor take
part, and what was said by one side cannot be played back to it. The key has 120 random bits: too
many to be guessed, so nothing has to slow a guesser down.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
import ssl
import tempfile
from pathlib import Path

from engine.errors import UsageError

NODE, GUEST = "node", "guest"
_KEY_BYTES = 15
_GROUP = 4  # characters between dashes


def new_key() -> str:
    """As a person reads and types it."""
    text = base64.b32encode(secrets.token_bytes(_KEY_BYTES)).decode("ascii").rstrip("=")
    return "-".join(text[start : start + _GROUP] for start in range(0, len(text), _GROUP))


def key_bytes(text: str) -> bytes:
    """Raises: UsageError, for what is no key; nothing of it is said again."""
    plain = text.strip().upper().replace("-", "").replace(" ", "")
    try:
        found = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except (binascii.Error, ValueError):
        found = b""
    if len(found) != _KEY_BYTES:
        raise UsageError.of("node_key_malformed")
    return found


def tls_of(key: str, role: str) -> ssl.SSLContext:
    """For one side: `NODE` listens, `GUEST` calls. Raises: UsageError, OSError."""
    from engine.runtime.certificates import certificate_der

    raw = key_bytes(key)
    other = GUEST if role == NODE else NODE
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == NODE else ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.check_hostname = False  # the certificate itself is known
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=certificate_der(raw, other))
    if role == NODE:
        context.num_tickets = 0  # nobody comes back to an old session
    _show(context, raw, role)
    return context


def proves_itself(connection: ssl.SSLSocket, key: str, role: str) -> bool:
    """Whether the other side showed the certificate of that role."""
    from engine.runtime.certificates import certificate_der

    return connection.getpeercert(binary_form=True) == certificate_der(key_bytes(key), role)


def _show(context: ssl.SSLContext, raw: bytes, role: str) -> None:
    """Python takes the private key from a file only: one that nobody else can read, for a moment."""
    from engine.runtime.certificates import identity_pem

    handle, name = tempfile.mkstemp(prefix="deskside.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(identity_pem(raw, role))
        context.load_cert_chain(name)
    finally:
        Path(name).unlink()
