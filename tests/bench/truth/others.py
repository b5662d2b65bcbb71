"""Described machines once more: published runs that speed.json does not hold, rows of reports/others.json.

One half of their sources served to choose constants, the other was left aside, by source and not by row,
and looked at when that was done; docs/STATUS.md tells what was changed after that look. Errors are printed
by chip too.
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Iterator, Sequence

from tests.bench.engine.report import Row
from tests.bench.truth.reported import Answer, answer, reports

# Median error, share inside, width of the range. Mixtures are judged as the 671B is.
TARGETS = {
    "dense": (0.10, 0.85, 1.6),
    "split": (0.10, 0.85, 1.6),
    "671b": (0.30, 0.75, 2.5),
    "experts": (0.30, 0.75, 2.5),
}


def measure() -> list[Row]:
    answers = [answer(report) for report in reports("others.json")]
    rows: list[Row] = []
    for name, held_out in (("fit", False), ("held out", True)):
        half = [one for one in answers if one.report.held_out is held_out]
        print(f"{name}: {len(half)} rows of {len({one.report.publisher for one in half})} sources")
        for line in _by_chip(half):
            print(line)
        for family in TARGETS:
            rows += _family_rows(name, family, [one for one in half if one.report.family == family])
        rows.append(_prompt_row(name, half))
    return rows


def _by_chip(answers: Sequence[Answer]) -> Iterator[str]:
    """Every row, and the median of each chip and family."""
    groups: defaultdict[tuple[str, str], list[Answer]] = defaultdict(list)
    for one in answers:
        groups[one.report.family, one.report.chip].append(one)
    for (family, chip), group in sorted(groups.items()):
        known = [one.error for one in group if not one.questions]
        median = f"median error {statistics.median(known):.0%}" if known else "asked back"
        yield f" {family}, {chip}: {median}"
        for one in group:
            prompt = "" if one.prompt_error is None else f"  prompt {one.prompt_error:.0%}"
            yield f"{one.line}{prompt}  {one.report.model} {one.report.quantization}, {one.report.publisher}"


def _family_rows(name: str, family: str, group: Sequence[Answer]) -> Iterator[Row]:
    mine = [one for one in group if not one.questions]
    if not mine:
        return
    error, share, width = TARGETS[family]
    median = statistics.median(one.error for one in mine)
    inside = sum(one.inside and one.width <= width * 1.001 for one in mine) / len(mine)
    note = f"{len(mine)} answered, {len(group) - len(mine)} asked back"
    yield Row(f"{family}, {name}", "median error", median, error, False, note=note)
    yield Row(f"{family}, {name}", f"inside a factor {width:g}", inside, share, True)


def _prompt_row(name: str, answers: Sequence[Answer]) -> Row:
    errors = [one.prompt_error for one in answers if one.prompt_error is not None and not one.questions]
    known = [error for error in errors if error is not None]
    note = f"{len(known)} rows that tell it; nothing was asked for"
    return Row(f"prompts, {name}", "median error", statistics.median(known), 0.30, False, note=note)
