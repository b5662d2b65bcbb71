"""A file at a plain address: its size and checksum, from whoever tells them there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from engine.catalog.gguf_file import shard_names
from engine.download.endpoints import checked_endpoint, origin_of, shown
from engine.download.lines import TROUBLES, Located
from engine.download.names import is_weights, name_problem, quantization_of
from engine.download.origin import resolution
from engine.download.values import DownloadPlan, Place, RemoteFile, Way
from engine.download.wire import Wire
from engine.errors import DownloadError, HubUnreachable

_STALL_SECONDS: Final = 20.0
_LARGEST_FILE_BYTES: Final = 1 << 44
_MOST_SUM_BYTES: Final = 4096
_GIVEN: Final = re.compile(r"sha256=([0-9a-fA-F]{64})", re.ASCII)
_LINE: Final = re.compile(rb"([0-9a-fA-F]{64})(?:\s+[* ]?(\S+))?\s*", re.ASCII)


def plan_address(url: str, folder: Path) -> DownloadPlan:
    """The file at an address, and the other shards of its model; it is to lie in `folder/HOST`.

    The checksum is what the server says of the file (ETag, Repr-Digest), what lies beside it as
    `ADDRESS.sha256`, or what a person writes behind the address as `#sha256=...`. Without any of them it
    could not be verified, so it is refused. Raises: DownloadError, HubUnreachable.
    """
    parts = urlsplit(checked_endpoint(url))
    given = _GIVEN.fullmatch(parts.fragment)
    base, _, name = parts.path.rpartition("/")
    names = shard_names(unquote(name))
    if not is_weights(names[0]):
        raise DownloadError.of("no_gguf", repository=shown(url))
    files = []
    for each in names:
        problem = name_problem(each)
        if problem or "/" in each:
            reason = problem or "it leaves its folder"
            raise DownloadError.of("file_name_refused", name=shown(each), reason=reason)
        path = f"{base}/{each}" if len(names) > 1 else parts.path
        address = urlunsplit(parts._replace(path=path, fragment=""))
        files.append(_file(address, each, given[1].lower() if given and len(names) == 1 else None))
    host = origin_of(url)[1].replace(":", "_")
    endpoint = f"{parts.scheme}://{parts.netloc}"
    return DownloadPlan(endpoint, "", "", quantization_of(names[0]), tuple(files), str(folder / host))


def _file(address: str, name: str, given: str | None) -> RemoteFile:
    wire = Wire(address, None, _STALL_SECONDS, is_hub=False)
    try:
        found = _located(wire, address)
        told = resolution(found)
        sha256 = given or told.sha256 or _beside(wire, address, name)
    except TROUBLES as error:
        reason = shown(str(error)) or type(error).__name__
        raise HubUnreachable.of("hub_unreachable", endpoint=shown(address), reason=reason) from error
    finally:
        wire.close()
    if sha256 is None or told.size is None or not 0 < told.size <= _LARGEST_FILE_BYTES:
        raise DownloadError.of("checksum_missing_at_address", name=shown(name))
    return RemoteFile(name, told.size, sha256, (Place(Way.PLAIN, address),))


def _located(wire: Wire, address: str) -> Located:
    found = wire.locate(address)
    if not found.url:
        raise DownloadError.of("address_refused", address=shown(address), status=found.answer.status)
    return found


def _beside(wire: Wire, address: str, name: str) -> str | None:
    """What `sha256sum` wrote. Raises: one of `TROUBLES`."""
    parts = urlsplit(address)
    answer, body = wire.get(urlunsplit(parts._replace(path=parts.path + ".sha256")), 0, _MOST_SUM_BYTES, None)
    if answer.status not in (200, 206):
        return None
    text = b""
    while len(text) < _MOST_SUM_BYTES and (piece := body.piece(_MOST_SUM_BYTES - len(text))):
        text += piece
    match = _LINE.fullmatch(text)
    if match is None or (match[2] is not None and match[2].decode("utf-8", "replace") != name):
        return None
    return match[1].decode().lower()
