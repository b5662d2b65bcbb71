"""Machines that take no cards: what is soldered is never told to be bought."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from engine.errors import UsageError
from engine.hardware.described_json import description_from_json
from engine.hardware.report import MemoryModule
from engine.messages import english
from engine.planning.change import change_of, usual_changes
from engine.planning.described_machine import described_machine, report_of
from engine.planning.machine import GIB, MOST_PORTABLE, Machine, machine_of
from engine.planning.offers import offers
from engine.planning.placement import plan_on
from engine.planning.plan import Aim, RunPlan
from engine.planning.prices import Part, PartKind, PriceList, Sourced
from engine.planning.purchase import ChangeKind
from engine.planning.remedy import with_remedy
from engine.planning.what_if import what_if
from tests.unit.planning_machines import catalog, published

PRICES = PriceList(
    (
        Part("GeForce RTX 3090", PartKind.CARD, Sourced(5000, 6000, "a shop", "2026-11")),
        Part("Ryzen 9 9950X", PartKind.PROCESSOR, Sourced(3000, 3500, "a shop", "2026-11")),
    )
)
MACS = [
    {"cpu": {"model": "Apple M2 Max"}, "memory": {"size_gib": 64}},
    {"cpu": {"model": "Apple M9 Ultra"}, "memory": {"size_gib": 64}},  # of which the catalogue knows nothing
    {"name": "Mac Studio", "cpu": {"architecture": "arm64"}, "memory": {"size_gib": 96}},
    {"gpus": ["Apple M2 Ultra 76-core"], "memory": {"size_gib": 64}},
    {"cpu": {"model": "Ryzen AI Max+ 395"}, "memory": {"size_gib": 128}},
    {"cpu": {"model": "Intel(R) Core(TM) Ultra 7 258V"}, "memory": {"size_gib": 32}},
    {"cpu": {"model": "Raspberry Pi 5"}, "memory": {"size_gib": 16}},
]
NOTEBOOKS = [
    {"cpu": {"model": name}, "memory": {"size_gib": 16}}
    for name in (
        "12th Gen Intel(R) Core(TM) i7-1260P",
        "11th Gen Intel(R) Core(TM) i5-1135G7 @ 2.40GHz",
        "Intel(R) Core(TM) i7-3520M CPU @ 2.90GHz",
        "Intel(R) Core(TM) i9-14900HX",
        "Intel(R) Core(TM) Ultra 7 155H",
        "AMD Ryzen 7 7840HS w/ Radeon 780M Graphics",
        "AMD Ryzen 7 PRO 8840U",
        "AMD Ryzen AI 9 HX 370 w/ Radeon 890M",
    )
] + [
    {
        "cpu": {"model": "Core i7-12700"},
        "gpus": [{"name": "NVIDIA GeForce RTX 4060 Laptop GPU", "vram_gib": 8}],
        "memory": {"size_gib": 16},
    }
]
OPEN = [
    "Intel(R) Core(TM) i9-13900KF",
    "Intel(R) Core(TM) i7-8700T CPU @ 2.40GHz",
    "Intel(R) Core(TM) i5-12400F",
    "Core i7-10700",
    "AMD Ryzen 7 8700G w/ Radeon 780M Graphics",
    "AMD Ryzen 9 7950X3D 16-Core Processor",
    "AMD Ryzen 5 5600GT",
    "AMD EPYC 7302P 16-Core Processor",
    "Intel(R) Xeon(R) 6980P",
    "AMD Ryzen Threadripper PRO 7975WX",
    "Neoverse-N1",
    "",
]


def described(values: dict[str, Any]) -> Machine:
    return described_machine(description_from_json(values))


def remedy(machine: Machine, name: str = "DeepSeek-R1-Distill-Llama-70B") -> str:
    spec, quantization = published(name, "Q4_K_M")

    def again(other: Machine) -> RunPlan:
        return plan_on(other, spec, quantization)

    told = with_remedy(again(machine), machine, again).remedy
    assert told is not None and english(told)
    return told.code


@pytest.mark.parametrize("values", MACS)
def test_memory_that_is_soldered_takes_neither_modules_nor_cards(values: dict[str, Any]) -> None:
    machine = described(values)
    assert machine.built_in and not machine.takes_cards
    assert remedy(machine, "DeepSeek-R1-0528") == "plan_would_elsewhere"
    assert {change.kind for change in usual_changes(machine, 1, "", PRICES)} <= {ChangeKind.DISK}
    for text in ("card=RTX 3090", "memory=512", "channels=2"):
        with pytest.raises(UsageError) as refused:
            change_of(text, machine, 1)
        assert refused.value.message.code == "what_if_built_in"


@pytest.mark.parametrize("values", NOTEBOOKS)
def test_a_notebook_takes_memory_and_a_disk_only(values: dict[str, Any]) -> None:
    machine = described(values)
    assert machine.slotless and not machine.built_in
    name = str(values["cpu"]["model"])
    kinds = {change.kind for change in usual_changes(machine, None, name, PRICES)}
    assert kinds <= {ChangeKind.MEMORY, ChangeKind.DISK}
    for text in ("card=RTX 3090", "processor=Ryzen 9 9950X"):
        with pytest.raises(UsageError) as refused:
            change_of(text, machine, None, name)
        assert refused.value.message.code == "what_if_no_slot"
    assert change_of("memory=96", machine, None).kind is ChangeKind.MEMORY
    with pytest.raises(UsageError) as refused:
        change_of("memory=256", machine, None)
    assert "128 GiB" in english(refused.value.message)
    found = what_if(machine, catalog()[:3], (), Aim())
    assert found.remarks[0].code == "what_if_no_slot" and english(found.remarks[0])


def test_what_would_help_a_notebook_is_more_memory_or_another_machine() -> None:
    notebook = replace(described(NOTEBOOKS[0]), ram_budget=6 * GIB, ram_total=8 * GIB)
    assert remedy(notebook) == "plan_would_no_slot"  # a card would do, and none goes in
    assert remedy(notebook, "Qwen3-30B-A3B") == "plan_would_with_memory"
    assert remedy(notebook, "DeepSeek-R1-0528") == "plan_would_no_slot"
    assert published("DeepSeek-R1-0528", "Q4_K_M")[1].size_bytes > MOST_PORTABLE


def test_modules_tell_whether_memory_is_soldered() -> None:
    report = report_of(description_from_json({"cpu": {"model": "Core Ultra 7 155H"}}))
    for kind, built_in in (("LPDDR5", True), ("DDR5", False), ("", False)):
        modules = (MemoryModule("A", 16 * GIB, kind, 6400, ""),)
        told = machine_of(replace(report, memory=replace(report.memory, modules=modules)))
        assert told.built_in is built_in
    intel = replace(report, system="macOS 12.7 (Intel)", cpu=replace(report.cpu, model="Core i5-8500"))
    assert not machine_of(intel).soldered  # as in an iMac, whose modules can be changed


@pytest.mark.parametrize("name", OPEN)
def test_desktops_and_servers_take_cards(name: str) -> None:
    machine = described({"cpu": {"model": name}} if name else {})
    assert machine.takes_cards
    assert ChangeKind.CARD in {change.kind for change in usual_changes(machine, None, name, PRICES)}


def test_no_cards_are_offered_for_what_takes_none() -> None:
    for values, count in ((MACS[0], 1), (NOTEBOOKS[0], 1), ({"cpu": {"model": "Ryzen 7 7700"}}, 3)):
        mine = Part("mine", PartKind.COMPUTER, None, hardware=description_from_json(values), slots=2)
        assert len(offers(PRICES, mine)) == count
