"""Devices of other machines, "nodes", as everything here names them: "127.0.0.1:50052/0".

Before the slash stands where llama.cpp's protocol for devices elsewhere is spoken, behind it the
device's number there. That protocol trusts everybody and encrypts nothing, so the address is on
loopback: either a process of this machine, or our end of an encrypted connection to another one.
"""

from __future__ import annotations

import ipaddress
import re

from engine.errors import LoadError

_ENDPOINT = re.compile(r"(\d{1,3}(?:\.\d{1,3}){3}):(\d{1,5})")


def node_device(endpoint: str, number: int = 0) -> str:
    return f"{endpoint}/{number}"


def is_node(device: str) -> bool:
    return "/" in device


def parse_node(device: str) -> tuple[str, int]:
    """(endpoint, number). Raises: LoadError, for what is no device of a node on loopback."""
    endpoint, _, number = device.rpartition("/")
    local_address(endpoint)
    if not number.isascii() or not number.isdecimal():
        raise LoadError.of("node_not_local", endpoint=device)
    return endpoint, int(number)


def local_address(endpoint: str) -> tuple[str, int]:
    """(host, port). Names are refused: they may mean another address the next time they are asked for.

    Raises: LoadError, for whatever is not on loopback.
    """
    found = _ENDPOINT.fullmatch(endpoint)
    try:
        local = found is not None and ipaddress.IPv4Address(found[1]).is_loopback
    except ValueError:
        local = False
    if found is None or not local or not 0 < int(found[2]) < 65_536:
        raise LoadError.of("node_not_local", endpoint=endpoint)
    return found[1], int(found[2])
