"""`deskside plan`: what runs on this machine, in how much memory, how fast."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.catalog.catalog import find
from engine.catalog.gguf import GgufHeader
from engine.catalog.image_rule import ImageRule
from engine.catalog.model import ModelSpec, Quantization
from engine.cli import budget, what_if
from engine.cli.check import run_check
from engine.cli.context import Context
from engine.cli.layers import add_experts, add_layers
from engine.cli.output import range_text
from engine.download.endpoints import is_address
from engine.download.sizes import size_text
from engine.errors import LoadError, UsageError, WorkerError
from engine.figures import Origin
from engine.hardware.described_json import load_described
from engine.hardware.report import HardwareReport
from engine.host.describing import describe, images_of
from engine.host.knowing import known_machine
from engine.host.nodes import with_nodes
from engine.jobs.advising import advise_on, shipped_catalog, shipped_header
from engine.jobs.checking import last_report
from engine.jobs.exact_memory import refused, with_exact_memory
from engine.jobs.remote_models import hollow_file, remote_model
from engine.jobs.unlisted import quantization_named
from engine.messages import Sentence, english
from engine.planning.described_machine import described_machine, report_of, with_threads
from engine.planning.layout import AS_PLANNED
from engine.planning.loss import QualityLoss, loss_of
from engine.planning.machine import Machine, machine_of
from engine.planning.placement import plan_on
from engine.planning.plan import Aim, KvType, Purpose, Recommendation, RunPlan, Verdict, Wish
from engine.planning.recommend import most_bits_first, usual_of
from engine.planning.remedy import with_remedy
from engine.planning.speed import USUAL, SpeedQuestion

Planner = Callable[[Machine, ModelSpec, Quantization], RunPlan]

VERDICTS = {
    Verdict.RUNS_WELL: "runs well",
    Verdict.SLOW: "slow",
    Verdict.WILL_NOT_RUN: "will not run",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Ranks models for this machine, or plans the one that is named."
    wanted = parser.add_mutually_exclusive_group()
    wanted.add_argument("--model", metavar="NAME", help="a model of the catalogue")
    wanted.add_argument(
        "--gguf",
        metavar="FILE",
        help="a model file: a path, an https address, or OWNER/NAME[:QUANT] on the hub",
    )
    parser.add_argument(
        "--quant", metavar="Q", default="", help="a quantization of that model, published or not"
    )
    parser.add_argument("--context", metavar="N", type=_tokens, default=0, help="context length in tokens")
    parser.add_argument("--kv-type", choices=[kind.value for kind in KvType], help="type of the KV cache")
    add_layers(parser)
    add_experts(parser)
    parser.add_argument("--hardware", metavar="FILE", help="a described machine, or a saved report")
    aim = parser.add_argument_group("what for")
    for name, kind, usual in (("--purpose", Purpose, Purpose.CHAT), ("--wish", Wish, Wish.QUALITY)):
        choices = [each.value for each in kind]
        aim.add_argument(name, choices=choices, default=usual.value, help=f"default: {usual.value}")
    speed = parser.add_argument_group("which speed")
    speed.add_argument("--depth", metavar="N", type=_depth, help="tokens before the one that is generated")
    speed.add_argument("--streams", metavar="N", type=_streams, default=1, help="answers at once")
    speed.add_argument("--threads", metavar="N", type=_streams, default=0, help="threads that compute")
    speed.add_argument("--prompt", metavar="N", type=_tokens, help="tokens before the first one")
    budget.add_arguments(parser)
    what_if.add_arguments(parser)


def _depth(text: str) -> int:
    return 0 if text == "0" else _tokens(text)


def _streams(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= 4096:
        raise argparse.ArgumentTypeError("must lie between 1 and 4096")
    return int(text)


def _tokens(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:9]) <= 16_777_216:
        raise argparse.ArgumentTypeError("must lie between 1 and 16777216 tokens")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    budget.refuse_mixed(arguments)
    if arguments.budget is not None:
        return budget.run_budget(arguments, context, plan_record)
    report, machine = _machine(arguments, context)
    if arguments.threads:
        machine = with_threads(machine, arguments.threads)
    aim = Aim(Purpose(arguments.purpose), Wish(arguments.wish))
    if arguments.what_if is not None:
        return what_if.run_what_if(arguments, context, (report, machine), aim, plan_record)
    if arguments.model or arguments.gguf:
        if aim != Aim():
            problem = "--purpose and --wish rank models, so they do not go together with --model and --gguf"
            raise UsageError.of("usage", problem=problem, program="deskside plan")
        planned = _planner(arguments)
        plan = _plan_one(arguments, context, machine, planned)
        plan = with_remedy(plan, machine, lambda other: planned(other, plan.model, plan.quantization))
        images = _images(arguments, context)
        context.output.record("plan", **plan_record(plan), images=_images_record(images))
        for line in (*plan_lines(plan), *_images_lines(images)):
            context.output.text(line)
    else:
        _note_left_out(arguments, context)
        advice = advise_on(report, machine, aim)
        context.output.record(
            "recommendation",
            tier=advice.tier,
            purpose=aim.purpose,
            wish=aim.wish,
            plans=[plan_record(plan) for plan in advice.plans],
            flagship=plan_record(advice.flagship),
            remarks=advice.remarks,
            guide=advice.guide,
        )
        for line in advice_lines(advice):
            context.output.text(line)
    return 0


def _note_left_out(arguments: argparse.Namespace, context: Context) -> None:
    """A ranking chooses by itself what these say of one model."""
    said = [name for name, unsaid in budget.ONE_MODEL.items() if getattr(arguments, name) != unsaid]
    words = ", ".join(f"--{name.replace('_', '-')}" for name in said if name != "threads")
    if words:
        context.output.note(f"{words} changes nothing here: it belongs to --model or --gguf")


def _machine(arguments: argparse.Namespace, context: Context) -> tuple[HardwareReport, Machine]:
    """The machine of --hardware, else this one. Raises: UsageError."""
    if arguments.hardware:
        described = load_described(Path(arguments.hardware))
        if isinstance(described, HardwareReport):
            return described, machine_of(described)
        return report_of(described), described_machine(described)
    report = last_report(context.paths)
    if report is None:
        context.output.note("this machine was not checked yet; checking it first")
        report = run_check(context)
    report = with_nodes(context.paths, report)
    return report, known_machine(context.paths, report)


def _planner(arguments: argparse.Namespace) -> Planner:
    """Plans what the command asks for, on any machine."""
    kv_type = KvType(arguments.kv_type) if arguments.kv_type else None
    layers = AS_PLANNED if arguments.gpu_layers is None else arguments.gpu_layers
    asked = SpeedQuestion(
        depth=USUAL.depth if arguments.depth is None else arguments.depth,
        streams=arguments.streams,
        prompt=arguments.prompt or USUAL.prompt,
    )

    def planned(machine: Machine, spec: ModelSpec, quantization: Quantization) -> RunPlan:
        wanted = arguments.context, kv_type
        return plan_on(
            machine,
            spec,
            quantization,
            *wanted,
            asked=asked,
            device_layers=layers,
            experts_in_ram=arguments.experts,
        )

    return planned


def _plan_one(arguments: argparse.Namespace, context: Context, machine: Machine, planned: Planner) -> RunPlan:
    def exact(plan: RunPlan, header: GgufHeader) -> RunPlan:
        return plan if arguments.hardware else _by_header(plan, header, context)

    if arguments.gguf and _is_elsewhere(arguments.gguf):
        found = remote_model(arguments.gguf, arguments.quant, context.settings.endpoint, context.token)
        return exact(planned(machine, found.spec, found.quantization), found.header)
    if arguments.gguf:
        if arguments.quant:
            context.output.note("--quant changes nothing here: a file has the quantization that it has")
        model = context.library().local(Path(arguments.gguf))
        plan = planned(machine, *describe(model))
        # llama.cpp can be asked about this machine only
        return plan if arguments.hardware else _exactly(plan, Path(model.path), context)
    spec = find(shipped_catalog(), arguments.model)
    if arguments.quant:
        plan = planned(machine, spec, quantization_named(spec, arguments.quant))
    else:
        plan = usual_of([planned(machine, spec, each) for each in most_bits_first(spec)])
    header = shipped_header(plan.model, plan.quantization)
    return exact(plan, header) if header else plan


def _images(arguments: argparse.Namespace, context: Context) -> ImageRule | None:
    """What a model of this machine makes of images."""
    if not arguments.gguf or _is_elsewhere(arguments.gguf):
        return None
    return images_of(context.library().local(Path(arguments.gguf)))


def _images_record(rule: ImageRule | None) -> dict[str, int] | None:
    if rule is None:
        return None
    return {"fewest_tokens": rule.fewest, "most_tokens": rule.most, "pixels_a_side": rule.cell}


def _images_lines(rule: ImageRule | None) -> list[str]:
    if rule is None:
        return []
    each = f"{rule.most:,} tokens each"
    if rule.fewest != rule.most:
        each = f"a token for {rule.cell} x {rule.cell} pixels, {rule.fewest:,} to {rule.most:,} each"
    return [f"  images    {each}, and a few around it ({Origin.PLANNED})"]


def _is_elsewhere(text: str) -> bool:
    """An address, or what names no file of this machine and looks like OWNER/NAME."""
    if is_address(text):
        return True
    is_name = text.count("/") == 1 and not text.startswith((".", "~", "/")) and not text.endswith(".gguf")
    return is_name and not Path(text).exists()


def _by_header(plan: RunPlan, header: GgufHeader, context: Context) -> RunPlan:
    """With llama.cpp's own figures for a model of which only the header is known."""
    try:
        with hollow_file(header, plan.model.shape.vocabulary, context.paths.state) as path:
            return _exactly(plan, path, context)
    except OSError as error:  # no room, or a file system without holes: the formula has to do
        context.output.note(f"planned by formula ({error.strerror or error})")
        return plan


def _exactly(plan: RunPlan, path: Path, context: Context) -> RunPlan:
    """With llama.cpp's own figures, where it can be asked."""
    try:
        return with_exact_memory(plan, path, context.worker_command, context.paths.state / "probe.log")
    except (LoadError, WorkerError) as error:
        context.output.note(english(error.message))
        return refused(plan, error)


def plan_record(plan: RunPlan) -> dict[str, Any]:
    """A plan as docs/cli.md describes it."""
    memory, speed = plan.memory, plan.speed
    return {
        "model": plan.model.name,
        "title": plan.model.title,
        "repository": plan.quantization.repository,
        "quantization": plan.quantization.name,
        "size_bytes": plan.quantization.size_bytes,
        "size_exact": plan.quantization.exact,
        "context_length": plan.context_length,
        "kv_type": plan.kv_type,
        "n_gpu_layers": plan.n_gpu_layers,
        "experts_on_cpu": bool(plan.experts_away),
        "experts_in_ram": plan.experts_away,
        "threads": plan.threads,
        "memory": {
            "total": {
                "weights": memory.weights,
                "repack": memory.repack,
                "kv_cache": memory.kv_cache,
                "compute": memory.compute,
                "output": memory.output,
                "projector": memory.projector,
                "overhead": memory.overhead,
                "reserved": memory.reserved,
                "resident": memory.resident,
            },
            "devices": {"RAM": memory.ram, **dict(memory.vram)},
            "parts": memory.devices,
            "streamed": memory.streamed,
            "origin": memory.origin,
        },
        "speed": {
            "generation_tps": speed.generation_tps,
            "prompt_tps": speed.prompt_tps,
            "time_to_first_token_s": speed.time_to_first_token_s,
            "load_s": speed.load_s,
            "origin": speed.origin,
            "calibrated": speed.calibrated,
            "observed": speed.observed,
            "inputs": speed.inputs,
        },
        "verdict": plan.verdict,
        "bottleneck": speed.bottleneck,
        "quality": plan.model.quality,
        "quality_loss": loss_of(plan.quantization),
        "reasons": plan.reasons,
        "remedy": plan.remedy,
    }


def plan_lines(plan: RunPlan) -> list[str]:
    memory, speed = plan.memory, plan.speed
    exact = "" if plan.quantization.exact else "about "
    return [
        f"{plan.model.title}  {plan.quantization.name}  ({exact}{size_text(plan.quantization.size_bytes)})",
        f"  verdict   {VERDICTS[plan.verdict]}",
        f"  memory    {size_text(memory.reserved)} reserved ({memory.origin}): "
        f"weights {size_text(memory.weights)}, repacked copy {size_text(memory.repack)}, "
        f"KV cache {size_text(memory.kv_cache)} at {plan.context_length:,} tokens ({plan.kv_type}), "
        f"compute {size_text(memory.compute)}{_projector_text(memory.projector)}",
        f"  speed     {range_text(speed.generation_tps)} tokens/s, prompts {range_text(speed.prompt_tps)} "
        f"tokens/s ({speed.origin}); limited by {speed.bottleneck.value}",
        f"  quality   {_loss_text(loss_of(plan.quantization))}",
        *(f"  {english(reason)}" for reason in _explained(plan)),
    ]


def _explained(plan: RunPlan) -> tuple[Sentence, ...]:
    return (*plan.reasons, plan.remedy) if plan.remedy else plan.reasons


def _projector_text(size: int) -> str:
    return f", images {size_text(size)}" if size else ""


def _loss_text(loss: QualityLoss) -> str:
    if loss.native:
        return f"nothing is lost ({loss.source})"
    about = "" if loss.measured else "about "
    return f"perplexity {about}+{loss.increase:g} against 16 bits ({loss.source})"


def advice_lines(advice: Recommendation) -> list[str]:
    """The recommendation as a table for a terminal."""
    lines = [
        f"{'':>2}  {'model':<36} {'quantization':<12} {'download':>10} {'memory':>10} {'context':>8} "
        f"{'tokens/s':>11}  verdict"
    ]
    for number, plan in enumerate((*advice.plans, advice.flagship), 1):
        flagship = plan is advice.flagship
        lines.append(
            f"{'*' if flagship else number:>2}  {plan.model.title[:36]:<36} {plan.quantization.name:<12} "
            f"{size_text(plan.quantization.size_bytes):>10} {size_text(plan.memory.reserved):>10} "
            f"{plan.context_length:>8,} {range_text(plan.speed.generation_tps):>11}  {VERDICTS[plan.verdict]}"
        )
    lines += [f"*   {english(reason)}" for reason in _explained(advice.flagship)]
    lines += [english(remark) for remark in advice.remarks]
    if advice.guide:
        lines.append("What a widely copied guide to DeepSeek-R1-0528 gets wrong:")
    lines += [f"{english(note.message)} ({'; '.join(note.sources)})" for note in advice.guide]
    lines.append("Memory is planned, speed is estimated; both are measured once a model runs.")
    return lines
