"""Models on devices of other processes, reached over loopback: real devices to llama.cpp."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine import events
from engine.hardware.nodes import node_device
from engine.runtime.values import DeviceLayers, MemoryShare, RuntimeState
from tests.modelfile import write_model
from tests.models import deepseek2, qwen3moe, tiny
from tests.service.node_bench import Node, nodes
from tests.service.runtime_bench import GREEDY, Bench, question

_ROW = 2048 * 2 * 3 * 64 * 2  # bytes of the starter's KV cache of one layer at 2,048 tokens


@pytest.fixture(scope="module")
def two_nodes() -> Iterator[tuple[Node, ...]]:
    with nodes(2048, 2048) as started:
        yield started


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    made = Bench(tmp_path)
    yield made
    made.client.close()


def placed(*entries: tuple[str, int]) -> dict[str, object]:
    """The settings of a load with so many layers on each."""
    devices = tuple(DeviceLayers(device, layers) for device, layers in entries)
    return {"devices": devices, "n_gpu_layers": sum(entry.layers for entry in devices)}


def by_device(shares: tuple[MemoryShare, ...], part: str) -> Counter[str]:
    sizes: Counter[str] = Counter()
    for share in shares:
        if share.part == part:
            sizes[share.device] += share.size_bytes
    return sizes


def answer(bench: Bench) -> str:
    return bench.answer(question("Count to five.", max_tokens=12))[0]


@pytest.mark.parametrize("split", [(16, 15), (27, 4), (3, 2)])
def test_each_node_holds_the_layers_that_were_planned(
    bench: Bench, two_nodes: tuple[Node, ...], split: tuple[int, int]
) -> None:
    first, second = two_nodes
    bench.loaded(**placed((first.device, split[0]), (second.device, split[1])))
    assert bench.client.facts is not None
    cache = by_device(bench.client.facts.memory, "kv_cache")
    # the output is the second's last layer, and keeps no cache
    assert cache[first.device] == split[0] * _ROW
    assert cache[second.device] == (split[1] - 1) * _ROW
    assert cache["CPU"] == (31 - sum(split)) * _ROW
    assert bench.client.facts.device == f"{first.device} + {second.device}"


def test_the_answer_is_the_same_wherever_it_is_computed(bench: Bench, two_nodes: tuple[Node, ...]) -> None:
    first, second = two_nodes
    texts = []
    output = placed((first.device, 1))
    for settings in ({}, output, placed((first.device, 31)), placed((second.device, 11), (first.device, 20))):
        bench.loaded(repack=False, **settings)
        texts.append(answer(bench))
    assert texts[0] and texts == texts[:1] * 4


def test_the_output_alone_is_on_a_node(bench: Bench, two_nodes: tuple[Node, ...]) -> None:
    node = two_nodes[0].device
    bench.loaded(repack=False, **placed((node, 1)))
    assert bench.client.facts is not None
    cache = by_device(bench.client.facts.memory, "kv_cache")
    weights = by_device(bench.client.facts.memory, "weights")
    assert (cache[node], cache["CPU"]) == (0, 30 * _ROW)
    assert 0 < weights[node] < weights["CPU"]


def test_experts_stay_in_main_memory(bench: Bench, two_nodes: tuple[Node, ...], tmp_path: Path) -> None:
    """Those of the layers that are named and no others, on the device of each."""
    model, weights = tiny(tmp_path, "qwen3moe"), []
    settings = placed((two_nodes[0].device, 1), (two_nodes[1].device, 2))
    for away in ((), (0,), (1,), (0, 1)):
        bench.loaded(model, experts_away=away, use_mmap=False, **settings)
        assert bench.client.facts is not None
        weights.append(by_device(bench.client.facts.memory, "weights"))
    whole, first, second, none = weights
    one, other = (node.device for node in two_nodes)
    assert first[one] == none[one] < whole[one] and first[other] == whole[other]
    assert second[other] == none[other] < whole[other] and second[one] == whole[one]
    experts = none["CPU"] - whole["CPU"]
    assert experts > 0
    assert first["CPU"] - whole["CPU"] == second["CPU"] - whole["CPU"] == experts // 2


@pytest.mark.parametrize("kind", ["qwen3moe", "deepseek2"])
def test_answers_are_the_same_wherever_experts_are(
    bench: Bench, two_nodes: tuple[Node, ...], tmp_path: Path, kind: str
) -> None:
    recipes = {"qwen3moe": lambda: qwen3moe(layers=5), "deepseek2": lambda: deepseek2(layers=5)}
    model = write_model(tmp_path / "m.gguf", recipes[kind]())
    settings = placed((two_nodes[0].device, 3), (two_nodes[1].device, 3))
    texts = []
    for away in ((), (1, 2), (2, 4), (3,), (0, 1, 2, 3, 4)):
        bench.loaded(model, repack=False, experts_away=away, **settings)
        texts.append(answer(bench))
    bench.loaded(model, repack=False)
    assert texts == [answer(bench)] * 5 and texts[0]


@pytest.mark.parametrize("away", [(-1,), (10_001,), (0,) * 10_001])
def test_experts_of_no_layer_are_refused(bench: Bench, tmp_path: Path, away: tuple[int, ...]) -> None:
    ending = bench.ending(bench.load(tiny(tmp_path, "qwen3moe"), experts_away=away))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "bad_load_setting"


def test_a_node_may_have_several_devices(bench: Bench) -> None:
    with contextlib.closing(_closing(Node(devices=2))) as node:
        names = [node_device(node.endpoint, number) for number in (0, 1)]
        bench.loaded(**placed((names[1], 10), (names[0], 21)))
        assert bench.client.facts is not None
        cache = by_device(bench.client.facts.memory, "kv_cache")
        assert (cache[names[1]], cache[names[0]]) == (10 * _ROW, 20 * _ROW)


class _closing:
    def __init__(self, node: Node) -> None:
        self.endpoint, self.close = node.endpoint, node.kill


@pytest.mark.parametrize(
    ("device", "code"),
    [
        ("192.0.2.1:50052/0", "node_not_local"),
        ("localhost:50052/0", "node_not_local"),
        ("0.0.0.0:50052/0", "node_not_local"),
        ("127.0.0.1:99999/0", "node_not_local"),
        ("127.0.0.1:1/x", "node_not_local"),
        ("127.0.0.1:1/0", "node_unreachable"),
        ("CUDA7", "device_missing"),
    ],
)
def test_what_is_no_device_here_is_refused_with_a_sentence(bench: Bench, device: str, code: str) -> None:
    ending = bench.ending(bench.load(**placed((device, 31))))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == code


def test_layers_that_do_not_add_up_are_refused(bench: Bench, two_nodes: tuple[Node, ...]) -> None:
    ending = bench.ending(
        bench.load(devices=(DeviceLayers(two_nodes[0].device, 10),), n_gpu_layers=11, threads=1)
    )
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "bad_load_setting"


@contextlib.contextmanager
def impostor(reply: bytes) -> Iterator[str]:
    """The address of something that takes connections and says that, whatever it hears."""
    with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(64)
                    connection.sendall(reply)
                    connection.close()

        threading.Thread(target=serve, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ((28).to_bytes(8, "little") + bytes([6, 0, 0]) + bytes(25), "node_other_version"),
        (b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n", "node_unreachable"),
        (b"", "node_unreachable"),
    ],
)
def test_who_speaks_otherwise_is_refused_with_a_sentence(bench: Bench, reply: bytes, code: str) -> None:
    with impostor(reply) as endpoint:
        ending = bench.ending(bench.load(**placed((node_device(endpoint), 31))))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == code


def test_a_busy_node_is_said_and_not_waited_for(bench: Bench, two_nodes: tuple[Node, ...]) -> None:
    host, port = two_nodes[0].endpoint.split(":")
    with contextlib.closing(socket.create_connection((host, int(port)))) as other:
        other.sendall(b"\x0e")  # it has our attention until it goes
        ending = bench.ending(bench.load(**placed((two_nodes[0].device, 31))))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "node_unreachable"


def test_a_node_with_too_little_memory_is_a_failed_load(bench: Bench) -> None:
    with nodes(8) as (small,):
        ending = bench.ending(bench.load(**placed((small.device, 31))))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "model_memory"


def test_a_node_that_dies_in_an_answer_is_named(bench: Bench) -> None:
    with nodes(1024, 1024) as (first, second):
        bench.loaded(**placed((first.device, 16), (second.device, 15)))
        job = bench.ask(question("Tell a long story.", max_tokens=1500, sampling=GREEDY))
        bench.first(job, events.TokenDelta)
        second.kill()
        ending = bench.ending(job)
    assert isinstance(ending, events.JobFailed)
    assert ending.message.code == "worker_lost_device"
    assert ending.message.values["device"] == second.endpoint
    assert bench.client.state is RuntimeState.CRASHED
    bench.loaded(**placed())  # what is left
    assert answer(bench)


def test_a_node_that_is_gone_before_the_load_ends_it_with_its_name(bench: Bench) -> None:
    with nodes(1024) as (node,):
        device = node.device
    ending = bench.ending(bench.load(**placed((device, 31))))
    assert isinstance(ending, events.JobFailed)
    assert ending.message.values["endpoint"] == node.endpoint
