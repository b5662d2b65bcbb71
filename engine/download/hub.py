"""What the hub says of a model: huggingface-hub's metadata, checked, as plain values."""

from __future__ import annotations

import contextlib
import functools
import os
import re
import ssl
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
from urllib3.connection import HTTPConnection
from urllib3.response import BaseHTTPResponse

from engine.download.dialing import connection_to
from engine.download.endpoints import checked_endpoint, redirect_target, shown
from engine.download.lines import TROUBLES
from engine.download.wire import USER_AGENT
from engine.errors import DownloadError, HubUnreachable

_TIMEOUT_SECONDS = 20.0
_LONGEST_ANSWER_SECONDS = 60.0
_PIECE_BYTES = 64 << 10
_LARGEST_ANSWER_BYTES = 64 << 20  # listings of the largest repositories have a few MiB
_LARGEST_FILE_BYTES = 1 << 44  # 16 TiB, far above any model
_COMMIT = re.compile(r"[0-9a-f]{40,64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class ListedFile:
    """A file as the hub lists it; the name is not checked yet."""

    path: str
    size_bytes: int | None
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Listing:
    """All files of a repository at one commit."""

    commit: str
    gated: bool
    files: tuple[ListedFile, ...]


def list_files(endpoint: str, repository: str, hub_token: str | None) -> Listing:
    """Asks the hub (or a mirror of it) for a repository's files, sizes and checksums.

    Raises: HubUnreachable; DownloadError for an unknown or closed repository and for an
    answer that makes no sense.
    """
    endpoint = checked_endpoint(endpoint)
    api = library()
    try:
        with asked(endpoint):
            info = api.HfApi(endpoint=endpoint).model_info(
                repository, files_metadata=True, token=hub_token or False, timeout=_TIMEOUT_SECONDS
            )
            return _parsed(info)
    except api.errors.GatedRepoError as error:
        raise DownloadError.of("repository_gated", repository=repository) from error
    except (api.errors.RepositoryNotFoundError, api.errors.HFValidationError) as error:
        raise DownloadError.of(
            "repository_missing", repository=repository, endpoint=shown(endpoint)
        ) from error


@contextlib.contextmanager
def asked(endpoint: str) -> Iterator[None]:
    """Turns what goes wrong while the hub is asked into sentences; questions about one repository that
    the hub answers with a no pass through.

    Raises: HubUnreachable, DownloadError.
    """
    errors = library().errors
    try:
        yield
    except (errors.RepositoryNotFoundError, errors.HFValidationError):
        raise
    except errors.OfflineModeIsEnabled as error:
        raise HubUnreachable.of("hub_offline") from error
    except errors.HfHubHTTPError as error:
        raise _refusal(endpoint, error.response.status_code) from error
    except (httpx2.HTTPError, httpx2.InvalidURL, OSError) as error:
        raise HubUnreachable.of("hub_unreachable", endpoint=shown(endpoint), reason=_reason(error)) from error
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, httpx2.StreamError) as error:
        raise DownloadError.of("hub_nonsense", endpoint=shown(endpoint)) from error


@functools.cache
def library() -> Any:
    """huggingface-hub, imported late (it is slow) with its telemetry off and our HTTP client in it."""
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    os.environ["HF_XET_TELEMETRY_ENABLED"] = "0"
    os.environ["HF_HUB_DISABLE_IMPLICIT_TOKEN"] = "1"
    import huggingface_hub
    import huggingface_hub.errors

    huggingface_hub.set_client_factory(web_client)
    return huggingface_hub


def web_client() -> httpx2.Client:
    """A client of our own network, whose answers are bounded."""
    return httpx2.Client(
        follow_redirects=True,
        max_redirects=5,
        timeout=_TIMEOUT_SECONDS,
        transport=_Transport(),
        trust_env=False,  # proxies and certificates are those of `dialing`
        event_hooks={"request": [_tell_little], "response": [_check_redirect, _bound]},
    )


class _Transport(httpx2.BaseTransport):
    """One connection a request, opened like those of all transfers."""

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            connection = connection_to(str(request.url))
            connection.connect()
            connection.timeout = _TIMEOUT_SECONDS
            connection.request(
                request.method,
                request.url.raw_path.decode("ascii"),
                body=request.read() or None,
                headers={name: value for name, value in request.headers.items() if name != "connection"},
                preload_content=False,
                decode_content=False,
            )
            response = connection.getresponse()
        except TROUBLES as error:
            raise httpx2.ConnectError(_words(error), request=request) from error
        return httpx2.Response(
            response.status, headers=list(response.headers.items()), stream=_Stream(connection, response)
        )


class _Stream(httpx2.SyncByteStream):
    def __init__(self, connection: HTTPConnection, response: BaseHTTPResponse) -> None:
        self._connection = connection
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        try:
            while piece := self._response.read1(_PIECE_BYTES, decode_content=False):
                yield piece
        except TROUBLES as error:
            raise httpx2.ReadError(_words(error)) from error

    def close(self) -> None:
        self._connection.close()


def _words(error: Exception) -> str:
    return str(error) or type(error).__name__


def _tell_little(request: httpx2.Request) -> None:
    """The client is shared by all endpoints: nothing of one may reach another. Nor are versions anybody's
    business."""
    request.headers.pop("Cookie", None)
    request.headers["User-Agent"] = USER_AGENT


def _check_redirect(response: httpx2.Response) -> None:
    location = response.headers.get("Location")
    if response.is_redirect and location and redirect_target(str(response.request.url), location) is None:
        raise httpx2.UnsupportedProtocol("a redirect leads to an address that is not allowed")


def _bound(response: httpx2.Response) -> None:
    if isinstance(response.stream, httpx2.SyncByteStream):
        response.stream = _BoundedStream(response.stream)


class _BoundedStream(httpx2.SyncByteStream):
    """An answer that ends in an error when it grows without end or drips for ever."""

    def __init__(self, stream: httpx2.SyncByteStream) -> None:
        self._stream = stream

    def __iter__(self) -> Iterator[bytes]:
        deadline = time.monotonic() + _LONGEST_ANSWER_SECONDS
        left = _LARGEST_ANSWER_BYTES
        for chunk in self._stream:
            left -= len(chunk)
            if left < 0 or time.monotonic() > deadline:
                raise httpx2.ReadError("the answer does not end")
            yield chunk

    def close(self) -> None:
        self._stream.close()


def _parsed(info: Any) -> Listing:
    commit = info.sha
    if not isinstance(commit, str) or not _COMMIT.fullmatch(commit):
        raise ValueError("no commit")
    files = tuple(_parsed_file(sibling) for sibling in info.siblings or ())
    return Listing(commit, bool(info.gated), files)


def _parsed_file(sibling: Any) -> ListedFile:
    if not isinstance(sibling.rfilename, str):
        raise TypeError("a file without a name")
    size = sibling.lfs.size if sibling.lfs else sibling.size
    sha256 = sibling.lfs.sha256 if sibling.lfs else None
    return checked_file(sibling.rfilename, size, sha256)


def checked_file(path: str, size: object, sha256: object) -> ListedFile:
    """What a source says of a file; None where it does not say anything possible."""
    possible = type(size) is int and 0 < size <= _LARGEST_FILE_BYTES
    digest = sha256.lower() if isinstance(sha256, str) else ""
    return ListedFile(
        path,
        size if possible and isinstance(size, int) else None,
        digest if _SHA256.fullmatch(digest) else None,
    )


def _refusal(endpoint: str, status: int) -> DownloadError:
    if status == 429 or status >= 500:
        return HubUnreachable.of("hub_busy", endpoint=shown(endpoint), status=status)
    return DownloadError.of("hub_refused", endpoint=shown(endpoint), status=status)


def _reason(error: Exception) -> str:
    cause: BaseException = error
    while cause.__cause__ or cause.__context__:
        cause = cause.__cause__ or cause.__context__ or cause
    if isinstance(cause, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {cause.verify_message}"
    text = str(error) or str(cause) or type(cause).__name__
    return shown(text)
