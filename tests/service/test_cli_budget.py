"""`deskside plan --budget`: from money and a price list to machines."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.service.test_cli import PROGRAM, deskside, environment, records

__all__ = ["environment"]  # a fixture


def test_money_becomes_machines(environment: dict[str, str], tmp_path: Path) -> None:
    prices, hardware = tmp_path / "prices.json", tmp_path / "hardware.json"
    card = {"name": "RTX 3060 12GB", "kind": "card", "price": 2000, "date": "2026-11", "source": "a shop"}
    prices.write_text(json.dumps({"parts": [{**card, "watts": 170}]}))
    hardware.write_text(json.dumps({"cpu": {"model": "Ryzen 5 3600"}, "memory": {"size_gib": 16}}))
    words = (
        "plan",
        "--budget",
        "2500",
        "--prices",
        str(prices),
        "--hardware",
        str(hardware),
        "--watts",
        "150",
    )
    done = deskside(environment, *words, "--electricity", "0.6", "--api-price", "16", "--json")
    assert done.returncode == 0, done.stderr
    (made,) = records(done.stdout)
    assert made["event"] == "budget"
    assert [machine["name"] for machine in made["machines"]] == [
        "your computer + 1 x RTX 3060 12GB",
        "your computer",
    ]
    assert made["terms"]["cny_per_kwh"]["high"] == 0.6
    best = made["machines"][0]
    assert best["watts"]["high"] == 320
    assert best["plans"][0]["verdict"] == "runs_well"
    assert [row["streams"] for row in best["at_once"]] == [1, 4, 32]
    assert best["at_once"][0]["break_even_days"] > 0
    told = deskside(environment, *words)
    assert told.returncode == 0
    assert "CNY per token/s" in told.stdout and "a shop" in told.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--budget", "0"), "usage"),
        (("--budget", "nan"), "usage"),
        (("--budget", "5000", "--model", "Qwen3-8B"), "budget_mixed"),
        (("--electricity", "0"), "budget_mixed"),
        (("--budget", "5000", "--watts", "100"), "budget_mixed"),
        (("--budget", "5000", "--api-price", "16"), "budget_api_needs_electricity"),
        (("--budget", "5000", "--prices", "/nowhere/prices.json"), "prices_unreadable"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(
    environment: dict[str, str], words: tuple[str, ...], code: str
) -> None:
    done = deskside(environment, "plan", "--json", *words)
    assert done.returncode == 2
    assert records(done.stdout)[-1]["code"] == code
    assert "Traceback" not in done.stderr


def test_a_purchase_is_weighed(environment: dict[str, str], tmp_path: Path) -> None:
    hardware = tmp_path / "hardware.json"
    described = {"cpu": {"model": "Ryzen 5 3600"}, "memory": {"size_gib": 16, "channels": 1}}
    hardware.write_text(json.dumps(described))
    words = ("plan", "--hardware", str(hardware), "--wish", "speed", "--what-if")
    done = deskside(environment, *words, "card=RTX 3060 12GB@2000", "channels=2", "--json")
    assert done.returncode == 0, done.stderr
    (made,) = records(done.stdout)
    assert made["event"] == "what_if" and made["buy"] and made["wish"] == "speed"
    card = next(change for change in made["changes"] if change["kind"] == "card")
    assert card["worth_it"] and card["cny_per_gained_tps"] > 0
    assert {change["kind"] for change in made["changes"]} == {"card", "channels"}
    told = deskside(environment, *words)
    assert told.returncode == 0 and "GiB more memory" in told.stdout
    refused = deskside(environment, *words, "wings=2", "--json")
    assert refused.returncode == 2
    assert records(refused.stdout)[-1]["code"] == "what_if_malformed"


def test_a_purpose_and_a_wish(environment: dict[str, str], tmp_path: Path) -> None:
    hardware = tmp_path / "hardware.json"
    hardware.write_text(json.dumps({"cpu": {"model": "Ryzen 9 7950X"}, "memory": {"size_gib": 64}}))
    words = ("plan", "--hardware", str(hardware), "--purpose", "long", "--wish", "speed")
    done = deskside(environment, *words, "--json")
    (made,) = records(done.stdout)
    assert (made["purpose"], made["wish"]) == ("long", "speed")
    best = made["plans"][0]
    assert best["context_length"] >= 32_768 and best["quality_loss"]["source"]
    assert made["flagship"]["remedy"] and made["guide"][0]["sources"]
    assert deskside(environment, "plan", "--purpose", "poetry").returncode == 2
    assert (
        deskside(environment, "plan", "--purpose", "code", "--model", "Qwen3-8B", *words[1:3]).returncode == 2
    )


@pytest.mark.parametrize(
    ("budget", "told"),
    [
        ("0", "the nearest that can be planned is 1."),
        ("-5", "the nearest that can be planned is 1."),
        ("1e12", "the nearest that can be planned is 1,000,000,000."),
        ("inf", "the nearest that can be planned is 1,000,000,000."),
        ("nan", "'nan' is no number from 1 to 1,000,000,000."),
        ("much", "'much' is no number from 1 to 1,000,000,000."),
    ],
)
def test_impossible_budgets_are_told_the_nearest_possible_one(
    environment: dict[str, str], budget: str, told: str
) -> None:
    done = deskside(environment, "plan", "--budget", budget)
    assert done.returncode == 2 and told in done.stderr


def test_one_yuan_buys_nothing_and_is_told_what_the_nearest_costs(environment: dict[str, str]) -> None:
    done = deskside(environment, "plan", "--budget", "1", "--json")
    (made,) = records(done.stdout)
    assert done.returncode == 0 and not made["buy"] and not made["machines"]
    assert made["nearest"]["price_cny"]["high"] > 1 and made["remarks"][0]["code"] == "budget_short"
    assert all(row["machine"] for row in made["tiers"])  # and what more money would buy


@pytest.mark.skipif(sys.platform == "win32", reason="it has no such terminals")
def test_a_comparison_tells_how_far_it_is_and_ends_with_ctrl_c(environment: dict[str, str]) -> None:
    terminal, its_end = os.openpty()
    words = [*PROGRAM, "plan", "--budget", "60000"]
    program = subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=its_end)
    os.close(its_end)
    try:
        told = b""
        while b"machines are compared" not in told:
            told += os.read(terminal, 4096)  # fails at the end of a program that did not tell
        program.send_signal(signal.SIGINT)
        assert program.wait(300) == 130
    finally:
        program.kill()
        program.wait()
        os.close(terminal)


def test_the_shipped_prices_answer_all_that_is_asked_of_money(environment: dict[str, str]) -> None:
    words = ("--budget", "20,000", "--electricity", "0.6", "--api-price", "16", "--json")
    done = deskside(environment, "plan", *words)
    (made,) = records(done.stdout)
    assert made["budget_cny"] == 20_000 and made["buy"]
    for machine in [*made["machines"], *(row["machine"] for row in made["tiers"])]:
        assert machine["watts"]["source"] and machine["watts"]["date"] and machine["pays"] is not None
        assert all(part["price_cny"]["source"] and part["price_cny"]["date"] for part in machine["parts"])
        for row in machine["at_once"]:
            assert row["tps"]["expected"] > 0 and row["cny_per_tps"] > 0 and row["origin"] == "estimated"
            assert row["kwh_per_million"] > 0 and row["energy_cny_per_million"] > 0
            assert 1 <= row["served"] <= row["streams"]


def test_another_processor_is_weighed(environment: dict[str, str], tmp_path: Path) -> None:
    hardware = tmp_path / "hardware.json"
    hardware.write_text(json.dumps({"cpu": {"model": "Ryzen 5 7600"}, "memory": {"size_gib": 32}}))
    words = ("plan", "--hardware", str(hardware), "--what-if")
    done = deskside(environment, *words, "processor=9950X@3500", "processor=Core i5-10400", "--json")
    assert done.returncode == 0, done.stderr
    (made,) = records(done.stdout)
    assert [change["kind"] for change in made["changes"]] == ["processor", "processor"]
    names = {change["name"]: change for change in made["changes"]}
    better = names["Ryzen 9 9950X in place of Ryzen 5 7600"]
    assert better["price_cny"]["high"] == 3500
    assert "what_if_processor_memory" in [remark["code"] for remark in made["remarks"]]  # that one reads DDR4
    refused = deskside(environment, *words, "processor=Ryzen 99")
    assert refused.returncode == 2 and "The nearest known ones: Ryzen" in refused.stderr
