"""The certificates of two paired machines, made of their key (pairing.py).

A module of its own, imported when a machine is really called: the library takes 11 MiB, which no worker
and no command without nodes has a use for.
"""

from __future__ import annotations

from datetime import UTC, datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.x509.oid import NameOID

_FROM, _UNTIL = datetime(2020, 1, 1, tzinfo=UTC), datetime(2120, 1, 1, tzinfo=UTC)


def certificate_der(raw: bytes, role: str) -> bytes:
    """What the other side is shown. `raw` is the key's bytes."""
    return _certificate(raw, role).public_bytes(serialization.Encoding.DER)


def identity_pem(raw: bytes, role: str) -> bytes:
    """The private key and its certificate."""
    key = _private(raw, role).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return key + _certificate(raw, role).public_bytes(serialization.Encoding.PEM)


def _private(raw: bytes, role: str) -> Ed25519PrivateKey:
    info = f"deskside node pairing 1: {role}".encode("ascii")
    seed = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(raw)
    return Ed25519PrivateKey.from_private_bytes(seed)


def _certificate(raw: bytes, role: str) -> x509.Certificate:
    """The same every time: its number, its dates and the signature follow from the key."""
    private = _private(raw, role)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"deskside {role}")])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private.public_key())
        .serial_number(1)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(private, None)
    )
