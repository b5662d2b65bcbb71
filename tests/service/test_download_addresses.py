"""Files at plain addresses, on servers that tell little, nothing, or too much."""

from __future__ import annotations

import hashlib
import random
import time
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download.addresses import plan_address
from engine.download.library import Library
from engine.download.library_values import Standing
from engine.download.pace import Pace
from engine.download.pull import pull
from engine.download.tuning import Tuning
from engine.download.verifying import verify
from engine.errors import Cancelled, DownloadError, ModelFileError
from tests.endpoint import Endpoint, Line, Request, reply
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]

CONTENT = random.Random(8).randbytes(2_000_003)
SHA256 = hashlib.sha256(CONTENT).hexdigest()
NAME = "Tiny-Q8_0.gguf"
SLOW = Tuning(pace=Pace(1 << 20))


class Site:
    """A web server with one file, and what it says of it."""

    def __init__(self, beside: bytes = b"", **headers: str) -> None:
        self.beside = beside
        self.headers = headers

    def __call__(self, request: Request, line: Line) -> None:
        if request.path.endswith(".sha256"):
            line.send(reply(200, self.beside) if self.beside else reply(404, b""))
            return
        first, last = request.headers["range"].removeprefix("bytes=").split("-")
        piece = CONTENT[int(first) : int(last) + 1]
        told = {
            "Content_Range": f"bytes {first}-{int(first) + len(piece) - 1}/{len(CONTENT)}",
            **self.headers,
        }
        line.send(reply(206, piece, **told))


def base(site: Endpoint) -> str:
    return f"{site.url.removesuffix('/v1')}/models/{NAME}"


@pytest.mark.parametrize(
    ("site", "more"),
    [
        (Site(ETag=f'"{SHA256}"'), ""),
        (Site(f"{SHA256}  {NAME}\n".encode()), ""),
        (Site(SHA256.upper().encode()), ""),
        (Site(), f"#sha256={SHA256}"),
    ],
    ids=["etag", "beside", "beside, bare", "given"],
)
def test_a_file_whose_checksum_is_told_arrives(site: Site, more: str, tmp_path: Path) -> None:
    with Endpoint(site) as server:
        plan = plan_address(base(server) + more, tmp_path)
        model = pull(plan, lambda _: None, CancelToken())
    assert Path(model.path).name == NAME
    assert Path(model.path).parent.parent == tmp_path / "@127.0.0.1"
    assert Path(model.path).parent.name.startswith("models-")
    assert Path(model.path).read_bytes() == CONTENT
    assert (model.quantization, model.verified, model.repository) == ("Q8_0", True, "")


def test_what_a_hub_says_when_it_sends_on_to_the_bytes_counts(tmp_path: Path) -> None:
    """The address of a file as people copy it from a hub. Where its bytes are, another ETag is told."""
    site = Site(ETag='"' + "ab" * 32 + '"')

    def hub(request: Request, line: Line) -> None:
        if "/resolve/" in request.path:
            place = f"{server.url.removesuffix('/v1')}/models/{NAME}"
            told = {"X_Linked_Etag": f'"{SHA256}"', "X_Linked_Size": str(len(CONTENT)), "Location": place}
            line.send(reply(302, b"", **told))
        else:
            site(request, line)

    with Endpoint(hub) as server:
        address = f"{server.url.removesuffix('/v1')}/owner/name/resolve/main/{NAME}?download=true"
        model = pull(plan_address(address, tmp_path), lambda _: None, CancelToken())
    assert Path(model.path).read_bytes() == CONTENT
    assert (model.sha256, model.verified) == (SHA256, True)


@pytest.mark.parametrize(
    "site",
    [
        Site(),
        Site(f"{SHA256}  other.gguf".encode()),
        Site(b"<html>"),
        Site(b"a" * 5000),
        Site(ETag='"5-abc"'),
    ],
)
def test_a_file_that_nobody_tells_a_checksum_of_arrives_and_is_not_called_verified(
    site: Site, tmp_path: Path
) -> None:
    with Endpoint(site) as server:
        plan = plan_address(base(server), tmp_path / "models")
        model = pull(plan, lambda _: None, CancelToken())
    assert Path(model.path).read_bytes() == CONTENT
    assert (model.sha256, model.verified) == (SHA256, False)
    library = Library(tmp_path / "models", tmp_path, tmp_path)
    (entry,) = library.entries()
    assert (entry.model.sha256, entry.model.verified, entry.standing) == (SHA256, False, Standing.READY)
    assert verify(library, entry, lambda *_: None, CancelToken())
    Path(model.path).write_bytes(CONTENT[::-1])
    with pytest.raises(ModelFileError):
        verify(library, library.entries()[0], lambda *_: None, CancelToken())


def test_a_file_of_no_known_size_is_refused(tmp_path: Path) -> None:
    def chunked(request: Request, line: Line) -> None:
        line.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nGGUF\r\n0\r\n\r\n")

    with Endpoint(chunked) as server, pytest.raises(DownloadError, match="how large"):
        plan_address(base(server), tmp_path)


@pytest.mark.parametrize("target", ["http://192.0.2.1/m-Q4_0.gguf", "", "ftp://127.0.0.1/m-Q4_0.gguf"])
def test_where_a_redirect_must_not_lead_is_said(target: str, tmp_path: Path) -> None:
    def sends_on(request: Request, line: Line) -> None:
        line.send(reply(302, b"", Location=target or request.path))

    with Endpoint(sends_on) as server, pytest.raises(DownloadError, match="not followed"):
        plan_address(base(server), tmp_path)


@pytest.mark.parametrize("told", ["ETag", "Last_Modified"])
def test_without_a_checksum_a_file_that_changed_is_never_spliced(told: str, tmp_path: Path) -> None:
    values = ("Mon, 01 Jun 2026 10:00:00 GMT", "Tue, 02 Jun 2026 10:00:00 GMT")
    with Endpoint(Site(**{told: values[0]})) as server:
        plan = plan_address(base(server), tmp_path)
        token = CancelToken()
        with pytest.raises(Cancelled):
            pull(plan, lambda news: token.cancel() if news.done_bytes else None, token, tuning=SLOW)
        server.answer = Site(**{told: values[1]})
        with pytest.raises(DownloadError, match="as it was when"):
            pull(plan, lambda _: None, CancelToken())
        assert not list(tmp_path.rglob("*.gguf"))
        model = pull(plan_address(base(server), tmp_path), lambda _: None, CancelToken())
    assert Path(model.path).read_bytes() == CONTENT


def test_two_files_of_one_name_on_one_server_do_not_meet(tmp_path: Path) -> None:
    with Endpoint(Site()) as server:
        one = plan_address(base(server), tmp_path)
        other = plan_address(base(server).replace("/models/", "/other/models/"), tmp_path)
    assert one.folder != other.folder


def test_a_wrong_checksum_is_never_published(tmp_path: Path) -> None:
    with Endpoint(Site()) as server:
        plan = plan_address(f"{base(server)}#sha256={'0' * 64}", tmp_path)
        with pytest.raises(DownloadError, match="wrong checksum"):
            pull(plan, lambda _: None, CancelToken())
    assert not list(tmp_path.rglob("*.gguf"))


@pytest.mark.parametrize(
    "path", ["/a/%2e%2e%2fx.gguf", "/a/b%5Cx.gguf", "/a/CON.gguf", "/a/readme.txt", "/a/.gguf"]
)
def test_hostile_names_of_addresses(path: str, tmp_path: Path) -> None:
    with Endpoint(Site()) as server, pytest.raises(DownloadError):
        plan_address(f"{server.url.removesuffix('/v1')}{path}#sha256={SHA256}", tmp_path)


def endless(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 206 Partial Content\r\n")
    for number in range(100_000):
        line.send(f"X-{number}: {'a' * 200}\r\n".encode())


def one_long(request: Request, line: Line) -> None:
    line.send(b"HTTP/1.1 206 Partial Content\r\nX: ")
    for _ in range(1000):
        line.send(b"a" * 10_000)


@pytest.mark.parametrize("answer", [endless, one_long])
def test_endless_headers_are_not_read_to_their_end(answer: object, tmp_path: Path) -> None:
    with Endpoint(answer) as server, pytest.raises(DownloadError):  # type: ignore[arg-type]
        plan_address(f"{base(server)}#sha256={SHA256}", tmp_path)


def test_a_head_that_drips_is_left(tmp_path: Path) -> None:
    site = Site()
    with Endpoint(site) as server:
        plan = plan_address(f"{base(server)}#sha256={SHA256}", tmp_path)
        token = CancelToken()

        def drip(request: Request, line: Line) -> None:
            for byte in b"HTTP/1.1 206 Partial Content\r\nX-Slow: " + b"a" * 1000:
                line.send(bytes([byte]))
                time.sleep(0.05)

        server.answer = drip
        asked = len(server.requests)
        with pytest.raises(Cancelled):
            pull(
                plan,
                lambda _: token.cancel() if len(server.requests) > asked + 2 else None,
                token,
                tuning=Tuning(stall_seconds=0.4, connections=1),
            )


def test_the_command_says_that_an_address_tells_no_checksum(environment: dict[str, str]) -> None:
    with Endpoint(Site()) as server:
        done = deskside(environment, "pull", base(server), "--json")
    assert done.returncode == 0, done.stderr
    told = records(done.stdout)
    (warning,) = (each["message"] for each in told if each["event"] == "warning" and SHA256 in str(each))
    assert warning["code"] == "address_unverified"
    assert (told[-1]["model"]["sha256"], told[-1]["model"]["verified"]) == (SHA256, False)


def test_the_command_takes_an_address(environment: dict[str, str]) -> None:
    with Endpoint(Site(ETag=f'"{SHA256}"')) as server:
        done = deskside(environment, "pull", base(server), "--json")
    assert done.returncode == 0, done.stderr
    assert records(done.stdout)[-1]["model"]["sha256"] == SHA256
