"""docs/advice.md says what the program advises, and published runs lie where they were predicted."""

from __future__ import annotations

import json

from tests.advice.document import DOCUMENT, MACHINES, difference, document
from tests.bench.truth.reported import answer, reports


def test_the_document_is_what_the_program_advises() -> None:
    found = difference(DOCUMENT.read_text("utf-8"), document())
    assert found is None, f"{found}; write it anew with: python -m tests.advice"


def test_published_runs_of_these_machines_lie_in_their_range() -> None:
    known = {report.id: report for report in reports()}
    machines = json.loads(MACHINES.read_text("utf-8"))["machines"]
    assert len(machines) == 13 and all(machine["reports"] and machine["why"] for machine in machines)
    asked = [answer(known[number]) for machine in machines for number in machine["reports"]]
    answered = [one for one in asked if one.said is not None]
    assert len(answered) >= 10
    inside = [one for one in answered if one.inside]
    assert len(inside) >= 0.9 * len(answered), [one.report.id for one in answered if not one.inside]


def test_a_changed_word_or_figure_is_noticed() -> None:
    assert difference("12 tokens", "12.5 tokens") is None
    assert difference("12 tokens", "20 tokens")
    assert difference("runs well", "slow")
    assert difference("one\ntwo", "one")
