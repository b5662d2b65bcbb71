"""Plans from a hub's answers, through the real huggingface-hub client."""

from __future__ import annotations

import json
import shutil
import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download.library import Library
from engine.download.projectors import projector_beside
from engine.download.pull import pull
from engine.download.sources import plan_download
from engine.download.trash import put_in_trash
from engine.download.values import DownloadPlan
from engine.errors import DownloadError, HubUnreachable, UsageError
from tests.hub import COMMIT, Faults, HubFile, StandInHub

SMALL = b"GGUF and more"


@pytest.fixture
def hub() -> Iterator[StandInHub]:
    with StandInHub() as hub:
        yield hub


def plan(hub: StandInHub, folder: Path, quantization: str = "", repository: str = "o/M-GGUF") -> DownloadPlan:
    return plan_download(hub.endpoint, repository, quantization, folder)


def fill(hub: StandInHub, *names: str) -> None:
    for name in names:
        hub.add_file("o/M-GGUF", name, SMALL + name.encode("utf-8", "surrogatepass"))


def test_a_plan_pins_commit_size_and_checksum(hub: StandInHub, tmp_path: Path) -> None:
    fill(hub, "README.md", "M-Q4_K_M.gguf", "M-Q8_0.gguf", "mmproj-M-Q4_K_M.gguf")
    made = plan(hub, tmp_path, "q8_0")
    (file,) = made.weights
    listed = hub.repositories["o/M-GGUF"]["M-Q8_0.gguf"]
    assert (file.path, file.size_bytes, file.sha256) == ("M-Q8_0.gguf", len(listed.content), listed.digest)
    assert (made.commit, made.quantization) == (COMMIT, "Q8_0")
    assert Path(made.folder) == tmp_path / "o" / "M-GGUF"
    assert not any(tmp_path.iterdir())


def test_a_projector_comes_along_and_is_no_model(hub: StandInHub, tmp_path: Path) -> None:
    fill(
        hub, "M-Q4_K_M.gguf", "M-Q8_0.gguf", "mmproj-F32.gguf", "mmproj-F16.gguf", "mmproj-Other-7B-F16.gguf"
    )
    made = plan(hub, tmp_path, "q8_0")
    assert [file.path for file in made.files] == ["M-Q8_0.gguf", "mmproj-F16.gguf"]
    model = pull(made, lambda _: None, CancelToken())
    assert (model.name, model.size_bytes) == ("M", made.weights[0].size_bytes)
    library = Library(tmp_path, tmp_path / "state", tmp_path / "no starter")
    (entry,) = library.entries()
    # it goes with its model, as long as no other needs it
    assert [Path(file).name for file in entry.files] == ["M-Q8_0.gguf", "mmproj-F16.gguf"]
    assert projector_beside(Path(model.path)) == tmp_path / "o" / "M-GGUF" / "mmproj-F16.gguf"
    pull(plan(hub, tmp_path, "q4_k_m"), lambda _: None, CancelToken())
    entries = library.entries()
    assert len(entries) == 2
    assert all(len(entry.files) == 1 for entry in entries)
    for entry, left in zip(entries, (1, 0), strict=True):
        put_in_trash(library.entry(entry.model.path))
        assert len(list((tmp_path / "o").rglob("mmproj-F16.gguf"))) == left


def test_without_a_quantisation_the_usual_one_or_the_only_one(hub: StandInHub, tmp_path: Path) -> None:
    fill(hub, "M-Q8_0.gguf")
    assert plan(hub, tmp_path).quantization == "Q8_0"
    fill(hub, "M-Q2_K.gguf")
    with pytest.raises(UsageError, match=r"Q2_K, Q8_0\.$"):
        plan(hub, tmp_path)
    fill(hub, "M-Q4_K_M.gguf")
    assert plan(hub, tmp_path).quantization == "Q4_K_M"


def test_shards_come_in_order_from_their_folder(hub: StandInHub, tmp_path: Path) -> None:
    shards = [f"UD-IQ1_S/M-UD-IQ1_S-0000{n}-of-00003.gguf" for n in (1, 2, 3)]
    fill(hub, "M-Q4_0.gguf", *reversed(shards))
    made = plan(hub, tmp_path, "ud-iq1_s")
    assert [file.path for file in made.files] == shards
    del hub.repositories["o/M-GGUF"][shards[1]]
    with pytest.raises(DownloadError, match="does not hold all parts"):
        plan(hub, tmp_path, "ud-iq1_s")


def test_unknown_and_ambiguous_quantisations_list_the_choices(hub: StandInHub, tmp_path: Path) -> None:
    fill(hub, "A-Q4_K_M.gguf", "B-Q4_K_M.gguf", "A-Q8_0.gguf")
    with pytest.raises(UsageError, match=r"has no quantization Q3_K.* Q4_K_M, Q8_0\.$"):
        plan(hub, tmp_path, "Q3_K")
    with pytest.raises(UsageError, match=r"A-Q4_K_M\.gguf, B-Q4_K_M\.gguf"):
        plan(hub, tmp_path)
    assert plan(hub, tmp_path, "b-q4_k_m.gguf").files[0].path == "B-Q4_K_M.gguf"


@pytest.mark.parametrize(
    "name",
    [
        "../M-Q4_K_M.gguf",
        "/tmp/M-Q4_K_M.gguf",
        "C:\\M-Q4_K_M.gguf",
        "a\\..\\M-Q4_K_M.gguf",
        "con/M-Q4_K_M.gguf",
        "M\x1b[31m-Q4_K_M.gguf",
        "M\u202e-Q4_K_M.gguf",
        "x" * 300 + "-Q4_K_M.gguf",
    ],
)
def test_hostile_names_are_refused(hub: StandInHub, tmp_path: Path, name: str) -> None:
    fill(hub, name)
    with pytest.raises(DownloadError, match="not safe to write") as caught:
        plan(hub, tmp_path)
    assert str(caught.value).isprintable()


def test_names_that_collide_are_refused(hub: StandInHub, tmp_path: Path) -> None:
    fill(hub, "M-Q4_K_M-00001-of-00002.gguf", "M-Q4_K_M-00002-of-00002.gguf", "M-Q4_K_M-00001-of-00002.GGUF")
    with pytest.raises(DownloadError, match="overwrite one another"):
        plan(hub, tmp_path)


@pytest.mark.parametrize(
    "file",
    [
        HubFile(SMALL, sha256="none"),
        HubFile(SMALL, sha256="xyz"),
        HubFile(SMALL, size=-1),
        HubFile(SMALL, size=1 << 60),
    ],
)
def test_without_size_and_checksum_nothing_is_fetched(hub: StandInHub, tmp_path: Path, file: HubFile) -> None:
    hub.add_file("o/M-GGUF", "M-Q4_K_M.gguf", file)
    with pytest.raises(DownloadError, match="could not be verified"):
        plan(hub, tmp_path)


def test_repositories_that_cannot_be_had(hub: StandInHub, tmp_path: Path) -> None:
    with pytest.raises(DownloadError, match="There is no model o/None"):
        plan(hub, tmp_path, repository="o/None")
    with pytest.raises(DownloadError, match="There is no model o/a--b"):
        plan(hub, tmp_path, repository="o/a--b")
    hub.add_file("o/Safe", "model.safetensors", SMALL)
    with pytest.raises(DownloadError, match="no GGUF files"):
        plan(hub, tmp_path, repository="o/Safe")
    fill(hub, "M-Q4_K_M.gguf")
    hub.faults = Faults(gated=True)
    with pytest.raises(DownloadError, match="accepted its terms"):
        plan(hub, tmp_path)
    assert plan_download(hub.endpoint, "o/M-GGUF", "", tmp_path, hub_token="hf_x").quantization == "Q4_K_M"


@pytest.mark.parametrize(
    "body",
    [
        b"<html>log in</html>",
        b"[]",
        b"null",
        b"{}",
        b"{" * 100_000,
        json.dumps({"id": "o/M-GGUF", "sha": "../../etc", "siblings": []}).encode(),
        json.dumps({"id": "o/M-GGUF", "sha": COMMIT, "siblings": 5}).encode(),
        json.dumps({"id": "o/M-GGUF", "sha": COMMIT, "siblings": [{"rfilename": 5}]}).encode(),
        json.dumps(
            {"id": "o/M-GGUF", "sha": COMMIT, "siblings": [{"rfilename": "a.gguf", "lfs": 3}]}
        ).encode(),
        json.dumps({"id": "o/M-GGUF", "sha": COMMIT, "siblings": [None]}).encode(),
        json.dumps({"id": 5, "sha": COMMIT, "siblings": [{}]}).encode(),
        b"\xff\xfe\x00",
    ],
)
def test_an_answer_of_nonsense_gets_a_sentence(hub: StandInHub, tmp_path: Path, body: bytes) -> None:
    hub.faults = Faults(api_body=body)
    with pytest.raises(DownloadError, match="no description of a model"):
        plan(hub, tmp_path)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(500, HubUnreachable), (503, HubUnreachable), (429, HubUnreachable), (400, DownloadError)],
)
def test_refusals_of_the_hub(hub: StandInHub, tmp_path: Path, status: int, kind: type[DownloadError]) -> None:
    hub.faults = Faults(api_status=status)
    with pytest.raises(kind, match=f"HTTP {status}"):
        plan(hub, tmp_path)


def test_an_unreachable_hub(hub: StandInHub, tmp_path: Path) -> None:
    hub.close()
    with pytest.raises(HubUnreachable, match="does not answer"):
        plan(hub, tmp_path)
    with pytest.raises(DownloadError, match="is not encrypted"):
        plan_download("http://hub.example", "o/M-GGUF", "", tmp_path)


@pytest.fixture
def untrusted(tmp_path: Path) -> Iterator[str]:
    """An https server whose certificate nobody signed."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *(
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-keyout",
                str(key),
                "-out",
                str(certificate),
            ),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)

    class Quiet(HTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that the client breaks off is what the test is about."""

    server = Quiet(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    yield f"https://localhost:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_untrusted_certificates_are_refused(hub: StandInHub, tmp_path: Path, untrusted: str) -> None:
    with pytest.raises(HubUnreachable, match="certificate is not trusted"):
        plan_download(untrusted, "o/M-GGUF", "", tmp_path)
    fill(hub, "M-Q4_K_M.gguf")
    made = plan(hub, tmp_path)
    hub.faults = Faults(redirect_to=f"{untrusted}/file")
    with pytest.raises(DownloadError, match="certificate that this machine does not trust"):
        pull(made, lambda progress: None, CancelToken())
