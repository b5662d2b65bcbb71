"""`deskside plan --hardware`: a described machine from the file to the plan."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.modelfile import Recipe, write_model
from tests.models import llama
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]  # a fixture

DESCRIBED = {
    "cpu": {"model": "EPYC 9654", "threads": 64},
    "memory": {"size_gib": 768, "mt_s": 4800, "channels": 12},
    "gpus": ["RTX 4090"],
    "engine": {"name": "ik_llama.cpp", "build": "2025-05"},
}


def plan(environment: dict[str, str], file: Path, *words: str) -> dict[str, Any]:
    done = deskside(environment, "plan", "--json", "--hardware", str(file), *words)
    assert done.returncode == 0, done.stderr
    return records(done.stdout)[-1]


def test_a_described_machine_is_planned_for(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps(DESCRIBED))
    model = ("--model", "DeepSeek-R1-0528", "--quant", "Q4_K_M")
    made = plan(environment, file, *model)
    assert made["experts_on_cpu"] and made["experts_in_ram"]
    assert made["threads"] == 64
    speed = made["speed"]["generation_tps"]
    assert 8 < speed["expected"] < 20
    assert made["speed"]["inputs"]["ram_bytes"] > 10e9
    deep = plan(environment, file, *model, "--depth", "30000", "--prompt", "8000")
    assert deep["speed"]["generation_tps"]["expected"] < speed["expected"]
    assert deep["speed"]["time_to_first_token_s"] > 4 * made["speed"]["time_to_first_token_s"]
    many = plan(environment, file, *model, "--streams", "8")
    assert many["speed"]["generation_tps"]["expected"] > speed["expected"]


def fields_of(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for entry in value:
            yield from fields_of(entry)
    if isinstance(value, dict):
        for name, entry in value.items():
            yield name
            yield from fields_of(entry)


def test_every_field_of_a_plan_is_written_down(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps(DESCRIBED))
    made = plan(environment, file, "--model", "DeepSeek-R1-0528", "--quant", "Q4_K_M")
    made["memory"]["devices"] = {}  # by names of cards
    written = (Path(__file__).parents[2] / "docs" / "cli.md").read_text("utf-8")
    assert [name for name in fields_of(made) if name not in written] == []


def test_what_will_not_run_is_an_answer(environment: dict[str, str], tmp_path: Path) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps({"memory": {"size_gib": 4}}))
    made = plan(environment, file, "--model", "DeepSeek-R1-0528", "--quant", "Q8_0")
    assert made["verdict"] == "will_not_run"


@pytest.mark.parametrize("content", ['{"cpus": {}}', "{", '{"cpu": {"cores": -1}}'])
def test_a_bad_file_is_a_sentence(environment: dict[str, str], tmp_path: Path, content: str) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(content)
    done = deskside(environment, "plan", "--json", "--hardware", str(file))
    assert done.returncode == 2
    assert records(done.stdout)[-1]["code"].startswith("described_")
    assert "Traceback" not in done.stderr


def test_a_quantization_that_is_not_listed_is_planned_and_an_unknown_one_refused(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps({"memory": {"size_gib": 64, "bandwidth_gb_s": 60}}))
    made = plan(environment, file, "--model", "Qwen3-8B", "--quant", "q5_1")
    assert (made["quantization"], made["size_exact"]) == ("Q5_1", False)
    assert made["memory"]["origin"] == "estimated"
    assert "plan_unlisted" in [reason["code"] for reason in made["reasons"]]
    words = ("plan", "--json", "--hardware", str(file), "--model", "Qwen3-8B", "--quant", "Q4_K_MM")
    refused = deskside(environment, *words)
    assert refused.returncode == 2
    assert "Q4_K_M," in records(refused.stdout)[-1]["message"]


def test_a_model_of_an_unknown_kind_will_not_run(environment: dict[str, str], tmp_path: Path) -> None:
    """Its header follows the common names, so that its memory can be told; the engine cannot compute it."""
    known = llama()
    path = write_model(tmp_path / "strange.gguf", Recipe("martian", known.facts, known.tensors))
    done = deskside(environment, "plan", "--json", "--gguf", str(path))
    assert done.returncode == 0, done.stderr
    made = records(done.stdout)[-1]
    assert made["verdict"] == "will_not_run"
    assert [reason["code"] for reason in made["reasons"]] == ["model_kind_unknown"]
    assert made["remedy"] is None  # no memory and no card would help
    assert made["memory"]["total"]["weights"] > 0


def test_what_belongs_to_one_model_is_not_left_out_in_silence(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps({"memory": {"size_gib": 16, "bandwidth_gb_s": 40}, "cpu": {"cores": 8}}))
    words = ("plan", "--json", "--hardware", str(file))
    plain, asked = (
        deskside(environment, *words),
        deskside(environment, *words, "--context", "512", "--threads", "8"),
    )
    assert asked.returncode == 0
    assert "--context changes nothing here" in asked.stderr
    assert "changes nothing" not in plain.stderr
    path = write_model(tmp_path / "toy.gguf", llama())
    local = deskside(environment, *words, "--gguf", str(path), "--quant", "Q8_0")
    assert local.returncode == 0, local.stderr
    assert "--quant changes nothing here" in local.stderr
    refused = deskside(environment, "plan", "--budget", "5000", "--gpu-layers", "3")
    assert refused.returncode == 2


def test_where_no_quantization_is_named_one_is_chosen_that_can_be_used(
    environment: dict[str, str], tmp_path: Path
) -> None:
    file = tmp_path / "hardware.json"
    file.write_text(json.dumps({**DESCRIBED, "memory": {"size_gib": 512, "mt_s": 4800, "channels": 12}}))
    made = plan(environment, file, "--model", "DeepSeek-R1-0528")
    assert made["memory"]["streamed"] == 0
    assert made["verdict"] == "runs_well"
