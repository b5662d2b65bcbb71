"""Figures set by hand in the settings file: kept as pairs of short texts, anything else dropped."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from engine.settings import (
    EVERY_LAYER,
    Loading,
    Settings,
    load_settings,
    loading_of,
    save_settings,
    with_loading,
)


def test_there_and_back(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    settings = replace(Settings(), overrides=(("memory.total", "64GiB"), ("cpu.threads", "2")))
    save_settings(path, settings)
    assert load_settings(path) == (settings, None)


def test_what_is_no_pair_is_dropped(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    stored = [["cpu.threads", "2"], ["x"], 7, ["a", 1], ["k", "v" * 300], {"k": "v"}]
    path.write_text(json.dumps({"overrides": stored}))
    assert load_settings(path)[0].overrides == (("cpu.threads", "2"),)
    path.write_text(json.dumps({"overrides": "cpu.threads=2"}))
    assert load_settings(path)[0].overrides == ()


@pytest.mark.parametrize("price", ["-1", "NaN", "1001", '"0.6"', "true", "1e400"])
def test_a_price_of_electricity_that_is_none_is_dropped(tmp_path: Path, price: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(f'{{"kwh_price": {price}, "currency": "gold"}}')
    settings, _ = load_settings(path)
    assert (settings.kwh_price, settings.currency) == (0.0, "CNY")
    told = replace(settings, kwh_price=0.6, currency="USD")
    save_settings(path, told)
    assert load_settings(path) == (told, None)


def test_how_models_are_loaded_is_kept_and_what_is_no_choice_dropped(tmp_path: Path) -> None:
    path = tmp_path / "settings.json"
    chosen = Loading("/m/large.gguf", 12, "/m/small.gguf", 30)
    settings = with_loading(Settings(), chosen)
    save_settings(path, settings)
    assert load_settings(path) == (settings, None)
    assert loading_of(settings, "/m/large.gguf") == chosen
    assert loading_of(settings, "/m/other.gguf") == Loading("/m/other.gguf")
    assert with_loading(settings, Loading("/m/large.gguf")).loading == ()
    stored = [{"path": 7}, {"path": "/a", "device_layers": True}, {"path": "/b", "device_layers": -2}, 3]
    kept = [{"path": "/c", "device_layers": 4}, {"path": "/d", "experts_in_ram": False}]
    kept += [{"path": "/f", "experts_in_ram": True}, {"path": "/g", "experts_in_ram": 12}]
    strange = [{"path": "/e", "experts_in_ram": each} for each in ("yes", -1, 2.5, 10_001)]
    path.write_text(json.dumps({"loading": [*stored, *kept, *strange]}))
    found = load_settings(path)[0].loading
    assert found[:2] == (Loading("/c", 4), Loading("/d", experts_in_ram=0))
    assert found[2:4] == (Loading("/f", experts_in_ram=EVERY_LAYER), Loading("/g", experts_in_ram=12))
    assert found[4:] == (Loading("/e"),) * 4
