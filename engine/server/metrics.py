"""GET /metrics: Prometheus' text format 0.0.4. Names as llama-server's, with our prefix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from engine import __version__
from engine.runtime.values import EngineStatus, RunningModel, RuntimeState

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
_Value = tuple[dict[str, str], float]  # labels, and the figure
_WORKING: Final = (RuntimeState.READY, RuntimeState.GENERATING)

# name, help, figure; totals since the model was loaded
_COUNTERS: Final[tuple[tuple[str, str, Callable[[RunningModel], float]], ...]] = (
    ("answers_total", "Answers that ended, however.", lambda m: m.answers),
    ("prompt_tokens_total", "Prompt tokens, reused ones included.", lambda m: m.prompt_tokens),
    ("prompt_tokens_reused_total", "Prompt tokens found in the KV cache.", lambda m: m.reused_tokens),
    ("prompt_tokens_evaluated_total", "Prompt tokens computed.", lambda m: m.evaluated_tokens),
    ("prompt_seconds_total", "Time spent reading prompts.", lambda m: m.prompt_s),
    ("tokens_predicted_total", "Tokens generated.", lambda m: m.generated_tokens),
    ("tokens_predicted_seconds_total", "Time spent generating.", lambda m: m.generation_s),
    ("queue_seconds_total", "Time that answers waited in the queue.", lambda m: m.queue_s),
    ("first_token_seconds_total", "Time from asking to the first token.", lambda m: m.first_token_s),
    ("batch_width_total", "Answers in the batches of each answer, mean, summed.", lambda m: m.widths),
    ("crashes_total", "Times that the worker died.", lambda m: m.crashes),
)
_GAUGES: Final[tuple[tuple[str, str, Callable[[RunningModel], float]], ...]] = (
    ("requests_processing", "Answers at work.", lambda m: m.answering),
    ("requests_deferred", "Answers in the queue.", lambda m: m.waiting),
    ("model_ready", "1 once the model is loaded.", lambda m: int(m.state in _WORKING)),
    ("idle_seconds", "Since the last answer.", lambda m: m.idle_s),
)


class HttpCounters:
    """What the server itself counts. Loop only."""

    def __init__(self) -> None:
        self.responses: Counter[tuple[str, int]] = Counter()  # by route and status


def metrics_text(status: EngineStatus | None, http: HttpCounters, open_requests: int) -> str:
    """`status` is None while the engine does not answer."""
    blocks = [*_server_blocks(http, open_requests), _block("engine_up", "gauge", *_up(status))]
    if status is not None:
        blocks += _engine_blocks(status)
    return "".join(blocks)


def _up(status: EngineStatus | None) -> tuple[str, list[_Value]]:
    return "1 while the engine answers.", [({"version": __version__}, int(status is not None))]


def _server_blocks(http: HttpCounters, open_requests: int) -> list[str]:
    responses: list[_Value] = [
        ({"path": path, "status": str(status)}, count)
        for (path, status), count in sorted(http.responses.items())
    ]
    return [
        _block("http_responses_total", "counter", "Responses sent.", responses),
        _block("http_requests_open", "gauge", "Requests being answered.", [({}, open_requests)]),
    ]


def _engine_blocks(status: EngineStatus) -> Iterable[str]:
    yield _block("engine_uptime_seconds", "gauge", "Of the engine.", [({}, status.uptime_s)])
    yield _block("engine_clients", "gauge", "Programs attached.", [({}, status.clients)])
    told_apart = _told_apart(status.models)
    for kind, entries in (("counter", _COUNTERS), ("gauge", _GAUGES)):
        for name, text, figure in entries:
            values = [(labels, float(figure(model))) for labels, model in told_apart]
            yield _block(name, kind, text, values)
    yield _block("model_info", "gauge", "Always 1; the labels tell.", [_info(*each) for each in told_apart])
    memory = [value for each in told_apart for value in _memory(*each)]
    yield _block("memory_bytes", "gauge", "Taken by a part of a model on a device.", memory)


def _told_apart(models: Sequence[RunningModel]) -> list[tuple[dict[str, str], RunningModel]]:
    """Each with labels of its own: a model may chat and embed, and two files may share a name."""
    named = [_labels(model) for model in models]
    return [
        (labels if named.count(labels) == 1 else labels | {"file": model.model.path}, model)
        for labels, model in zip(named, models, strict=True)
    ]


def _labels(model: RunningModel) -> dict[str, str]:
    use = "embeddings" if model.request.embedding else "answers"
    return {"model": model.model.name, "quantization": model.model.quantization, "use": use}


def _info(labels: dict[str, str], model: RunningModel) -> _Value:
    more = {"kv_type": model.request.kv_type, "state": model.state.value}
    if model.facts is not None:
        facts = model.facts
        more |= {
            "architecture": facts.architecture,
            "device": facts.device,
            "context_length": str(facts.context_length),
            "sequences": str(facts.n_sequences),
        }
    return {**labels, **more}, 1


def _memory(labels: dict[str, str], model: RunningModel) -> Iterable[_Value]:
    taken: Counter[tuple[str, str]] = Counter()
    for share in model.facts.memory if model.facts else ():
        taken[share.device, share.part] += share.size_bytes
    for (device, part), size in taken.items():
        yield {**labels, "device": device, "part": part}, size


def _block(name: str, kind: str, text: str, values: Sequence[_Value]) -> str:
    """One metric with all its series; "" when it has none, as the format wants it."""
    if not values:
        return ""
    full = f"deskside_{name}"
    lines = [f"# HELP {full} {text}", f"# TYPE {full} {kind}"]
    lines += [f"{full}{_braced(labels)} {figure:.17g}" for labels, figure in values]
    return "\n".join(lines) + "\n"


def _braced(labels: dict[str, str]) -> str:
    return (
        "{" + ",".join(f'{key}="{_escaped(value)}"' for key, value in labels.items()) + "}" if labels else ""
    )


def _escaped(value: str) -> str:
    text = value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
    return text.encode("utf-8", "replace").decode()
