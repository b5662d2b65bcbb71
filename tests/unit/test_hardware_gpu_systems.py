"""Graphics cards as Vulkan, DXGI, macOS and the kernel's PCIe files describe them."""

from __future__ import annotations

import json
import struct
import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProbeError
from engine.hardware.gpu import probe_gpus
from engine.hardware.gpu_macos import profiled_cards
from engine.hardware.gpu_windows import described_card
from engine.hardware.pcie import generation_of, pcie_link
from engine.hardware.report import DeviceFacts, PcieLink
from engine.hardware.vulkan import VulkanCard, parse_cards, vulkan_cards
from tests.unit.test_hardware_gpu import NVIDIA, none, one, pci

GIB = 2**30
CARD = VulkanCard(
    "AMD Radeon RX 7900 XTX", "AMD", "gpu", "0000:03:00.0", 24 * GIB, 32 * GIB, 23 * GIB, "radv 24.1"
)
SOFTWARE = VulkanCard("llvmpipe (LLVM 15.0.6, 256 bits)", "", "cpu", "", 2 * GIB, 0, None, "llvmpipe")


def test_vulkan_names_a_card_and_is_merged_by_pci_id(tmp_path: Path) -> None:
    files = {"mem_info_vram_total": 24 * GIB, "mem_info_vram_vendor": "samsung"}
    root = pci(tmp_path, "0000:03:00.0", "1002", "744c", "amdgpu", **files)
    (gpu,), remarks = probe_gpus((), none, root, (CARD, SOFTWARE))
    assert remarks == ()
    assert (gpu.name, gpu.found_by, gpu.driver_version) == (CARD.name, ("sysfs", "vulkan"), "radv 24.1")
    assert gpu.vram_bytes == 24 * GIB and gpu.shared_bytes == 0


def test_vulkan_alone_is_a_card_and_an_integrated_one_has_no_memory_of_its_own(tmp_path: Path) -> None:
    integrated = replace(CARD, kind="igpu", pci_id="")
    (gpu,), _ = probe_gpus(None, none, tmp_path, (integrated,))
    assert (gpu.vram_bytes, gpu.shared_bytes, gpu.usable) == (0, 24 * GIB, False)


def test_probes_that_disagree_are_named_with_their_figures(tmp_path: Path) -> None:
    other = replace(CARD, name=NVIDIA.name, pci_id=NVIDIA.pci_id, local_bytes=12 * GIB)
    (gpu,), remarks = probe_gpus((), one, tmp_path, (other,))
    assert gpu.vram_bytes == 24 * GIB
    values = remarks[0].values
    assert (values["probe"], values["told"]) == ("nvml", "24.0 GiB")
    assert (values["other"], values["otherwise"]) == ("vulkan", "12.0 GiB")


def test_software_that_ggml_lists_is_no_gpu(tmp_path: Path) -> None:
    device = DeviceFacts("Vulkan0", SOFTWARE.name, "gpu", 2 * GIB, 2 * GIB)
    assert probe_gpus((device,), none, tmp_path, (SOFTWARE,)) == ((), ())


def test_answers_of_the_child_there_and_back() -> None:
    answer = b"a driver's chatter\n" + json.dumps([asdict(CARD), asdict(SOFTWARE)]).encode() + b"\n"
    assert parse_cards(answer) == (CARD, SOFTWARE)


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_answer_of_the_child_is_refused_or_believed(answer: bytes) -> None:
    try:
        cards = parse_cards(answer)
    except ProbeError:
        return
    assert isinstance(cards, tuple)


@given(st.sampled_from(sorted(asdict(CARD))), json_values)
def test_no_field_is_believed_blindly(field: str, value: Any) -> None:
    try:
        (card,) = parse_cards(json.dumps([{**asdict(CARD), field: value}]).encode())
    except ProbeError:
        return
    assert type(getattr(card, field)) in (str, int, type(None))


@pytest.mark.parametrize(
    "program", ["import os; os.abort()", "import time; time.sleep(60)", "print('{')", "raise SystemExit(3)"]
)
def test_a_driver_that_crashes_or_hangs_takes_nothing_with_it(program: str) -> None:
    with pytest.raises(ProbeError) as refused:
        vulkan_cards([sys.executable, "-c", program], seconds=1.5)
    assert refused.value.message.code == "vulkan_failed"


def test_this_machine_answers() -> None:
    entry = Path(__file__).parents[1] / "worker_entry.py"
    assert all(card.name for card in vulkan_cards([sys.executable, str(entry), "_vulkan"], seconds=30))


# Windows


def described(name: str, vendor: int, dedicated: int, shared: int, flags: int = 0) -> bytes:
    text = name.encode("utf-16-le").ljust(256, b"\0")
    return struct.pack("<256s4I3Q8sI4x", text, vendor, 0x2684, 0, 0, dedicated, 0, shared, b"", flags)


def test_a_card_on_windows() -> None:
    memory = struct.pack("<4Q", 23 * GIB, 2 * GIB, 0, 0)
    raw = described("NVIDIA GeForce RTX 4090", 0x10DE, 24 * GIB, 32 * GIB)
    card = described_card(raw, memory, (31 << 48) | (15 << 16) | 5222)
    assert card is not None
    assert (card.vendor, card.vram_bytes, card.vram_free_bytes) == ("NVIDIA", 24 * GIB, 21 * GIB)
    assert (card.driver_version, card.shared_bytes, card.integrated) == ("31.0.15.5222", 32 * GIB, False)


def test_an_integrated_one_shares_and_software_is_none() -> None:
    raw = described("Intel(R) Iris(R) Xe Graphics", 0x8086, 128 * 2**20, 8 * GIB)
    card = described_card(raw, b"", 0)
    assert card is not None and card.integrated
    assert (card.vram_bytes, card.shared_bytes) == (0, 8 * GIB + 128 * 2**20)
    assert described_card(described("Microsoft Basic Render Driver", 0x1414, 0, GIB, 2), b"", 1) is None


@given(st.binary(min_size=312, max_size=312), st.binary(max_size=40), st.integers(0, 2**64 - 1))
def test_any_description_is_survived(raw: bytes, memory: bytes, driver: int) -> None:
    card = described_card(raw, memory, driver)
    assert card is None or card.vram_free_bytes <= card.vram_bytes


# macOS


def test_cards_on_macos() -> None:
    answer = {
        "SPDisplaysDataType": [
            {"sppci_model": "Apple M4 Max", "sppci_cores": "40"},
            {"sppci_model": "AMD Radeon Pro 5500M", "spdisplays_vram": "8 GB"},
            {"sppci_model": "Intel UHD Graphics 630", "spdisplays_vram_shared": "1536 MB"},
            {"nonsense": 1},
            7,
        ]
    }
    apple, amd, intel = profiled_cards(json.dumps(answer).encode(), 96 * GIB)
    assert (apple.vram_bytes, apple.shared_bytes, apple.integrated) == (0, 96 * GIB, True)
    assert (amd.vram_bytes, amd.shared_bytes) == (8 * GIB, 0)
    assert intel.integrated and intel.vram_bytes == 0


@given(st.binary(max_size=60) | json_values.map(lambda value: json.dumps(value).encode()))
def test_any_profile_is_survived(answer: bytes) -> None:
    assert isinstance(profiled_cards(answer, 0), tuple)


@given(json_values)
def test_any_entry_of_a_profile_is_survived(entry: Any) -> None:
    listed = {"SPDisplaysDataType": [{"sppci_model": "X", "spdisplays_vram": entry}, entry]}
    assert all(card.name for card in profiled_cards(json.dumps(listed).encode(), 0))


# PCIe


def test_the_link_now_and_at_its_best(tmp_path: Path) -> None:
    files = {
        "current_link_speed": "2.5 GT/s PCIe",
        "max_link_speed": "16.0 GT/s PCIe",
        "current_link_width": "8",
        "max_link_width": "16",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(f"{text}\n")
    assert pcie_link(tmp_path) == PcieLink(1, 8, 4, 16)
    (tmp_path / "current_link_width").write_text("255\n")
    assert pcie_link(tmp_path) is None
    assert pcie_link(tmp_path / "none") is None


@given(st.text(max_size=30))
def test_any_speed_is_survived(text: str) -> None:
    assert 0 <= generation_of(text) <= 6
