"""The figures under an answer, in words: where its time went, and what was computed for it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QLocale

from engine.chat.conversation import AnswerStats, ChatMessage
from engine.figures import Origin
from gui.chat.part_rows import Detail
from gui.chat.wording import measured_words
from gui.widgets.labels import origin_word

_Pair = tuple[str, str]  # (name, value)
_JOULES = 3.6e6  # in a kilowatt hour
_MOST_DIGITS = 6


@dataclass(frozen=True, slots=True)
class Electricity:
    """What a person said that it costs."""

    kwh_price: float
    currency: str


def details_of(
    message: ChatMessage, locale: QLocale, electricity: Electricity | None = None
) -> tuple[str, tuple[Detail, ...]]:
    """Title and figures; none for an answer without figures. What was not told is left out."""
    stats = message.stats
    if stats is None:
        return "", ()
    measured = origin_word(Origin.MEASURED)
    told = _tr("told by {host}").format(host=stats.remote) if stats.remote else measured
    times = told if stats.remote_told else measured
    # An endpoint that does not say how many tokens it wrote has them counted as they arrive.
    written = _tr("told or counted") if stats.remote and not stats.remote_told else told
    first = (_tr("First token after"), _seconds(stats.time_to_first_token_s, locale), measured)
    details = (
        *(Detail(*pair, times) for pair in _before(stats, locale)),
        Detail(*first),
        Detail(*_writing(stats, locale), times),
        *(Detail(*pair, told) for pair in _prompt(stats, locale)),
        *(Detail(*pair, written) for pair in _answer(stats, locale)),
        *_cost(stats, locale, electricity),
    )
    return measured_words(stats), details


def _before(stats: AnswerStats, locale: QLocale) -> Iterator[_Pair]:
    if not stats.prompt_s and not stats.generation_s:
        return  # written before these were kept
    if not stats.remote:
        yield _tr("Waited in the queue"), _seconds(stats.queue_s, locale)
    reading = _seconds(stats.prompt_s, locale)
    if stats.prompt_tps:
        reading = f"{reading} · {_speed(stats.prompt_tps, locale)}"
    yield _tr("Read the prompt"), reading


def _writing(stats: AnswerStats, locale: QLocale) -> _Pair:
    speed = _speed(stats.generation_tps, locale)
    if stats.generation_s:
        speed = f"{_seconds(stats.generation_s, locale)} · {speed}"
    return _tr("Wrote the answer"), speed


def _prompt(stats: AnswerStats, locale: QLocale) -> Iterator[_Pair]:
    if stats.prompt_tokens or not stats.remote:
        yield _tr("Prompt"), _tokens(stats.prompt_tokens, locale)
    if stats.evaluated_tokens:
        yield _tr("Computed for this answer"), _tokens(stats.evaluated_tokens, locale)
    if stats.reused_tokens or not stats.remote:
        yield _tr("Known from before (KV cache)"), _tokens(stats.reused_tokens, locale)
    if stats.restored_tokens:
        yield _tr("Of these, brought back from disk"), _tokens(stats.restored_tokens, locale)


def _answer(stats: AnswerStats, locale: QLocale) -> Iterator[_Pair]:
    yield _tr("Answer"), _tokens(stats.generated_tokens, locale)
    if stats.reasoning_tokens:
        thought = f"{_tokens(stats.reasoning_tokens, locale)} · {_seconds(stats.reasoning_s, locale)}"
        yield _tr("Of these, reasoning"), thought
    if stats.energy_j:
        wh = locale.toString(stats.energy_j / 3600, "f", 3)
        each = locale.toString(stats.energy_j / max(1, stats.generated_tokens), "f", 2)
        words = _tr("{wh} Wh · {joules} J a token").format(wh=wh, joules=each)
        yield _tr("Energy of the graphics cards"), words
    if stats.drafted_tokens:
        held = _tr("{held} of {drafted}").format(
            held=_tokens(stats.accepted_tokens, locale), drafted=locale.toString(stats.drafted_tokens)
        )
        yield _tr("Foreseen from the text before"), held
    if stats.batch_width:
        width = locale.toString(stats.batch_width, "f", 1)
        yield _tr("Answers computed together"), _tr("{width} on average").format(width=width)


def _cost(stats: AnswerStats, locale: QLocale, electricity: Electricity | None) -> Iterator[Detail]:
    """Where power was told, and a price."""
    if electricity is None or not stats.energy_j:
        return
    cost = stats.energy_j / _JOULES * electricity.kwh_price
    if not 0 < cost < math.inf:
        return
    digits = min(max(2, 1 - math.floor(math.log10(cost))), _MOST_DIGITS)  # two that say something
    least = 10.0**-_MOST_DIGITS
    figure = locale.toString(max(cost, least), "f", digits)
    words = _tr("{cost} {currency}, at {price} a kWh").format(
        cost=figure if cost >= least else f"< {figure}",
        currency=electricity.currency,
        price=locale.toString(electricity.kwh_price, "f", 3 if electricity.kwh_price < 0.1 else 2),
    )
    yield Detail(_tr("Cost of the energy"), words, origin_word(Origin.ESTIMATED))


def _seconds(value: float, locale: QLocale) -> str:
    digits = 1 if value >= 10 else 2
    return _tr("{seconds} s").format(seconds=locale.toString(value, "f", digits))


def _tokens(count: int, locale: QLocale) -> str:
    return _tr("{count} tokens").format(count=locale.toString(count))


def _speed(per_second: float, locale: QLocale) -> str:
    digits = 0 if per_second >= 100 else 1
    return _tr("{speed} tokens/s").format(speed=locale.toString(per_second, "f", digits))


def _tr(text: str) -> str:
    return QCoreApplication.translate("AnswerDetails", text)
