"""The processor, read from made-up file systems."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import ProbeError
from engine.hardware.bandwidth import array_bytes, thread_counts
from engine.hardware.cgroup import MemoryLimit
from engine.hardware.check import cpu_remarks, memory_remarks
from engine.hardware.cpu import cpu_numbers, instruction_sets, probe_cpu, usable_cores
from engine.hardware.cpu_caches import cache_bytes
from engine.hardware.memory import is_wsl, limited_memory, probe_memory
from engine.hardware.report import CpuInfo

MIB, GIB = 2**20, 2**30


def machine(root: Path, cpus: dict[int, tuple[int, int]], info: str, capacities: dict[int, int]) -> Path:
    """`cpus` is logical → (package, core)."""
    (root / "proc").mkdir()
    (root / "proc/cpuinfo").write_text(info)
    for cpu, (package, core) in cpus.items():
        folder = root / f"sys/devices/system/cpu/cpu{cpu}"
        (folder / "topology").mkdir(parents=True)
        (folder / "topology/physical_package_id").write_text(f"{package}\n")
        (folder / "topology/core_id").write_text(f"{core}\n")
        cache = folder / "cache/index3"
        cache.mkdir(parents=True)
        (cache / "level").write_text("3\n")
        (cache / "size").write_text("32768K\n")
        (cache / "shared_cpu_list").write_text(f"package {package}\n")
        if cpu in capacities:
            (folder / "cpu_capacity").write_text(f"{capacities[cpu]}\n")
    return root


X86 = (
    "processor\t: 0\nmodel name\t: Some  CPU @ 3GHz\nflags\t\t: fpu avx fma avx2 f16c avx512_vnni amx_int8\n"
)


def test_two_sockets_with_hyperthreads(tmp_path: Path) -> None:
    cpus = {cpu: (cpu % 4 // 2, cpu % 2) for cpu in range(8)}
    cpu = probe_cpu(machine(tmp_path, cpus, X86, {}))
    assert (cpu.physical_cores, cpu.logical_cores, cpu.performance_cores) == (4, 8, 4)
    assert cpu.model == "Some CPU @ 3GHz"
    assert cpu.instruction_sets == ("avx", "avx2", "fma", "f16c", "avx512_vnni", "amx_int8")
    assert cpu.l3_bytes == 64 * MIB  # one cache a package


def test_hybrid_by_the_list_of_fast_cores(tmp_path: Path) -> None:
    cpus = {0: (0, 0), 1: (0, 0), 2: (0, 1), 3: (0, 1), 4: (0, 8), 5: (0, 9)}
    root = machine(tmp_path, cpus, X86, {})
    (root / "sys/devices/cpu_core").mkdir()
    (root / "sys/devices/cpu_core/cpus").write_text("0-3\n")
    cpu = probe_cpu(root)
    assert (cpu.physical_cores, cpu.performance_cores) == (4, 2)


def test_big_little_by_capacity(tmp_path: Path) -> None:
    cpus = {cpu: (0, cpu) for cpu in range(6)}
    capacities = {0: 250, 1: 250, 2: 250, 3: 250, 4: 1024, 5: 1024}
    info = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm sve\n\nHardware\t: Some board\n"
    cpu = probe_cpu(machine(tmp_path, cpus, info, capacities))
    assert cpu.performance_cores == 2
    assert cpu.instruction_sets == ("neon", "dotprod", "i8mm", "sve")
    assert cpu.model == "Some board"


def test_this_machine_has_a_processor() -> None:
    cpu = probe_cpu()
    assert cpu.model
    assert 1 <= cpu.performance_cores <= cpu.physical_cores <= cpu.logical_cores
    assert 0 < cpu.usable_cores <= cpu.logical_cores


@pytest.mark.parametrize(
    ("text", "expected"),
    [("0-3,8", {0, 1, 2, 3, 8}), ("", set()), ("5", {5}), ("3-1,x,9-", {9}), ("0-99999999999", set())],
)
def test_lists_of_cpus(text: str, expected: set[int]) -> None:
    assert cpu_numbers(text) == expected


def test_the_tightest_limit_counts() -> None:
    assert usable_cores(8, {0, 1, 2}, None) == 3
    assert usable_cores(8, {0, 1, 2}, 1.5) == 1.5
    assert usable_cores(2, {0, 1}, 64.0) == 2


def test_flags_that_do_not_matter_are_left_out() -> None:
    assert instruction_sets("fpu mmx SSE4_2 avx") == ("sse4_2", "avx")


def cpu_of(physical: int, logical: int, usable: float) -> CpuInfo:
    return CpuInfo("x", "x86_64", physical, logical, physical, usable, (), None)


def test_sweep_has_the_marks_of_the_machine_and_never_more_than_may_be_used() -> None:
    assert thread_counts(cpu_of(2, 4, 4.0)) == (1, 2, 4)
    assert thread_counts(cpu_of(6, 12, 12.0)) == (1, 2, 4, 6, 8, 12)
    assert thread_counts(cpu_of(64, 128, 0.5)) == (1,)
    large = thread_counts(cpu_of(96, 192, 192.0))
    assert large[0] == 1 and large[-1] == 192 and 96 in large and len(large) <= 6


def test_array_is_several_caches_and_a_small_part_of_the_free_memory() -> None:
    assert array_bytes(16 * GIB, 32 * MIB) == 256 * MIB
    assert array_bytes(16 * GIB, 100 * MIB) == 400 * MIB
    assert array_bytes(1 * GIB, 16 * MIB) == 128 * MIB
    with pytest.raises(ProbeError):
        array_bytes(100 * MIB, 0)
    with pytest.raises(ProbeError):  # would measure the cache
        array_bytes(2 * GIB, 384 * MIB)


def test_limits_become_remarks() -> None:
    limited = limited_memory(16 * GIB, 12 * GIB, 0, MemoryLimit(4 * GIB, 3 * GIB), wsl=True)
    assert (limited.limit_bytes, limited.available_bytes, limited.usable_bytes) == (4 * GIB, 3 * GIB, 4 * GIB)
    assert [remark.code for remark in memory_remarks(limited)] == ["memory_limited", "memory_wsl"]
    free = limited_memory(16 * GIB, 12 * GIB, 0, MemoryLimit(99 * GIB, 99 * GIB), wsl=False)
    assert free.limit_bytes is None and free.available_bytes == 12 * GIB
    assert memory_remarks(free) == []
    assert [remark.code for remark in cpu_remarks(cpu_of(4, 8, 1.5), 2)] == [
        "cores_limited",
        "cores_disagree",
    ]
    assert cpu_remarks(cpu_of(4, 8, 8.0), 4) == []


def test_wsl_is_recognised(tmp_path: Path) -> None:
    (tmp_path / "proc/sys/kernel").mkdir(parents=True)
    (tmp_path / "proc/sys/kernel/osrelease").write_text("5.15.153.1-microsoft-standard-WSL2\n")
    assert is_wsl(tmp_path)
    assert not is_wsl(tmp_path / "nowhere")


def test_memory_is_known_where_its_swap_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on Windows without its performance counters."""

    def refuse() -> None:
        raise RuntimeError("PdhAddEnglishCounterW failed. Performance counters may be disabled.")

    monkeypatch.setattr("psutil.swap_memory", refuse)
    memory = probe_memory()
    assert memory.total_bytes > 0 and memory.swap_bytes == memory.swap_free_bytes == 0


def test_this_machine_has_memory() -> None:
    memory = probe_memory()
    assert 0 < memory.available_bytes <= memory.total_bytes


def test_all_caches_nodes_and_limits(tmp_path: Path) -> None:
    root = machine(tmp_path, {0: (0, 0), 1: (0, 0), 2: (0, 1), 3: (0, 1)}, X86, {})
    for cpu, sharers in ((0, "0-1"), (1, "0-1"), (2, "2-3"), (3, "2-3")):
        for level, kind, size, shared in (
            (1, "Data", "48K", sharers),
            (2, "Unified", "2048K", sharers),
            (3, "Unified", "32M", "0-3"),
        ):
            folder = root / f"sys/devices/system/cpu/cpu{cpu}/cache/index{level}"
            folder.mkdir(parents=True, exist_ok=True)
            words = {"level": level, "type": kind, "size": size, "shared_cpu_list": shared}
            for name, word in words.items():
                (folder / name).write_text(f"{word}\n")
    (root / "sys/devices/system/node/node0").mkdir(parents=True)
    (root / "sys/devices/system/node/node0/cpulist").write_text("0-3\n")
    (root / "sys/devices/system/node/node1").mkdir()
    (root / "sys/devices/system/node/node1/cpulist").write_text("\n")  # memory only
    cpu_info = probe_cpu(root)
    assert [(cache.level, cache.size_bytes, cache.count) for cache in cpu_info.caches] == [
        (1, 48 * 1024, 2),
        (2, 2 * MIB, 2),
        (3, 32 * MIB, 1),
    ]
    assert (cpu_info.sockets, cpu_info.numa_nodes, cpu_info.l3_bytes) == (1, 1, 32 * MIB)
    assert cpu_info.affinity_cores and cpu_info.quota_cores is None


@given(st.text(max_size=20))
def test_any_cache_size_is_survived(text: str) -> None:
    assert 0 <= cache_bytes(text) <= 2**40
