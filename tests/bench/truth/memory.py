"""Memory: what is planned before a load, by dry run and by formula, against what the load takes.

The real worker loads each model, reads a long prompt and writes some tokens. llama.cpp's own account
of its buffers is the truth for what is reserved; the largest resident set of the worker's process
(VmHWM) for what is resident.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.catalog.gguf import read_file_header, shape_of, weights_of
from engine.hardware.check import quick_report
from engine.hardware.report import HardwareReport
from engine.planning.machine import machine_of
from engine.planning.placement import plan_on, spec_of_file
from engine.planning.plan import KvType, MemoryEstimate
from engine.runtime.dry_run import dry_run
from engine.runtime.values import LoadRequest, MemoryShare
from tests.bench.engine.report import Row
from tests.bench.truth import devices
from tests.modelfile import Q4_0, write_model
from tests.models import deepseek2, gemma3, lfm2, llama, mamba, qwen3moe
from tests.service.runtime_bench import COMMAND, Bench, question, starter

_PARTS = ("weights", "repack", "kv_cache", "compute", "output")
_PROMPT = "word " * 600


@dataclass(frozen=True, slots=True)
class Case:
    model: Path
    context: int
    kv_type: str
    repack: bool

    @property
    def name(self) -> str:
        return f"{self.model.stem} {self.context} {self.kv_type}{'' if self.repack else ' plain'}"

    @property
    def request(self) -> LoadRequest:
        return LoadRequest(str(self.model), self.context, threads=1, kv_type=self.kv_type, repack=self.repack)


@dataclass(frozen=True, slots=True)
class Measured:
    """Bytes, by part."""

    real: dict[str, int]
    resident: int  # at most
    dry: dict[str, int]
    formula: MemoryEstimate


def models(folder: Path) -> Iterator[Path]:
    yield starter()
    dense = {"layers": 8, "width": 1024, "heads": 16, "kv_heads": 4, "feed_forward": 2816}
    yield write_model(folder / "llama.gguf", llama(**dense), quantised=Q4_0)
    yield write_model(
        folder / "experts.gguf",
        qwen3moe(
            layers=6, width=768, heads=12, kv_heads=4, head_width=64, experts=32, used=4, expert_width=256
        ),
        quantised=Q4_0,
    )
    yield write_model(folder / "gemma3.gguf", gemma3(layers=12, width=640, heads=8, kv_heads=2, window=512))
    yield write_model(folder / "deepseek2.gguf", deepseek2(layers=8, width=512, heads=8))
    yield write_model(folder / "mamba.gguf", mamba(layers=6, width=512))
    yield write_model(folder / "lfm2.gguf", lfm2(layers=9, width=640, heads=10, kv_heads=2))


def cases(folder: Path, quick: bool) -> Iterator[Case]:
    for model in models(folder):
        for context in (2048, 8192) if quick else (2048, 8192, 32_768, 65_536):
            for kv_type in ("f16", "q8_0") if quick else ("f16", "q8_0", "q4_0"):
                for repack in (True, False):
                    if (context, kv_type, repack) == (8192, "f16", True) or not quick or repack:
                        yield Case(model, context, kv_type, repack)


def measure_case(case: Case, report: HardwareReport) -> Measured:
    """Raises: AssertionError, where the load fails."""
    dry = dry_run(COMMAND, case.request)
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(Path(folder))
        try:
            bench.loaded(case.model, context_length=case.context, kv_type=case.kv_type, repack=case.repack)
            facts = bench.client.facts
            assert facts is not None
            with contextlib.suppress(AssertionError):  # no template: nothing to ask
                bench.answer(question(_PROMPT, max_tokens=16))
            resident = _peak(facts.pid)
        finally:
            bench.client.close()
    formula = _formula(case, report)
    planned = {**parts(dry.shares), "weights": formula.weights}  # which come from the tensor table
    return Measured(parts(facts.memory), resident, planned, formula)


def parts(shares: tuple[MemoryShare, ...]) -> dict[str, int]:
    return {part: sum(share.size_bytes for share in shares if share.part == part) for part in _PARTS}


def _peak(pid: int) -> int:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise OSError("no VmHWM")


def _formula(case: Case, report: HardwareReport) -> MemoryEstimate:
    header = read_file_header(case.model)
    spec, quantization = spec_of_file(shape_of(header), case.model.stem, header.file_size, weights_of(header))
    machine = machine_of(report)
    return plan_on(machine, spec, quantization, case.context, KvType(case.kv_type), repack=case.repack).memory


def measure(quick: bool) -> list[Row]:
    report = quick_report([Path.home()])
    with tempfile.TemporaryDirectory(prefix="deskside-truth.") as folder:
        done = [(case, measure_case(case, report)) for case in cases(Path(folder), quick)]
        split = devices.measure(models(Path(folder)), quick)
    for case, one in done:
        print(_line(case, one), flush=True)
    dry = [_error(sum(one.dry.values()), sum(one.real.values())) for _, one in done]
    formula = [_error(one.formula.reserved, sum(one.real.values())) for _, one in done]
    resident = [_error(one.formula.resident, one.resident) for _, one in done]
    return [
        _row("dry run, worst", max(dry), 1, len(done)),
        _row("formula, median", statistics.median(formula), 3, len(done)),
        _row("formula, worst", max(formula), 8, len(done)),
        _row("resident, median", statistics.median(resident), 10, len(done)),
        _row("resident, worst", max(resident), 10, len(done)),
        *split,
    ]


def _error(said: int, real: int) -> float:
    """Percent."""
    return 100 * abs(said - real) / real


def _row(measure: str, value: float, target: float, count: int) -> Row:
    return Row("memory", measure, value, target, at_least=False, unit="%", note=f"{count} loads")


def _line(case: Case, one: Measured) -> str:
    words = [f"{case.name:<34}"]
    planned: dict[str, Callable[[], int]] = {
        part: (lambda part=part: int(getattr(one.formula, part))) for part in _PARTS
    }
    for part in _PARTS:
        words.append(f"{part} {_mib(one.real[part])}/{_mib(one.dry[part])}/{_mib(planned[part]())}")
    real = sum(one.real.values())
    words.append(f"formula {100 * (one.formula.reserved / real - 1):+.1f} %")
    words.append(f"resident {_mib(one.resident)}/{_mib(one.formula.resident)}")
    return "  ".join(words)


def _mib(size: int) -> str:
    return f"{size / 2**20:.1f}"
