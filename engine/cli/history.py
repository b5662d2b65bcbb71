"""`deskside history`: what answers and the machine did on the last days."""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Sequence

from engine.cli.context import Context
from engine.download.sizes import size_text
from engine.telemetry.history import KEPT_DAYS, AnswerRecord, DeviceRecord, read_answers, read_devices

_DAY_S = 86_400.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Speed of answers by model, and use of the machine; measured, kept on this machine."
    parser.add_argument("--days", metavar="N", type=days_of, default=7, help=f"1 to {KEPT_DAYS} (7)")


def days_of(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text[:6]) <= KEPT_DAYS:
        raise argparse.ArgumentTypeError(f"must lie between 1 and {KEPT_DAYS} days")
    return int(text)


def run(arguments: argparse.Namespace, context: Context) -> int:
    since = time.time() - arguments.days * _DAY_S
    answers = read_answers(context.paths.history, since)
    devices = read_devices(context.paths.history, since)
    for line in (*_answer_lines(answers), *_device_lines(devices)):
        context.output.text(line)
    context.output.record("history", days=arguments.days, answers=answers, devices=devices)
    return 0


def _answer_lines(answers: Sequence[AnswerRecord]) -> list[str]:
    if not answers:
        return ["No answers in that time."]
    head = f"{'model':<44} {'answers':>8} {'tokens/s':>9} {'prompt/s':>9} {'first token':>12} {'reused':>7}"
    lines = [head]
    for name in sorted({(one.model, one.quantization) for one in answers}):
        own = [one for one in answers if (one.model, one.quantization) == name]
        writing = _median([one.generation_tps for one in own if one.generation_tps > 0])
        reading = _median([one.prompt_tps for one in own if one.prompt_tps > 0])
        first = _median([one.first_token_s for one in own if one.generated_tokens])
        reused = sum(one.reused_tokens for one in own) / max(1, sum(one.prompt_tokens for one in own))
        title = " ".join(name).strip()
        lines.append(
            f"{title[:44]:<44} {len(own):>8,} {writing:>9.1f} {reading:>9.0f} {first:>10.2f} s {reused:>6.0%}"
        )
    return [*lines, "Medians, measured."]


def _device_lines(devices: Sequence[DeviceRecord]) -> list[str]:
    lines = []
    for name in sorted({one.device for one in devices}):
        own = [one for one in devices if one.device == name]
        words = [
            f"at most {size_text(max(one.used_bytes for one in own))} of {size_text(own[-1].total_bytes)}",
            f"models at most {size_text(max(one.model_bytes for one in own))}",
            f"used {statistics.fmean(one.utilisation for one in own):.0%} on average",
        ]
        power = [one.power_w for one in own if one.power_w is not None]
        heat = [one.temperature_c for one in own if one.temperature_c is not None]
        words += [f"{statistics.fmean(power):.0f} W on average"] if power else []
        words += [f"at most {max(heat):.0f} \u00b0C"] if heat else []
        lines.append(f"{name}: " + ", ".join(words) + f" ({len(own)} minutes)")
    return lines


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else 0.0
