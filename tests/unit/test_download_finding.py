"""Models of other programs: found, used in place, and what lies is left out."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.cancellation import CancelToken
from engine.download import finding
from engine.download.finding import check_found, look_for_models
from engine.download.library import Library
from engine.download.library_values import Look, Standing
from engine.download.verifying import verify
from engine.errors import ModelFileError

WEIGHTS = b"GGUF some weights"
DIGEST = hashlib.sha256(WEIGHTS).hexdigest()
PIPES = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes and devices among its files")
REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=100)


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "USERPROFILE"):  # the second is Windows' word for it
        monkeypatch.setenv(name, str(home))
    for name in ("OLLAMA_MODELS", "HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    return home


def write(path: Path, content: bytes = WEIGHTS) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def ollama(home: Path, **odd: Any) -> Path:
    """A model as Ollama keeps it; `odd` replaces entries of its layer."""
    models = home / ".ollama" / "models"
    write(models / "blobs" / f"sha256-{DIGEST}")
    config = json.dumps({"file_type": "Q4_K_M"}).encode()
    config_digest = hashlib.sha256(config).hexdigest()
    write(models / "blobs" / f"sha256-{config_digest}", config)
    layer = {
        "mediaType": "application/vnd.ollama.image.model",
        "digest": f"sha256:{DIGEST}",
        "size": len(WEIGHTS),
    } | odd
    text = {"mediaType": "application/vnd.ollama.image.license", "digest": "sha256:x", "size": 1}
    manifest = {"config": {"digest": f"sha256:{config_digest}"}, "layers": [text, layer]}
    place = models / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b"
    write(place, json.dumps(manifest).encode())
    return models


def look(folder: Path | None = None) -> Look:
    return look_for_models(CancelToken(), folder)


def codes(found: Look) -> set[str]:
    return {sentence.code for sentence in found.refused}


def test_what_other_programs_keep_is_found_by_itself(home: Path) -> None:
    ollama(home)
    write(home / ".lmstudio" / "models" / "unsloth" / "Tiny-GGUF" / "Tiny-Q8_0.gguf")
    cache = home / ".cache" / "huggingface" / "hub" / "models--owner--Big-GGUF"
    write(cache / "blobs" / DIGEST)
    for number in (1, 2):
        link = cache / "snapshots" / ("c" * 40) / f"Big-Q4_K_M-0000{number}-of-00002.gguf"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(Path("../../blobs") / DIGEST)
    found = look()
    assert not found.refused
    told = {(m.source, m.name, m.quantization, m.repository, len(m.files)) for m in found.found}
    assert told == {
        ("ollama", "qwen3:8b", "Q4_K_M", "", 1),
        ("lm_studio", "Tiny", "Q8_0", "unsloth/Tiny-GGUF", 1),
        ("hf_cache", "Big", "Q4_K_M", "owner/Big-GGUF", 2),
    }
    assert {m.source: m.files[0].sha256 for m in found.found} == {
        "ollama": DIGEST,
        "hf_cache": DIGEST,
        "lm_studio": "",
    }


def test_they_are_used_where_they_lie_and_never_touched(home: Path, tmp_path: Path) -> None:
    models = ollama(home)
    before = {path: path.stat().st_mtime_ns for path in models.rglob("*")}
    library = Library(tmp_path / "models", tmp_path / "state", tmp_path)
    (found,) = look().found
    library.index.add_model(check_found(found))
    (model,) = library.installed()
    assert model.path == str(models / "blobs" / f"sha256-{DIGEST}")
    assert library.find("qwen3:8b") == library.find("QWEN3:8B:q4_k_m") == model
    assert library.local(Path(model.path)) == model
    assert (model.source, model.verified) == ("ollama", False)
    (entry,) = library.entries()
    assert verify(library, entry, lambda done, total: None, CancelToken())
    (entry,) = library.entries()
    assert entry.model.verified and entry.model.sha256 == DIGEST and entry.verified_at > 0
    assert not entry.is_ours
    assert {path: path.stat().st_mtime_ns for path in models.rglob("*")} == before
    Path(model.path).unlink()  # `ollama rm`
    assert library.installed() == ()
    assert [each.standing for each in library.entries()] == [Standing.MISSING]


def test_a_blob_that_is_not_what_its_name_says_is_not_verified(home: Path, tmp_path: Path) -> None:
    models = ollama(home)
    blob = models / "blobs" / f"sha256-{DIGEST}"
    blob.write_bytes(WEIGHTS[:-1] + b"!")
    library = Library(tmp_path / "models", tmp_path / "state", tmp_path)
    library.index.add_model(check_found(look().found[0]))
    with pytest.raises(ModelFileError, match="checksum that it should have"):
        verify(library, library.entries()[0], lambda done, total: None, CancelToken())
    assert not library.entries()[0].model.verified
    assert blob.read_bytes() == WEIGHTS[:-1] + b"!"


@pytest.mark.parametrize(
    "odd",
    [
        {"digest": "sha256:../../../../etc/passwd"},
        {"digest": "sha256:" + "a" * 64},
        {"digest": DIGEST},
        {"digest": None},
        {"size": len(WEIGHTS) + 1},
        {"size": "many"},
        {"mediaType": "application/vnd.ollama.image.template"},
        {"mediaType": ["x"]},
    ],
    ids=["climbs", "not there", "no algorithm", "none", "size", "no size", "no weights", "odd kind"],
)
def test_manifests_that_lie_are_left_out(home: Path, odd: dict[str, Any]) -> None:
    ollama(home, **odd)
    found = look()
    assert found.found == () and len(found.refused) == 1


def test_a_blob_that_is_a_link_out_is_left_out(home: Path, tmp_path: Path) -> None:
    models = ollama(home)
    blob = models / "blobs" / f"sha256-{DIGEST}"
    blob.unlink()
    blob.symlink_to(write(tmp_path / "outside"))
    assert look().found == () and codes(look()) == {"import_manifest_wrong"}


def test_a_manifest_that_names_no_model_by_its_place_is_left_out(home: Path) -> None:
    models = ollama(home)
    good = models / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b"
    write(models / "manifests" / "8b", good.read_bytes())
    found = look()
    assert [model.name for model in found.found] == ["qwen3:8b"]
    assert codes(found) == {"import_manifest_wrong"}


@REUSE
@given(
    st.binary(max_size=200) | st.recursive(st.text() | st.none(), st.lists).map(json.dumps).map(str.encode)
)
def test_any_manifest_is_survived(home: Path, content: bytes) -> None:
    models = ollama(home)
    write(models / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b", content)
    assert look().found == ()


def test_a_deep_manifest_is_survived(home: Path) -> None:
    models = ollama(home)
    deep = b"[" * 100_000 + b"]" * 100_000
    write(models / "manifests" / "registry.ollama.ai" / "library" / "qwen3" / "8b", deep)
    assert codes(look()) == {"import_manifest_wrong"}


@PIPES
def test_a_hostile_folder(tmp_path: Path) -> None:
    """Links out, loops, pipes, devices, foreign files, names in two cases, names of control characters."""
    folder = tmp_path / "stick"
    good = [write(folder / "a" / "Tiny-Q8_0.gguf"), write(folder / "a" / "tiny-q8_0.gguf")]
    good.append(write(folder / "b" / "evil\x1b[2J\nname.gguf"))
    (folder / "out.gguf").symlink_to(write(tmp_path / "secret.gguf"))
    (folder / "device.gguf").symlink_to("/dev/zero")
    (folder / "a" / "loop").symlink_to(folder)
    (folder / "self.gguf").symlink_to("self.gguf")
    os.mkfifo(folder / "pipe.gguf")
    write(folder / "page.gguf", b"<html>")
    write(folder / "Half-Q4_0-00001-of-00002.gguf")
    (folder / "folder.gguf").mkdir()
    found = look(folder)
    assert {model.path for model in found.found} == {str(path) for path in good}
    assert all(model.name.isprintable() for model in found.found)
    assert codes(found) == {
        "import_leads_out",
        "model_file_missing",
        "model_file_foreign",
        "import_shards_missing",
    } | ({"model_file_unreadable"} & codes(found))


def test_a_folder_without_end_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "_MOST_LOOKED_AT", 50)
    for number in range(60):
        write(tmp_path / "many" / f"{number:02}.txt")
    assert codes(look(tmp_path / "many")) == {"import_too_large"}
    deep = tmp_path / "deep"
    for _ in range(20):
        deep /= "d"
    write(deep / "x.gguf")
    assert look(tmp_path / "deep") == Look((), ())


@pytest.mark.parametrize("path", ["nothing", "file", "a\0b"])
def test_what_is_no_folder_is_a_sentence(tmp_path: Path, path: str) -> None:
    write(tmp_path / "file")
    with pytest.raises(ModelFileError, match="cannot be looked through"):
        look(tmp_path / path)


def test_a_file_that_goes_before_it_is_taken_in(tmp_path: Path) -> None:
    path = write(tmp_path / "x" / "Tiny.gguf")
    (found,) = look(tmp_path / "x").found
    path.unlink()
    with pytest.raises(ModelFileError):
        check_found(found)


@REUSE
@given(st.binary(max_size=300))
def test_any_notes_of_the_library_are_survived(tmp_path: Path, content: bytes) -> None:
    write(tmp_path / "state" / "library.json", content)
    library = Library(tmp_path / "models", tmp_path / "state", tmp_path)
    assert library.entries() == ()
    assert library.folders() == ()


def test_the_folder_that_was_chosen_in_lm_studio_is_looked_through(home: Path, tmp_path: Path) -> None:
    """Most of its users with several disks move it."""
    disk = tmp_path / "disk" / "llms"
    write(disk / "unsloth" / "Tiny-GGUF" / "Tiny-Q8_0.gguf")
    write(home / ".lmstudio" / "settings.json", json.dumps({"downloadsFolder": str(disk)}).encode())
    write(home / ".lmstudio" / "models" / "me" / "Old-GGUF" / "Old-Q4_0.gguf")
    told = {(model.source, model.name, model.repository) for model in look().found}
    assert told == {
        ("lm_studio", "Tiny", "unsloth/Tiny-GGUF"),
        ("lm_studio", "Old", "me/Old-GGUF"),
    }


def test_lm_studio_itself_may_have_moved(home: Path, tmp_path: Path) -> None:
    moved = tmp_path / "disk" / ".lmstudio"
    write(moved / "models" / "unsloth" / "Tiny-GGUF" / "Tiny-Q8_0.gguf")
    write(home / ".lmstudio-home-pointer", f"{moved}\n".encode())
    assert [model.name for model in look().found] == ["Tiny"]


@pytest.mark.parametrize(
    "settings_text",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"downloadsFolder": "/"}',
        b'{"downloadsFolder": 5}',
        b'{"downloadsFolder": "models"}',
        b'{"downloadsFolder": "/nowhere\\u0000"}',
        b"[" * 200_000,
    ],
)
def test_odd_settings_of_lm_studio_are_its_own_affair(home: Path, settings_text: bytes) -> None:
    write(home / ".lmstudio" / "settings.json", settings_text)
    write(home / ".lmstudio" / "models" / "me" / "Old-GGUF" / "Old-Q4_0.gguf")
    found = look()
    assert [model.name for model in found.found] == ["Old"] and not found.refused


@PIPES
def test_a_pipe_in_place_of_its_settings_is_not_opened(home: Path) -> None:
    (home / ".lmstudio").mkdir()
    os.mkfifo(home / ".lmstudio" / "settings.json")
    assert look().found == ()
