"""Generated models load and answer in the real worker: the other tests build on that."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.models import TINY, tiny
from tests.service.runtime_bench import Bench, question


@pytest.mark.parametrize("architecture", [name for name in TINY if name != "bert"])
def test_a_generated_model_answers(architecture: str, tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        bench.loaded(tiny(tmp_path, architecture), check_tensors=True)
        text, finished = bench.answer(question("Who are you?", max_tokens=12))
        assert finished.stats.generated_tokens == 12, "its control tokens are never the most likely"
        assert len(set(text)) > 5, "noise, but not the same token for ever, as with NaN logits"
        assert bench.client.facts is not None and bench.client.facts.architecture == architecture
    finally:
        bench.client.close()


def test_the_template_can_be_replaced(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        bench.loaded(tiny(tmp_path, template="{{ messages[0].content }}"))
        _, finished = bench.answer(question("Hello", max_tokens=1))
        assert finished.stats.prompt_tokens == 1
        assert tiny(tmp_path) != tiny(tmp_path, template="")
    finally:
        bench.client.close()
