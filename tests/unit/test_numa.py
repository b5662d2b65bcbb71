"""Memory on several nodes: which of them count, on made-up file systems, and what the kernel then does."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.hardware.numa import nodes_at_hand

ALL = set(range(64))
linux = pytest.mark.skipif(sys.platform != "linux", reason="of Linux")


def machine(root: Path, cpus: dict[int, str], memory: str, allowed: str) -> Path:
    folder = root / "sys/devices/system/node"
    for node, numbers in cpus.items():
        (folder / f"node{node}").mkdir(parents=True, exist_ok=True)
        (folder / f"node{node}/cpulist").write_text(numbers + "\n")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "has_memory").write_text(memory + "\n")
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    (root / "proc/self/status").write_text(f"Name:\tx\nMems_allowed_list:\t{allowed}\n")
    return root


@pytest.mark.parametrize(
    ("cpus", "memory", "allowed", "usable", "found"),
    [
        ({0: "0-31", 1: "32-63"}, "0-1", "0-1", ALL, (0, 1)),
        ({0: "0-63"}, "0", "0", ALL, (0,)),
        # a card's memory as a node of its own
        ({0: "0-63", 1: "", 2: ""}, "0-2", "0-2", ALL, (0,)),
        # a node whose modules are missing
        ({0: "0-31", 1: "32-63"}, "0", "0-1", ALL, (0,)),
        # a container or a person leaves it one socket
        ({0: "0-31", 1: "32-63"}, "0-1", "1", ALL, (1,)),
        ({0: "0-31", 1: "32-63"}, "0-1", "0-1", {3, 4}, (0,)),
        ({0: "0-15,32-47", 1: "16-31,48-63"}, "0,1", "0,1", {0, 63}, (0, 1)),
    ],
)
def test_nodes_that_count(
    tmp_path: Path, cpus: dict[int, str], memory: str, allowed: str, usable: set[int], found: tuple[int, ...]
) -> None:
    assert nodes_at_hand(usable, machine(tmp_path, cpus, memory, allowed)) == found


def test_a_system_that_tells_nothing_has_none(tmp_path: Path) -> None:
    assert nodes_at_hand(ALL, tmp_path) == ()


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_the_system_tells(cpus: str, memory: str, allowed: str) -> None:
    with TemporaryDirectory() as folder:
        root = machine(Path(folder), {}, "0-1", "0-1")
        node = root / "sys/devices/system/node"
        (node / "node0").mkdir()
        (node / "node0/cpulist").write_bytes(cpus.encode("utf-8", "replace"))
        (node / "has_memory").write_bytes(memory.encode("utf-8", "replace"))
        (root / "proc/self/status").write_bytes(f"Mems_allowed_list: {allowed}".encode("utf-8", "replace"))
        assert set(nodes_at_hand(ALL, root)) <= {0}


CHILD = """
import sys, threading
from pathlib import Path
from engine.runtime.worker.spreading import spread_over

def lines():
    try:
        return Path("/proc/thread-self/numa_maps").read_text().splitlines()
    except OSError:
        return []

if not lines():
    sys.exit(77)  # a kernel without nodes
before = spread_over(NODES)
seen = []
thread = threading.Thread(target=lambda: seen.extend(lines()))
thread.start()
thread.join()
print(before, spread_over(NODES), len(seen) > 3 and all(line.split()[1] == "interleave:0" for line in seen))
"""


def child(nodes: tuple[int, ...]) -> str:
    done = subprocess.run(
        [sys.executable, "-c", CHILD.replace("NODES", repr(nodes))],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    if done.returncode == 77:
        pytest.skip("this kernel knows no nodes")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@linux
def test_the_kernel_spreads_what_threads_touch_from_then_on() -> None:
    """Asked for the one node that is there: the rule holds for threads that start later, too, and what is
    decided already is left as it is. A container may forbid it, and that is no failure."""
    said = child((0,))
    if said.startswith("False"):
        pytest.skip("this container does not allow it")
    assert said == "True False True"


@linux
def test_nodes_that_are_not_there_leave_memory_as_it_is() -> None:
    assert child((900,)) == "False False False"
