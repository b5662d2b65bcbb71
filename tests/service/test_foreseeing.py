"""What a way to load a model would take and give, told before: the real desk, files and planner."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from engine.catalog.model import InstalledModel
from engine.download.library import Library
from engine.events import JobFailed, LoadForeseen
from engine.hardware.check import quick_report
from engine.hardware.report import GpuInfo
from engine.hardware.report_json import save_report
from engine.host.surroundings import report_path
from engine.jobs.backends import wish_for
from engine.jobs.foreseeing import LoadOutlook
from engine.server.models import ServedModels
from engine.settings import EVERY_LAYER, Loading, Settings, with_loading
from tests.modelfile import write_model
from tests.models import qwen3moe, tiny
from tests.service.runtime_bench import installed, starter
from tests.service.test_remote_desk import ENDINGS, DeskUnderTest, ring
from tests.service.test_runtime_draft_models import with_another_word

__all__ = ["ring"]  # a fixture

MIB = 1 << 20
CARD = GpuInfo("Card", "", "", 4096 * MIB, 4096 * MIB, 0, "", 448e9, True, None, ("ggml",), device="CUDA0")


@pytest.fixture
def under_test(tmp_path: Path, ring: object) -> Iterator[DeskUnderTest]:
    made = DeskUnderTest(tmp_path)
    report = quick_report([made.paths.models])
    save_report(report_path(made.paths), replace(report, gpus=(CARD,)))
    yield made
    made.desk.close()


def foreseen(under_test: DeskUnderTest, model: InstalledModel, loading: Loading) -> LoadOutlook:
    events = under_test.done(under_test.desk.foresee(model, loading))
    return next(event.outlook for event in events if isinstance(event, LoadForeseen))


def test_layers_and_what_they_cost(under_test: DeskUnderTest) -> None:
    model = installed(starter())
    planned = foreseen(under_test, model, Loading(model.path))
    assert planned.plan == planned.usual and planned.devices == ("Card",)
    none = foreseen(under_test, model, Loading(model.path, 0))
    assert none.plan.n_gpu_layers == 0 and none.plan.memory.vram == () and none.usual == planned.usual
    some = foreseen(under_test, model, Loading(model.path, 12))
    assert some.plan.n_gpu_layers == 13
    (name, size), *rest = some.plan.memory.vram
    assert (name, rest) == ("Card", []) and size > 0
    assert some.plan.memory.ram < none.plan.memory.ram


def test_experts_and_what_they_cost(under_test: DeskUnderTest, tmp_path: Path) -> None:
    model = installed(write_model(tmp_path / "mixture.gguf", qwen3moe(layers=4, width=256, experts=32)))
    planned = foreseen(under_test, model, Loading(model.path, 4))
    away = foreseen(under_test, model, Loading(model.path, 4, experts_in_ram=EVERY_LAYER))
    assert away.plan.experts_away == (0, 1, 2, 3) and not planned.plan.experts_away
    assert away.plan.memory.ram > planned.plan.memory.ram
    assert dict(away.plan.memory.vram)["Card"] < dict(planned.plan.memory.vram)["Card"]
    some = foreseen(under_test, model, Loading(model.path, experts_in_ram=3))
    assert (some.plan.experts_away, some.plan.experts_kept, some.plan.n_gpu_layers) == ((0, 1, 2), 1, 5)
    for less, more in ((planned, some), (some, away)):
        assert less.plan.memory.ram < more.plan.memory.ram
        assert dict(less.plan.memory.vram)["Card"] > dict(more.plan.memory.vram)["Card"]


def test_smaller_models_of_the_same_vocabulary_are_offered(under_test: DeskUnderTest, tmp_path: Path) -> None:
    small = tiny(tmp_path)
    other = tmp_path / "other.gguf"
    other.write_bytes(with_another_word(small.read_bytes()))
    broken = tmp_path / "broken.gguf"
    shutil.copyfile(small, broken)
    library = under_test.desk._library
    for path in (small, other, broken):
        library.register(library.local(path))
    broken.write_bytes(b"GGUF" + bytes(100))
    model = installed(starter())
    outlook = foreseen(under_test, model, Loading(model.path, draft=str(small)))
    assert [one.path for one in outlook.drafts] == [str(small)]
    assert outlook.draft_bytes > small.stat().st_size
    assert foreseen(under_test, model, Loading(model.path)).draft_bytes == 0
    assert not foreseen(under_test, installed(small), Loading(str(small))).drafts


def test_a_model_that_is_gone_is_said(under_test: DeskUnderTest, tmp_path: Path) -> None:
    gone = replace(installed(starter()), path=str(tmp_path / "gone.gguf"))
    ending = under_test.heard.until(under_test.desk.foresee(gone, Loading(gone.path)), ENDINGS)
    assert isinstance(ending, JobFailed)


def test_what_was_chosen_is_wished_for_and_a_draft_that_is_gone_is_not(tmp_path: Path) -> None:
    model, small = installed(starter()), tiny(tmp_path)
    settings = with_loading(Settings(), Loading(model.path, 7, str(small), 12))
    wish = wish_for(model, settings)
    assert (wish.device_layers, wish.draft, wish.experts_in_ram) == (7, str(small), 12)
    served = ServedModels(Library(tmp_path / "m", tmp_path / "s"), lambda: "", how=lambda: settings.loading)
    asyncio.run(served.listed())
    assert served.wish(model) == wish
    assert served.wish(installed(small)).device_layers == -1
    small.unlink()
    assert wish_for(model, settings).draft == ""
    assert wish_for(model, Settings()).device_layers == -1
