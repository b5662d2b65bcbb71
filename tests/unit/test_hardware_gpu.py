"""Graphics cards: merging what three probes say, over made-up file systems and driver answers."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProbeError
from engine.hardware.gpu import nvml_cards, probe_gpus
from engine.hardware.gpu_names import published_bandwidth, same_name, vendor_of
from engine.hardware.nvml import NvmlCard, short_pci_id
from engine.hardware.report import DeviceFacts
from engine.messages import english

GIB = 2**30
CPU = DeviceFacts("CPU", "AMD EPYC", "cpu", 8 * GIB, 8 * GIB)
CUDA = DeviceFacts("CUDA0", "NVIDIA GeForce RTX 4090", "gpu", 23 * GIB, 23 * GIB)
NVIDIA = NvmlCard(None, "NVIDIA GeForce RTX 4090", "0000:01:00.0", 24 * GIB, 22 * GIB, "570.1")


def pci(root: Path, pci_id: str, vendor: str, device: str, driver: str = "", **files: object) -> Path:
    folder = root / "sys/bus/pci/devices" / pci_id
    folder.mkdir(parents=True)
    (folder / "class").write_text("0x030000\n")
    (folder / "vendor").write_text(f"0x{vendor}\n")
    (folder / "device").write_text(f"0x{device}\n")
    lines = [f"PCI_SLOT_NAME={pci_id}"] + ([f"DRIVER={driver}"] if driver else [])
    (folder / "uevent").write_text("\n".join(lines))
    for name, value in files.items():
        (folder / name).write_text(f"{value}\n")
    return root


def none() -> tuple[NvmlCard, ...]:
    return ()


def one() -> tuple[NvmlCard, ...]:
    return (NVIDIA,)


def test_one_card_seen_by_all_three_is_one_card(tmp_path: Path) -> None:
    root = pci(tmp_path, "0000:01:00.0", "10de", "2684", "nvidia")
    gpus, remarks = probe_gpus((CPU, CUDA), one, root)
    assert remarks == ()
    (gpu,) = gpus
    assert gpu.usable and gpu.reason is None
    assert gpu.found_by == ("ggml", "nvml", "sysfs")
    assert (gpu.vram_bytes, gpu.vram_free_bytes, gpu.shared_bytes) == (24 * GIB, 23 * GIB, 0)
    assert gpu.bandwidth_bytes_per_second == 1010e9
    assert gpu.driver == "570.1"


def test_two_backends_of_ggml_do_not_double_a_card(tmp_path: Path) -> None:
    vulkan = DeviceFacts("Vulkan0", "NVIDIA GeForce RTX 4090", "gpu", 23 * GIB, 24 * GIB)
    assert len(probe_gpus((CUDA, vulkan), one, tmp_path)[0]) == 1
    assert len(probe_gpus((CUDA, vulkan), none, tmp_path)[0]) == 1


def test_two_equal_cards_stay_two(tmp_path: Path) -> None:
    second = DeviceFacts("CUDA1", CUDA.description, "gpu", 23 * GIB, 23 * GIB)
    cards = (NVIDIA, NvmlCard(None, NVIDIA.name, "0000:02:00.0", 24 * GIB, 24 * GIB, "570.1"))
    gpus, _ = probe_gpus((CUDA, second), lambda: cards, tmp_path)
    assert [gpu.pci_id for gpu in gpus] == ["0000:01:00.0", "0000:02:00.0"]
    assert all(gpu.usable for gpu in gpus)


def test_card_without_driver_says_so(tmp_path: Path) -> None:
    root = pci(tmp_path, "0000:01:00.0", "10de", "2684", "nouveau")
    (gpu,), _ = probe_gpus((CPU,), none, root)
    assert not gpu.usable and gpu.reason is not None and gpu.reason.code == "gpu_without_driver"
    assert "driver" in english(gpu.reason)


def test_engine_for_the_cpu_only_says_so(tmp_path: Path) -> None:
    (gpu,), _ = probe_gpus((CPU,), one, tmp_path)
    assert not gpu.usable and gpu.reason is not None and gpu.reason.code == "gpu_engine_cpu_only"


def test_card_that_the_engine_leaves_out_and_an_engine_that_is_silent(tmp_path: Path) -> None:
    other = DeviceFacts("Vulkan0", "Intel(R) Arc(TM) A770 Graphics (DG2)", "gpu", 15 * GIB, 16 * GIB)
    usable, unusable = probe_gpus((other,), one, tmp_path)[0]
    assert usable.vendor == "Intel" and usable.bandwidth_bytes_per_second == 512e9
    assert unusable.reason is not None and unusable.reason.code == "gpu_not_listed"
    (gpu,), _ = probe_gpus(None, one, tmp_path)
    assert gpu.reason is not None and gpu.reason.code == "gpu_engine_silent"


def test_amd_card_gets_its_name_from_ggml(tmp_path: Path) -> None:
    root = pci(
        tmp_path,
        "0000:03:00.0",
        "1002",
        "744c",
        "amdgpu",
        mem_info_vram_total=24 * GIB,
        mem_info_vram_used=GIB,
        mem_info_gtt_total=16 * GIB,
        mem_info_vram_vendor="samsung",
    )
    radeon = DeviceFacts("Vulkan0", "AMD Radeon RX 7900 XTX (RADV NAVI31)", "gpu", 23 * GIB, 24 * GIB)
    (gpu,), remarks = probe_gpus((CPU, radeon), none, root)
    assert remarks == ()
    assert gpu.name == radeon.description and gpu.pci_id == "0000:03:00.0"
    assert (gpu.vram_bytes, gpu.shared_bytes) == (24 * GIB, 16 * GIB)
    assert gpu.bandwidth_bytes_per_second == 960e9


def test_memory_of_an_integrated_gpu_is_shared_never_vram(tmp_path: Path) -> None:
    root = pci(
        tmp_path,
        "0000:c1:00.0",
        "1002",
        "15bf",
        "amdgpu",
        mem_info_vram_total=512 * 2**20,
        mem_info_gtt_total=12 * GIB,
    )
    device = DeviceFacts("Vulkan0", "AMD Radeon 780M (RADV PHOENIX)", "igpu", 12 * GIB, 12 * GIB)
    for devices in ((CPU,), (CPU, device)):
        (gpu,), _ = probe_gpus(devices, none, root)
        assert gpu.vram_bytes == 0 and gpu.shared_bytes == 12 * GIB + 512 * 2**20


def test_an_integrated_gpu_of_an_older_kernel_is_one_card(tmp_path: Path) -> None:
    """There the maker of its memory is "unknown", not left out; a card with memory of its own stays one."""
    files = {
        "mem_info_vram_total": 512 * 2**20,
        "mem_info_gtt_total": 12 * GIB,
        "mem_info_vram_vendor": "unknown",
    }
    root = pci(tmp_path, "0000:04:00.0", "1002", "1638", "amdgpu", **files)
    device = DeviceFacts("Vulkan0", "AMD Radeon Graphics (RADV RENOIR)", "igpu", 12 * GIB, 12 * GIB)
    (gpu,), _ = probe_gpus((device,), none, root)
    assert (gpu.vram_bytes, gpu.shared_bytes, gpu.usable) == (0, 12 * GIB + 512 * 2**20, True)
    files["mem_info_vram_total"] = 16 * GIB
    other = pci(tmp_path, "0000:05:00.0", "1002", "73bf", "amdgpu", **files)
    assert [card.vram_bytes for card in probe_gpus((), none, other)[0]] == [16 * GIB, 0]


def test_disagreeing_memory_becomes_a_remark(tmp_path: Path) -> None:
    small = DeviceFacts("CUDA0", CUDA.description, "gpu", 11 * GIB, 12 * GIB)
    gpus, remarks = probe_gpus((small,), one, tmp_path)
    assert len(gpus) == 1
    assert [remark.code for remark in remarks] == ["gpu_memory_disagrees"]


def test_broken_driver_is_a_remark_and_the_rest_goes_on(tmp_path: Path) -> None:
    def broken() -> tuple[NvmlCard, ...]:
        raise ProbeError.of("nvidia_driver_failed", reason="Driver/library version mismatch")

    root = pci(tmp_path, "0000:01:00.0", "10de", "2684", "nvidia")
    gpus, remarks = probe_gpus((CPU,), broken, root)
    assert [remark.code for remark in remarks] == ["nvidia_driver_failed"]
    assert gpus[0].reason is not None and gpus[0].reason.code == "gpu_without_driver"


def test_virtual_displays_and_nonsense_are_no_gpus(tmp_path: Path) -> None:
    root = pci(tmp_path, "0000:00:02.0", "1af4", "1050", "virtio-pci")
    pci(root, "nonsense", "10de", "2684")
    assert probe_gpus((CPU,), none, root) == ((), ())


def test_names_from_the_list_of_pci_ids(tmp_path: Path) -> None:
    root = pci(tmp_path, "0000:01:00.0", "10de", "2684", "")
    (root / "usr/share/misc").mkdir(parents=True)
    (root / "usr/share/misc/pci.ids").write_text(
        "# list\n1002  AMD\n\t2684  Wrong\n10de  NVIDIA Corporation\n\t2684  AD102 [GeForce RTX 4090]\n"
    )
    (gpu,), _ = probe_gpus((CPU,), none, root)
    assert gpu.name == "NVIDIA GeForce RTX 4090"


def test_this_machines_driver_answers_or_is_absent() -> None:
    try:
        cards = nvml_cards()
    except ProbeError as error:
        assert error.message.code == "nvidia_driver_failed"
    else:
        assert all(card.pci_id for card in cards)


@pytest.mark.parametrize(
    ("name", "gib", "expected"),
    [
        ("NVIDIA H200", 140, 4890e9),
        ("NVIDIA A100-SXM4-80GB", 79, 2040e9),
        ("NVIDIA A100-PCIE-40GB", 39.5, 1560e9),
        ("NVIDIA GeForce RTX 3060", 12, 360e9),
        ("NVIDIA GeForce RTX 3060", 8, 240e9),
        ("NVIDIA GeForce RTX 4090 Laptop GPU", 16, 576e9),
        ("Apple M4 Max", 128, 546e9),
        ("", 24, None),
    ],
)
def test_published_bandwidths(name: str, gib: float, expected: float | None) -> None:
    assert published_bandwidth(name, int(gib * GIB)) == expected


def test_names_and_ids() -> None:
    assert same_name("NVIDIA GeForce RTX 4090", "GeForce RTX 4090")
    assert not same_name("GeForce RTX 4070 Ti", "GeForce RTX 4070")
    assert not same_name("", "")
    assert vendor_of("AMD Radeon RX 7900 XTX") == "AMD"
    assert vendor_of("llvmpipe") == ""
    assert short_pci_id("00000000:01:00.0") == "0000:01:00.0"
    assert short_pci_id("00000000:C1:00.0") == "0000:c1:00.0"
    assert short_pci_id("00010000:E1:00.0") == "10000:e1:00.0"  # behind a controller with a domain of its own
    assert short_pci_id("0000000F:01:00.0") == "000f:01:00.0"


texts = st.text(st.characters(codec="utf-8"), max_size=24)


@given(st.fixed_dictionaries(dict.fromkeys(("device", "mem_info_vram_total", "product_name"), texts)), texts)
def test_any_text_in_the_kernels_files_is_survived(files: dict[str, str], uevent: str) -> None:
    with TemporaryDirectory() as folder:
        root = pci(Path(folder), "0000:01:00.0", "1002", "744c", "amdgpu")
        device = root / "sys/bus/pci/devices/0000:01:00.0"
        for name, text in {**files, "uevent": uevent, "current_link_speed": uevent}.items():
            (device / name).write_text(text, "utf-8")
        gpus, _ = probe_gpus((), none, root)
        assert all(0 <= gpu.vram_free_bytes <= gpu.vram_bytes for gpu in gpus)
