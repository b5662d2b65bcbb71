"""Limits of control groups, read from made-up file systems."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from engine.hardware.cgroup import MemoryLimit, cpu_quota, memory_limit

GIB = 2**30


def write(root: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


V2 = {
    "proc/self/cgroup": "0::/user.slice/app.scope\n",
    "proc/self/mountinfo": "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw\n",
}
V1 = {
    "proc/self/cgroup": "4:memory:/docker/abc\n2:cpu,cpuacct:/docker/abc\n0::/\n",
    "proc/self/mountinfo": (
        "35 31 0:32 /docker/abc /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n"
        "32 31 0:29 /docker/abc /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n"
    ),
}


def test_v2_counts_file_cache_as_available(tmp_path: Path) -> None:
    group = "sys/fs/cgroup/user.slice/app.scope/"
    files = {
        group + "memory.max": f"{8 * GIB}\n",
        group + "memory.current": f"{6 * GIB}\n",
        group + "memory.stat": f"anon {GIB}\ninactive_file {3 * GIB}\nactive_file {GIB}\n",
    }
    assert memory_limit(write(tmp_path, V2 | files)) == MemoryLimit(8 * GIB, 6 * GIB)


def test_v2_tightest_ancestor_wins(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/user.slice/app.scope/memory.max": "max\n",
        "sys/fs/cgroup/user.slice/memory.max": f"{2 * GIB}\n",
        "sys/fs/cgroup/user.slice/memory.current": "0\n",
        "sys/fs/cgroup/user.slice/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/user.slice/app.scope/cpu.max": "max 100000\n",
    }
    root = write(tmp_path, V2 | files)
    assert memory_limit(root) == MemoryLimit(2 * GIB, 2 * GIB)
    assert cpu_quota(root) == 1.5


def test_v2_brakes_before_it_ends(tmp_path: Path) -> None:
    """Above `memory.high` a group is braked so hard that nothing of use runs there; 0 says nothing."""
    group = "sys/fs/cgroup/user.slice/app.scope/"
    files = {
        group + "memory.max": f"{8 * GIB}\n",
        group + "memory.high": f"{6 * GIB}\n",
        group + "memory.current": f"{GIB}\n",
        "sys/fs/cgroup/user.slice/memory.high": "0\n",
        "sys/fs/cgroup/user.slice/memory.max": "max\n",
    }
    assert memory_limit(write(tmp_path, V2 | files)) == MemoryLimit(6 * GIB, 5 * GIB)


def test_v1_in_a_container(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/memory/memory.limit_in_bytes": f"{4 * GIB}",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": f"{3 * GIB}",
        "sys/fs/cgroup/memory/memory.stat": f"total_inactive_file {GIB}\ntotal_active_file 0\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    root = write(tmp_path, V1 | files)
    assert memory_limit(root) == MemoryLimit(4 * GIB, 2 * GIB)
    assert cpu_quota(root) == 0.5


def test_v1_limit_of_an_ancestor_outside_of_the_view(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/memory/memory.usage_in_bytes": "0",
        "sys/fs/cgroup/memory/memory.stat": f"hierarchical_memory_limit {GIB}\n",
    }
    assert memory_limit(write(tmp_path, V1 | files)) == MemoryLimit(GIB, GIB)


def test_no_limit_is_none(tmp_path: Path) -> None:
    files = {
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
    }
    root = write(tmp_path, V1 | files)
    assert memory_limit(root) is None
    assert cpu_quota(root) is None


def test_an_empty_file_system_has_no_limits(tmp_path: Path) -> None:
    assert memory_limit(tmp_path) is None
    assert cpu_quota(tmp_path) is None


@given(st.text(max_size=200), st.text(max_size=200), st.text(max_size=60), st.text(max_size=60))
def test_nonsense_in_the_files_is_no_limit_or_a_sane_one(
    tmp_path_factory, group: str, mounts: str, limit: str, current: str
) -> None:
    root = tmp_path_factory.mktemp("fs")
    mounts = V2["proc/self/mountinfo"] + mounts.replace("\x00", "")
    files = {
        "proc/self/cgroup": "0::/../../etc\n" + group,
        "proc/self/mountinfo": mounts,
        "sys/fs/cgroup/memory.max": limit,
        "sys/fs/cgroup/memory.current": current,
        "sys/fs/cgroup/cpu.max": f"{limit} {current}",
    }
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8", "replace"))
    found = memory_limit(root)
    assert found is None or (found.limit_bytes > 0 and found.available_bytes >= 0)
    quota = cpu_quota(root)
    assert quota is None or quota > 0
