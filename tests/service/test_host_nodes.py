"""A host whose machine has nodes: what it plans is what is loaded, and a node that dies costs a reload."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine import events
from engine.hardware.check import quick_report
from engine.hardware.report import GpuInfo
from engine.hardware.report_json import save_report
from engine.host.surroundings import Taken, report_path, room_of
from engine.paths import Paths
from engine.planning.machine import machine_of
from engine.runtime.values import RuntimeState, part_bytes
from engine.settings import EVERY_LAYER
from tests.modelfile import write_model
from tests.models import qwen3moe
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.node_bench import Node, nodes
from tests.service.runtime_bench import GREEDY, question

MIB = 1 << 20
MARGIN = 512 * MIB  # of a GPU's memory, that the planner leaves alone


@pytest.fixture
def paths() -> Iterator[Paths]:
    with engine_room() as paths:
        yield paths


def as_gpu(node: Node, size: int) -> GpuInfo:
    """As the check of a machine would list it. Its speed makes it worth taking."""
    return GpuInfo(
        name=node.endpoint,
        vendor="",
        pci_id="",
        vram_bytes=size,
        vram_free_bytes=size,
        shared_bytes=0,
        driver="",
        bandwidth_bytes_per_second=900e9,
        usable=True,
        reason=None,
        found_by=("ggml",),
        device=node.device,
    )


def checked_with(paths: Paths, *gpus: GpuInfo) -> None:
    save_report(report_path(paths), replace(quick_report([paths.models]), gpus=gpus))


def devices_of(guest: Guest) -> list[str]:
    (model,) = guest.look().models
    assert model.facts is not None
    return sorted({share.device for share in model.facts.memory if share.part == "kv_cache"})


def test_a_node_that_dies_in_an_answer_is_named_and_the_model_goes_on_without_it(paths: Paths) -> None:
    with nodes(1024, 1024) as (first, second):
        checked_with(paths, as_gpu(first, MARGIN + 110 * MIB), as_gpu(second, MARGIN + 110 * MIB))
        guest = Guest(paths)
        guest.loaded(wish_for(n_sequences=1))
        assert devices_of(guest) == sorted([first.device, second.device])
        asked = guest.look().models[0].request
        job = guest.ask(question("Tell a long story.", max_tokens=900, sampling=GREEDY))
        guest.first(job, events.TokenDelta)
        second.kill()
        ending = guest.ending(job)
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code == "worker_lost_device"
        assert ending.message.values["device"] == second.endpoint
        again = guest.ask(question("Count to three.", max_tokens=8))
        assert isinstance(guest.ending(again), events.JobFinished)
        assert guest.text(again)
        assert second.device not in devices_of(guest)
        now = guest.look().models[0]
        assert now.state is RuntimeState.READY
        assert (now.request.context_length, now.crashes) == (asked.context_length, 1)
        assert "host_restarts" in guest.notices()


def test_each_device_holds_what_the_host_planned(paths: Paths) -> None:
    with nodes(1024, 1024) as (first, second):
        checked_with(paths, as_gpu(first, MARGIN + 60 * MIB), as_gpu(second, MARGIN + 100 * MIB))
        guest = Guest(paths)
        guest.loaded(wish_for(n_sequences=1))
        (model,) = guest.look().models
        assert model.facts is not None
        planned = {entry.device: entry.layers for entry in model.request.devices}
        assert set(planned) == {first.device, second.device}
        layer = part_bytes(model.facts.memory, "kv_cache") // 30
        last = model.request.devices[-1].device
        for share in model.facts.memory:
            if share.part == "kv_cache" and share.device in planned:
                assert share.size_bytes == layer * (planned[share.device] - (share.device == last))


def test_a_person_says_how_many_layers_are_on_a_node(paths: Paths) -> None:
    """What is loaded otherwise is loaded again, and what nobody says leaves it as it is."""
    with nodes(1024) as (node,):
        checked_with(paths, as_gpu(node, MARGIN + 1024 * MIB))
        guest = Guest(paths)
        told = []
        for wanted in ({}, {"device_layers": 7}, {}, {"device_layers": 0}):
            pid = guest.loaded(wish_for(n_sequences=1, **wanted)).facts.pid
            told.append((guest.look().models[0].request.n_gpu_layers, pid))
        assert [layers for layers, _ in told] == [31, 8, 8, 0]
        assert told[1][1] == told[2][1]


def test_a_person_says_where_experts_are(paths: Paths, tmp_path: Path) -> None:
    """What the engine has loaded lies as it was asked for."""
    mixture = write_model(tmp_path / "mixture.gguf", qwen3moe(layers=4, width=256, experts=32))
    with nodes(1024) as (node,):
        checked_with(paths, as_gpu(node, MARGIN + 256 * MIB))
        guest = Guest(paths)
        held = []
        for in_ram in (0, 3, EVERY_LAYER):
            guest.loaded(wish_for(mixture, n_sequences=1, device_layers=4, experts_in_ram=in_ram))
            (model,) = guest.look().models
            assert model.facts is not None
            assert model.request.experts_away == tuple(range(min(in_ram, 4)))
            shares = [share for share in model.facts.memory if share.device == node.device]
            held.append(sum(share.size_bytes for share in shares if share.part == "weights"))
        experts = 32 * 3 * 256 * 64 * 34 // 32  # of a layer: matrices of each, their sides, Q8_0
        assert held[0] - held[1] == pytest.approx(3 * experts, rel=0.01)
        assert held[0] - held[2] == pytest.approx(4 * experts, rel=0.01)


@pytest.mark.parametrize("left", [8, 64])
def test_memory_of_a_device_that_was_taken_meanwhile_costs_layers_not_the_load(
    paths: Paths, left: int
) -> None:
    """It has less than when it was looked at, whoever has the rest: fewer layers lie there, or none."""
    with nodes(left) as (node,):
        checked_with(paths, as_gpu(node, MARGIN + 1024 * MIB))
        guest = Guest(paths)
        guest.loaded(wish_for(n_sequences=1))
        (model,) = guest.look().models
        assert model.request.n_gpu_layers < 31
        assert model.request.context_length == 1024
        assert {"host_restarts", "host_restarts_lower"} & set(guest.notices())
        job = guest.ask(question("Hi.", max_tokens=3), wish_for(n_sequences=1))
        assert isinstance(guest.ending(job), events.JobFinished)


def test_memory_of_a_device_that_was_taken_meanwhile_costs_experts_of_some_layers(
    paths: Paths, tmp_path: Path
) -> None:
    """Of a mixture: all its layers are still there."""
    recipe = qwen3moe(
        layers=6, width=1024, heads=16, kv_heads=4, head_width=128, experts=64, expert_width=128
    )
    mixture = write_model(tmp_path / "mixture.gguf", recipe)
    with nodes(128) as (node,):
        checked_with(paths, as_gpu(node, MARGIN + 1024 * MIB))
        guest = Guest(paths)
        guest.loaded(wish_for(mixture, n_sequences=1))
        (model,) = guest.look().models
        assert model.request.n_gpu_layers == 7
        assert 0 < len(model.request.experts_away) < 6
        assert model.request.context_length == 1024
        job = guest.ask(question("Hi.", max_tokens=3), wish_for(mixture, n_sequences=1))
        assert isinstance(guest.ending(job), events.JobFinished)


def test_a_node_that_is_off_is_left_out(paths: Paths) -> None:
    with nodes(1024) as (node,):
        checked_with(paths, as_gpu(node, 1024 * MIB))
    guest = Guest(paths)
    guest.loaded()
    assert devices_of(guest) == ["CPU"]


def test_a_node_in_use_has_nothing_for_another_model(paths: Paths) -> None:
    """It serves one worker at a time."""
    with nodes(1024) as (node,):
        report = replace(quick_report([paths.models]), gpus=(as_gpu(node, 2048 * MIB),))
    whole = machine_of(report)
    used = Taken(0, 0, ((node.endpoint, MIB),))
    (free,) = room_of(report, whole, ()).machine.gpus
    (busy,) = room_of(report, whole, (used,)).machine.gpus
    (left,) = room_of(report, whole, (), (used,)).machine.gpus
    assert (free.budget, busy.budget, left.budget) == (1536 * MIB, 0, 1536 * MIB)
