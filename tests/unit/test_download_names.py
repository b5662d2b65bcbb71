"""Names and addresses from outside: what is refused, what is understood."""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath, PureWindowsPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.download.endpoints import (
    checked_endpoint,
    environment_token,
    origin_of,
    redirect_target,
    shown,
)
from engine.download.names import (
    colliding_names,
    is_weights,
    model_name_of,
    name_problem,
    quantization_of,
    shard_of,
)
from engine.download.repositories import parse_reference
from engine.errors import DownloadError, UsageError

HOSTILE = (
    "../evil.gguf",
    "a/../../evil.gguf",
    "/etc/evil.gguf",
    "a//b.gguf",
    "./a.gguf",
    "a/.",
    "C:/evil.gguf",
    "C:evil.gguf",
    "a\\..\\evil.gguf",
    "\\\\server\\share\\evil.gguf",
    "nul.gguf",
    "CON",
    "com1.gguf",
    "Lpt¹.gguf",
    "sub/aux /x.gguf",
    "a\x00.gguf",
    "a\n.gguf",
    "a\x1b[2J.gguf",
    "a\u202efugg.gguf",
    "a\u200b.gguf",
    "a\ud800.gguf",
    "a.gguf.",
    "a.gguf ",
    " a.gguf",
    ".hidden.gguf",
    "a?.gguf",
    "a|b.gguf",
    "a" * 250 + ".gguf",
    "/".join(["abcdefgh"] * 100) + ".gguf",
    "",
)


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_are_refused(name: str) -> None:
    assert name_problem(name)


@pytest.mark.parametrize(
    "name", ["m-Q4_K_M.gguf", "UD-Q2_K_XL/m-00001-of-00009.gguf", "模型.gguf", "a b.gguf"]
)
def test_ordinary_names_pass(name: str) -> None:
    assert name_problem(name) is None


@given(
    st.text(max_size=60)
    | st.lists(st.sampled_from(["..", ".", "a", "C:", "\\", "", "~", "nul"])).map("/".join)
)
def test_an_accepted_name_stays_in_its_folder_on_every_system(name: str) -> None:
    if name_problem(name) is not None:
        return
    root = Path("/models/owner/name")
    assert os.path.commonpath([root, os.path.normpath(root / name)]) == str(root)
    windows = PureWindowsPath(name)
    assert not windows.drive and not windows.root and ".." not in windows.parts
    assert PurePosixPath(name).as_posix() == name
    assert name.isprintable() or any(character.isspace() for character in name)


def test_names_that_are_one_file_elsewhere_collide() -> None:
    assert colliding_names(["a/M.gguf", "b.gguf", "a/m.gguf"]) == ("a/M.gguf", "a/m.gguf")
    assert colliding_names(["caf\u00e9.gguf", "cafe\u0301.gguf"]) is not None
    assert colliding_names(["a.gguf", "b.gguf"]) is None


@pytest.mark.parametrize(
    ("path", "quantization", "name"),
    [
        ("Qwen3-8B-Q4_K_M.gguf", "Q4_K_M", "Qwen3-8B"),
        ("SmolLM2-135M-Instruct.Q4_1.gguf", "Q4_1", "SmolLM2-135M-Instruct"),
        ("gemma-3-4b-it-q4_0.gguf", "Q4_0", "gemma-3-4b-it"),
        ("Qwen3-0.6B-UD-Q2_K_XL.gguf", "UD-Q2_K_XL", "Qwen3-0.6B"),
        ("x/DeepSeek-R1-0528-UD-IQ1_S-00001-of-00004.gguf", "UD-IQ1_S", "DeepSeek-R1-0528"),
        ("BF16/Model-00001-of-00002.gguf", "BF16", "Model"),
        ("gpt-oss-20b-mxfp4.gguf", "MXFP4", "gpt-oss-20b"),
        ("model.i1-IQ4_XS.gguf", "IQ4_XS", "model.i1"),
        ("Model-F16.gguf", "F16", "Model"),
        ("Model-TQ1_0.gguf", "TQ1_0", "Model"),
        ("tinyllama.gguf", "", "tinyllama"),
        ("Q4_K_M.gguf", "Q4_K_M", "Q4_K_M"),
    ],
)
def test_quantisations_are_read_from_names(path: str, quantization: str, name: str) -> None:
    assert quantization_of(path) == quantization
    assert model_name_of(path) == name


@given(st.text(max_size=40))
def test_reading_any_name_never_fails(name: str) -> None:
    shard = shard_of(name)
    assert 1 <= shard.number <= shard.count
    assert quantization_of(name) == quantization_of(name).upper()
    assert isinstance(model_name_of(name), str)


def test_projectors_and_importance_matrices_are_no_weights() -> None:
    assert is_weights("m-Q4_K_M.GGUF")
    assert not is_weights("mmproj-F16.gguf")
    assert not is_weights("imatrix_unsloth.gguf")
    assert not is_weights("README.md")


def test_references() -> None:
    assert parse_reference("unsloth/Qwen3-4B-GGUF") == ("unsloth/Qwen3-4B-GGUF", "")
    assert parse_reference(" a/b:UD-Q2_K_XL ") == ("a/b", "UD-Q2_K_XL")


@pytest.mark.parametrize(
    "text", ["", "b", "a/b/c", "a/b:", "../b", "a/..", "a/con", "https://x/y", "a/b c", "-a/b"]
)
def test_bad_references_get_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="OWNER/NAME"):
        parse_reference(text)


@pytest.mark.parametrize(
    "endpoint", ["https://hf-mirror.com/", "http://127.0.0.1:80", "http://localhost", "http://[::1]:9"]
)
def test_allowed_endpoints(endpoint: str) -> None:
    assert checked_endpoint(endpoint) == endpoint.rstrip("/")


@pytest.mark.parametrize(
    "endpoint",
    [
        "http://hf-mirror.com",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "https://user:secret@hub.example",
        "ftp://hub.example",
        "file:///etc/passwd",
        "hub.example",
        "https://",
        "https://hub.example:99999999",
        "https://hub.example/\nx",
        "https://hub .example",
        "https://[::1",
    ],
)
def test_refused_endpoints(endpoint: str) -> None:
    with pytest.raises(DownloadError) as caught:
        checked_endpoint(endpoint)
    assert "secret" not in str(caught.value)


def test_redirects_never_leave_encryption_nor_reach_into_this_machine() -> None:
    assert redirect_target("https://hub.example/a", "/b") == "https://hub.example/b"
    assert (
        redirect_target("https://hub.example/a", "https://cdn.example/b?s=1") == "https://cdn.example/b?s=1"
    )
    assert redirect_target("http://127.0.0.1:1/a", "http://127.0.0.1:2/b") == "http://127.0.0.1:2/b"
    for location in (
        "http://cdn.example/b",
        "http://127.0.0.1:22/",
        "file:///etc/passwd",
        "ftp://x/y",
        "//[bad",
    ):
        assert redirect_target("https://hub.example/a", location) is None
    assert redirect_target("http://127.0.0.1:1/a", "http://cdn.example/b") is None


@given(st.text(max_size=80))
def test_any_redirect_is_judged(location: str) -> None:
    target = redirect_target("https://hub.example/a", location)
    assert target is None or origin_of(target)[0] == "https"


@given(st.text(max_size=300))
def test_what_is_shown_is_printable(url: str) -> None:
    assert shown(url).isprintable() and len(shown(url)) <= 200


def test_the_environment_token_belongs_to_the_hub_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    assert environment_token("https://huggingface.co") == "hf_secret"
    assert environment_token("https://hf-mirror.com") is None
    assert environment_token("https://huggingface.co:8443") is None
    assert environment_token("http://127.0.0.1:80") is None
