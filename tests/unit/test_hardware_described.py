"""Hardware files: what is read, what is refused and how, and that nothing else ever happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import UsageError
from engine.hardware.described import Description, EngineKind
from engine.hardware.described_json import description_from_json, load_described, parse_described
from engine.hardware.report import HardwareReport
from engine.hardware.report_json import report_to_json
from engine.messages import english
from tests.unit.planning_machines import RYZEN_64

GIB = 2**30
WHOLE: dict[str, Any] = {
    "schema": 1,
    "name": "a workstation",
    "cpu": {
        "model": "Xeon Gold 6454S",
        "sockets": 2,
        "cores": 64,
        "threads": 64,
        "clock_ghz": 2.8,
        "architecture": "x86_64",
        "instruction_sets": ["avx2", "AVX512F", "amx-int8"],
    },
    "memory": {
        "size_gib": 1024,
        "available_gib": 1000,
        "type": "DDR5",
        "mt_s": 4800,
        "channels": 16,
        "bandwidth_gb_s": 520.5,
    },
    "gpus": [
        {"name": "RTX 4090", "count": 2, "pcie_generation": 4, "pcie_lanes": 16, "backend": "cuda"},
        "A10G",
    ],
    "disks": [{"read_gb_s": 6.5, "free_gib": 2000}],
    "engine": {"name": "ik_llama.cpp", "build": "2025-05", "batch": 2048},
}


def changed(path: str, value: object) -> dict[str, Any]:
    """The whole description with one field changed or added."""
    data = json.loads(json.dumps(WHOLE))
    keys = [int(name) if name.isdecimal() else name for name in path.split(".")]
    part: Any = data
    for key in keys[:-1]:
        part = part[key]
    part[keys[-1]] = value
    return data


def refusal(data: object) -> str:
    with pytest.raises(UsageError) as caught:
        description_from_json(data)
    return english(caught.value.message)


def test_every_field_is_read() -> None:
    made = description_from_json(WHOLE)
    assert (made.cpu.model, made.cpu.sockets, made.cpu.threads) == ("Xeon Gold 6454S", 2, 64)
    assert made.cpu.instruction_sets == ("avx2", "avx512f", "amx_int8")
    assert made.memory.size_bytes == 1024 * GIB
    assert made.memory.bandwidth_bytes_per_second == 520.5e9
    assert [(gpu.name, gpu.count) for gpu in made.gpus] == [("RTX 4090", 2), ("A10G", 1)]
    assert made.disks[0].read_bytes_per_second == 6.5e9
    assert made.engine is not None and made.engine.kind is EngineKind.IK_LLAMA


def test_nothing_has_to_be_said() -> None:
    assert description_from_json({}) == Description()
    assert description_from_json({"cpu": {"threads": None}}) == Description()
    assert (
        description_from_json(dict.fromkeys(WHOLE) | {"schema": 1}) == Description()
    )  # nor is null anything


@pytest.mark.parametrize(
    ("text", "name", "count"),
    [
        ("2x RTX 3090", "RTX 3090", 2),
        ("RTX 3090 x2", "RTX 3090", 2),
        (" 8 × A100 80GB ", "A100 80GB", 8),
        ("Dual RTX 4090", "RTX 4090", 2),
        ("RTX 3090", "RTX 3090", 1),
        ("Arc Pro B60 Dual 48GB", "Arc Pro B60 Dual 48GB", 1),
    ],
)
def test_how_many_may_stand_in_the_name(text: str, name: str, count: int) -> None:
    (gpu,) = description_from_json({"gpus": [text]}).gpus
    assert (gpu.name, gpu.count) == (name, count)
    cpu = description_from_json({"cpu": {"model": text.replace("RTX", "EPYC")}}).cpu
    assert (cpu.sockets or 1) == count


@pytest.mark.parametrize(
    ("field", "nearest"),
    [
        ("gpu", "gpus"),
        ("cpu.treads", "cpu.threads"),
        ("memory.chanels", "channels"),
        ("gpus.0.vram", "vram_gib"),
    ],
)
def test_an_unknown_field_is_refused_with_the_nearest_one(field: str, nearest: str) -> None:
    said = refusal(changed(field, 1))
    assert f"the nearest known one is {nearest.split('.')[-1]}" in said


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("cpu.cores", 0, "cpu.cores"),
        ("cpu.cores", True, "cpu.cores"),
        ("cpu.cores", 4.5, "cpu.cores"),
        ("cpu.threads", 5000, "cpu.threads"),
        ("cpu.threads", 1000, "cpu.threads are more than 64 cores run"),
        ("cpu.sockets", 17, "cpu.sockets"),
        ("cpu.architecture", "z80", "cpu.architecture"),
        ("memory.size_gib", -1, "memory.size_gib"),
        ("memory.size_gib", 10**400, "memory.size_gib"),
        ("memory.size_gib", "64", "memory.size_gib is not a number"),
        ("memory.available_gib", 2000, "memory.available_gib is more than memory.size_gib"),
        ("memory.bandwidth_gb_s", 900, "is more than its channels carry (614.4)"),
        ("memory.mt_s", 48, "memory.mt_s"),
        ("gpus.0.name", " ", "gpus[0].name is missing"),
        ("gpus.0.count", 65, "gpus[0].count"),
        ("gpus.0.name", "3x RTX 4090", "says 3, and the count beside it 2"),
        ("gpus.1", "99x RTX 4090", "more than 64 cards"),
        ("gpus.1", "0x RTX 4090", "or none"),
        ("cpu.model", "40x EPYC", "says 40"),
        ("gpus.0.count", 64, "gpus are more than 64"),
        ("gpus.0.backend", "opengl", "gpus[0].backend"),
        ("gpus.1", 7, "gpus[1] is not a JSON object"),
        ("gpus", {}, "gpus is not a list"),
        ("engine.name", "lama.cpp", "nearest known one is llama.cpp"),
        ("engine", 3, "engine is not a JSON object"),
        ("schema", 2, "schema"),
        ("name", "x" * 300, "name is not a text"),
        ("name", "a\x1b[2J", "name is not a text"),
    ],
)
def test_what_no_machine_can_be_is_refused(field: str, value: object, told: str) -> None:
    assert told in refusal(changed(field, value))


def test_a_field_that_stands_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="describes no machine"):
        parse_described(b'{"cpu": {"cores": 4, "cores": 8}}')


def test_not_a_number_is_refused() -> None:
    for text in (b'{"memory": {"size_gib": NaN}}', b'{"memory": {"size_gib": Infinity}}'):
        with pytest.raises(UsageError, match="describes no machine"):
            parse_described(text)


def test_a_report_is_taken_too(tmp_path: Path) -> None:
    """As it was saved, and as `deskside check --json` prints it."""
    report = report_to_json(RYZEN_64)
    saved, printed = tmp_path / "saved.json", tmp_path / "printed.json"
    saved.write_text(json.dumps(report))
    printed.write_text(
        json.dumps({"event": "progress", "step": "cpu"})
        + "\n"
        + json.dumps({"event": "report", "report": report})
    )
    for path in (saved, printed):
        assert load_described(path) == RYZEN_64


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff\xfe\x00", b"[" * 100_000, b"null", b"[]", b"7", b" " * (2**20 + 1)]
)
def test_what_is_no_description_is_refused_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "hardware.json"
    path.write_bytes(content)
    with pytest.raises(UsageError) as caught:
        load_described(path)
    assert english(caught.value.message).startswith("The hardware file")


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="cannot be read"):
        load_described(tmp_path / "missing.json")


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=10), inner, max_size=4)
    ),
    max_leaves=10,
)
PATHS = [
    *("cpu", "memory", "gpus", "disks", "engine", "schema", "name", "gpus.0", "disks.0"),
    *(f"cpu.{name}" for name in WHOLE["cpu"]),
    *(f"memory.{name}" for name in WHOLE["memory"]),
    *(f"gpus.0.{name}" for name in WHOLE["gpus"][0]),
    *(f"engine.{name}" for name in WHOLE["engine"]),
]


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(PATHS), JSON)
def test_any_value_is_read_or_refused_in_a_sentence(path: str, value: object) -> None:
    content = json.dumps(changed(path, value)).encode("utf-8", "surrogatepass")
    _read_or_refused(content)


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.binary(max_size=200), JSON.map(lambda value: json.dumps(value).encode("utf-8", "replace")))
)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    _read_or_refused(content)


def _read_or_refused(content: bytes) -> None:
    try:
        made = parse_described(content)
    except UsageError as error:
        assert english(error.message)
    except (ValueError, RecursionError):
        pass  # no JSON: `load_described` makes the sentence
    else:
        assert isinstance(made, Description | HardwareReport)
