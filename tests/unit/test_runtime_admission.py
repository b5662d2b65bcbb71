"""A request that cannot be made ready, for whatever reason, is refused by itself."""

from __future__ import annotations

import queue
from typing import Any

import pytest

from engine.errors import UsageError
from engine.events import JobId
from engine.runtime.protocol import Generate
from engine.runtime.values import GenerationRequest, Sampling, Turn
from engine.runtime.worker.admission import Admission, Refused
from engine.runtime.worker.grammar.json_schema import json_schema_to_gbnf


class Failing:
    """Stands for a writer with a fault in it: such faults are mended, so that no real request shows them."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)

    def stream(self, job: JobId, request: GenerationRequest) -> Any:
        raise self._errors.pop(0)


def test_a_fault_in_one_request_is_said_and_the_next_is_heard(capsys: pytest.CaptureFixture[str]) -> None:
    told: queue.SimpleQueue[Any] = queue.SimpleQueue()
    writer = Failing(ZeroDivisionError("by nothing"), MemoryError(), UsageError.of("conversation_empty"))
    admission = Admission(writer, told.put)  # type: ignore[arg-type]
    request = GenerationRequest((Turn("user", "Hi"),), Sampling(), 1)
    for number in (1, 2, 3):
        admission.ask(Generate(JobId(number), request), 0.0)
    refused = [told.get(timeout=60) for _ in range(3)]
    assert all(isinstance(each, Refused) for each in refused)
    assert [(each.job, each.why.code) for each in refused] == [
        (1, "unexpected"),
        (2, "unexpected"),
        (3, "conversation_empty"),
    ]
    assert refused[0].why.values["detail"] == "ZeroDivisionError: by nothing"
    assert "by nothing" in capsys.readouterr().err  # where it happened stands in the log


@pytest.mark.parametrize("number", [10**400, -(10**400)])
def test_numbers_beyond_any_float_are_numbers(number: int) -> None:
    schema = f'{{"type": "integer", "enum": [{number}, 1.5, 2.0]}}'
    written = json_schema_to_gbnf(schema).text
    assert str(number) in written and "1.5" not in written and "2.0" in written
