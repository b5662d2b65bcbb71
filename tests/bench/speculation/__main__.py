"""The command; see the package's docstring."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from engine.runtime.values import GenerationRequest, Sampling, Turn
from tests.bench.engine.models import NAMES, bench_model
from tests.bench.engine.ratios import Ratio, paired_ratio
from tests.bench.speculation.scripted_worker import SCRIPT
from tests.bench.speculation.texts import CHANGE, OLD_FILE, PLAIN_TASKS, REWRITTEN_FILE
from tests.service.runtime_bench import COMMAND, Bench

_SCRIPTED = (sys.executable, "-m", "tests.bench.speculation.scripted_worker")
_FLOOR, _SHARE = 0.97, 0.8
_PLAIN_TOKENS = 160


@dataclass(frozen=True, slots=True)
class Row:
    model: str
    task: str
    ratio: Ratio  # with drafts / without
    allowed: float  # 0: nothing is copied
    drafted: int  # tokens, in all rounds
    held: int
    same: bool  # the texts, with drafts and without

    @property
    def met(self) -> bool:
        floor = _SHARE * self.allowed if self.allowed else _FLOOR
        return self.ratio.mean >= floor

    def line(self) -> str:
        ratio = self.ratio
        of = f", {ratio.mean / self.allowed:.2f} of {self.allowed:.2f} allowed" if self.allowed else ""
        return (
            f"{self.model} {self.task}: {ratio.mean:.3f} ({ratio.low:.3f}-{ratio.high:.3f})"
            f"{of}; {self.held} of {self.drafted} drafted tokens held; "
            f"texts {'the same' if self.same else 'DIFFERENT'}"
        )


def main() -> int:
    wish = _arguments()
    rows: list[Row] = []
    for name in wish.models.split(","):
        for row in (*_rewrite(name, wish), *_plain(name, wish)):
            rows.append(row)
            print(row.line(), flush=True)
    if wish.json:
        Path(wish.json).write_text(json.dumps([asdict(row) for row in rows], indent=1) + "\n")
    return int(wish.check and not all(row.met and row.same for row in rows))


def _rewrite(name: str, wish: argparse.Namespace) -> list[Row]:
    command = (sys.executable, "-m", "tests.bench.speculation.verifying", name, str(wish.threads))
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    spent = {int(size): seconds for size, seconds in json.loads(done.stdout).items()}
    allowed = max(spent[1] / seconds for seconds in spent.values())
    question = f"{CHANGE}\n\n{OLD_FILE}"
    request = GenerationRequest((Turn("user", question),), Sampling(temperature=0), 0)
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "script"
        script.write_text(REWRITTEN_FILE)
        os.environ[SCRIPT] = str(script)
        return [_measured(name, "rewrite", wish, _SCRIPTED, [request], allowed)]


def _plain(name: str, wish: argparse.Namespace) -> list[Row]:
    """Noise for weights goes in circles when it is cold, which is no plain text."""
    heats = (0.0, 0.8) if name == "smollm2" else (1.0,)
    rows = []
    for heat in heats:
        sampling = Sampling(temperature=heat, seed=1, ignore_end=True)
        asked = [GenerationRequest((Turn("user", text),), sampling, _PLAIN_TOKENS) for text in PLAIN_TASKS]
        rows.append(_measured(name, f"plain, temperature {heat}", wish, COMMAND, asked, 0.0))
    return rows


def _measured(
    name: str,
    task: str,
    wish: argparse.Namespace,
    command: tuple[str, ...],
    requests: Sequence[GenerationRequest],
    allowed: float,
) -> Row:
    with tempfile.TemporaryDirectory(prefix="deskside-bench.") as folder:
        bench = Bench(Path(folder), command)
        try:
            bench.loaded(bench_model(name).path, context_length=4096, threads=wish.threads)
            bench.answer(replace(requests[0], max_tokens=4, drafts=False))
            return _played(bench, name, task, wish.rounds, requests, allowed)
        finally:
            bench.client.close()


def _played(
    bench: Bench, name: str, task: str, rounds: int, requests: Sequence[GenerationRequest], allowed: float
) -> Row:
    speeds: dict[bool, list[float]] = {True: [], False: []}
    drafted, held, same = 0, 0, True
    for number in range(rounds):
        request = requests[number % len(requests)]
        texts = []
        for drafts in (True, False) if number % 2 else (False, True):
            text, finished = bench.answer(replace(request, drafts=drafts))
            texts.append(text)
            speeds[drafts].append(finished.stats.generation_tps)
            drafted += finished.stats.drafted_tokens
            held += finished.stats.accepted_tokens
        same = same and texts[0] == texts[1]
    return Row(name, task, paired_ratio(speeds[True], speeds[False]), allowed, drafted, held, same)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.speculation")
    parser.add_argument("--models", default=",".join(NAMES))
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--json", metavar="FILE")
    parser.add_argument("--check", action="store_true", help="exit status 1 when a target is missed")
    return parser.parse_args()


if __name__ == "__main__":
    raise SystemExit(main())
