"""A file at a plain address: its size and checksum, from whoever tells them there."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from engine.catalog.gguf_file import shard_names
from engine.download.endpoints import checked_endpoint, origin_of, shown
from engine.download.lines import TROUBLES, Located
from engine.download.names import is_weights, name_problem, quantization_of
from engine.download.origin import resolution
from engine.download.values import DownloadPlan, Place, RemoteFile, Way
from engine.download.wire import RedirectRefused, Wire
from engine.errors import DownloadError, HubUnreachable

_STALL_SECONDS: Final = 20.0
_LARGEST_FILE_BYTES: Final = 1 << 44
_MOST_SUM_BYTES: Final = 4096
_LONGEST_VALIDATOR: Final = 500
_GIVEN: Final = re.compile(r"sha256=([0-9a-fA-F]{64})", re.ASCII)
_LINE: Final = re.compile(rb"([0-9a-fA-F]{64})(?:\s+[* ]?(\S+))?\s*", re.ASCII)


def plan_address(url: str, folder: Path) -> DownloadPlan:
    """The file at an address, and the other shards of its model; it is to lie in a folder of its own.

    The checksum is what the server says of the file (ETag, Repr-Digest), what lies beside it as
    `ADDRESS.sha256`, or what a person writes behind the address as `#sha256=...`. Without any of them the
    plan has none: it can arrive whole, but is not verified. Raises: DownloadError, HubUnreachable.
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
    endpoint = f"{parts.scheme}://{parts.netloc}"
    inside = _folder_of(endpoint, base)
    return DownloadPlan(
        endpoint, url.strip(), "", quantization_of(names[0]), tuple(files), str(folder / inside)
    )


def _folder_of(endpoint: str, base: str) -> PurePosixPath:
    """A name for people, and digits that keep folders of one name apart. No repository is called so."""
    host = "@" + origin_of(endpoint)[1].replace(":", "_")
    last = unquote(base.rpartition("/")[2])
    name = last if last and not name_problem(last) and "/" not in last else "files"
    return PurePosixPath(host, f"{name[:60]}-{hashlib.sha256((endpoint + base).encode()).hexdigest()[:8]}")


def _file(address: str, name: str, given: str | None) -> RemoteFile:
    wire = Wire(address, None, _STALL_SECONDS, is_hub=False)
    try:
        found = _located(wire, address)
        told = resolution(found)
        sha256 = given or told.sha256 or _beside(wire, address, name)
    except RedirectRefused as error:
        raise DownloadError.of("download_redirected", name=shown(name), endpoint=shown(address)) from error
    except TROUBLES as error:
        reason = shown(str(error)) or type(error).__name__
        raise HubUnreachable.of("hub_unreachable", endpoint=shown(address), reason=reason) from error
    finally:
        wire.close()
    if told.size is None or not 0 < told.size <= _LARGEST_FILE_BYTES:
        raise DownloadError.of("size_missing_at_address", name=shown(name))
    validator = "" if sha256 else found.answer.etag[:_LONGEST_VALIDATOR]
    return RemoteFile(name, told.size, sha256 or "", (Place(Way.PLAIN, address),), validator)


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
