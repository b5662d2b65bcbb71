"""Things that are bought for a machine that is there: made from what a person asks, refused where they make
no sense. What they bring stands in what_if.py."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from engine.errors import UsageError
from engine.hardware.cpu_names import CatalogueCpu, cpu_called, nearest_cpus, published_cpu
from engine.hardware.gpu_names import nearest_names, published_gpu
from engine.messages import Sentence, sentence
from engine.planning.altered import (
    keeps_memory,
    with_bandwidth,
    with_cards,
    with_disk,
    with_memory,
    with_processor,
)
from engine.planning.machine import GIB, MOST_PORTABLE, Machine
from engine.planning.prices import MOST_PRICE, Part, PartKind, PriceList, Sourced
from engine.planning.purchase import Change, ChangeKind
from engine.planning.typed_number import typed_number

MOST_MEMORY = 16384 * GIB
MOST_CARDS = 8
MOST_DISK = 100e9
GIVEN = "given with the question"
USUAL_DISK = 7e9  # what PCIe 4.0 x4 carries, less its overhead
_LEAST_MEMORY = 16 * GIB  # the smallest step that is worth a purchase
# What a machine without slots does not take, and what one whose memory is soldered does not take either.
_SLOTS = frozenset({ChangeKind.CARD, ChangeKind.PROCESSOR})
_BOARD = _SLOTS | {ChangeKind.MEMORY, ChangeKind.CHANNELS}


def applied(change: Change, machine: Machine) -> Machine:
    """The machine with it."""
    match change.kind:
        case ChangeKind.MEMORY:
            return with_memory(machine, change.added)
        case ChangeKind.CHANNELS:
            now, then = change.channels
            return with_bandwidth(with_memory(machine, change.added), then / now)
        case ChangeKind.CARD:
            return with_cards(machine, change.card, change.count)
        case ChangeKind.PROCESSOR:
            return with_processor(machine, change.processor, change.replaces)
        case ChangeKind.DISK:
            return with_disk(machine, change.rate)


def memory_change(machine: Machine, total: int) -> Change:
    """`total`: bytes of main memory in all, afterwards. Raises: UsageError."""
    most = _most_memory(machine)
    if not machine.ram_total < total <= most:
        raise UsageError.of(
            "what_if_memory", total=_gib(total), have=_gib(machine.ram_total), most=_gib(most)
        )
    return Change(ChangeKind.MEMORY, added=total - machine.ram_total)


def channels_change(machine: Machine, now: int | None, then: int, cpu: str = "") -> Change:
    """More channels with the modules that the others hold; `cpu` is the processor that is there.
    Raises: UsageError."""
    if not now:
        raise UsageError.of("what_if_channels_unknown")
    known = published_cpu(cpu)
    if known and then > (most := _channels_of(known, machine)):
        raise UsageError.of("what_if_channels_most", processor=known.name, most=most, then=then)
    if not now < then <= 64:
        raise UsageError.of("what_if_channels", then=then, now=now)
    return Change(ChangeKind.CHANNELS, machine.ram_total * (then - now) // now, (now, then))


def card_change(name: str, count: int = 1) -> Change:
    """Raises: UsageError, with the nearest names for a card that is not known."""
    if published_gpu(name) is None:
        raise UsageError.of("what_if_card_unknown", name=name[:60], nearest="; ".join(nearest_names(name)))
    if not 1 <= count <= MOST_CARDS:
        raise UsageError.of("what_if_cards", count=count, most=MOST_CARDS)
    return Change(ChangeKind.CARD, card=name, count=count)


def processor_change(machine: Machine, name: str, now: str) -> Change:
    """`now`: the one that is there. Raises: UsageError, with the nearest names for one that is not known."""
    known = cpu_called(name)
    if known is None:
        nearest = "; ".join(nearest_cpus(name))
        raise UsageError.of("what_if_processor_unknown", name=name[:60], nearest=nearest)
    if known.arm is machine.x86:
        raise UsageError.of("what_if_processor_unlike", name=known.name)
    return Change(ChangeKind.PROCESSOR, processor=known.name, replaces=now)


def disk_change(machine: Machine, bytes_per_second: float) -> Change:
    """Raises: UsageError."""
    if not 1e6 <= bytes_per_second <= MOST_DISK:
        raise UsageError.of("what_if_disk", most=f"{MOST_DISK / 1e9:.0f}")
    return Change(ChangeKind.DISK, rate=bytes_per_second)


def change_of(text: str, machine: Machine, channels: int | None, cpu: str = "") -> Change:
    """ "memory=128@1200" and the like; `cpu` is the processor that is there. Raises: UsageError."""
    said, _, rest = text.partition("=")
    kind = said.strip().lower()
    value, _, price = rest.partition("@")
    closed = no_cards(machine)
    if closed and kind in (_BOARD if machine.built_in else _SLOTS):
        raise UsageError(closed)
    if kind == ChangeKind.PROCESSOR and value.strip():
        made = processor_change(machine, value.strip(), cpu)
    else:
        made = _change(text, kind, value.strip(), machine, channels, cpu)
    if not price:
        return made
    cny = _number(price, text)
    if cny > MOST_PRICE:
        raise UsageError.of("what_if_malformed", text=text[:80])
    return replace(made, price=Sourced(cny, cny, GIVEN, ""))


def _change(text: str, kind: str, value: str, machine: Machine, channels: int | None, cpu: str) -> Change:
    if kind == ChangeKind.MEMORY:
        return memory_change(machine, int(min(_number(value, text), 1e6) * GIB))
    if kind == ChangeKind.CHANNELS:
        return channels_change(machine, channels, int(min(_number(value, text), 1e6)), cpu)
    if kind == ChangeKind.DISK:
        return disk_change(machine, _number(value, text) * 1e9)
    if kind == ChangeKind.CARD and value:
        count, times, name = value.partition("x")
        if times and count.strip().isdecimal() and name.strip():
            return card_change(name.strip(), int(count[:4]))
        return card_change(value)
    raise UsageError.of("what_if_malformed", text=text[:80])


def _number(text: str, whole: str) -> float:
    try:
        value = typed_number(text)
    except ValueError:
        value = math.nan
    if not 0 <= value < math.inf:
        raise UsageError.of("what_if_malformed", text=whole[:80])
    return value


def no_cards(machine: Machine) -> Sentence | None:
    """Why none goes in, nor another processor; None where they do, as far as its chips tell."""
    if machine.takes_cards:
        return None
    return sentence("what_if_built_in" if machine.built_in else "what_if_no_slot")


def usual_changes(machine: Machine, channels: int | None, cpu: str, prices: PriceList) -> tuple[Change, ...]:
    """What people think of buying: twice the memory, empty channels, a card, a processor of the price list
    that reads the same memory, a faster disk. `cpu` is the processor that is there."""
    return tuple(priced(change, prices) for change in _usual(machine, channels, cpu, prices))


def _usual(machine: Machine, channels: int | None, cpu: str, prices: PriceList) -> Iterator[Change]:
    if not machine.built_in:
        yield from _memory(machine, channels, published_cpu(cpu))
    if machine.takes_cards:
        yield from (card_change(part.name) for part in prices.parts if part.kind is PartKind.CARD)
        yield from _processors(machine, cpu, prices)
    if machine.disk_bandwidth.expected < USUAL_DISK:
        yield disk_change(machine, USUAL_DISK)


def _memory(machine: Machine, channels: int | None, known: CatalogueCpu | None) -> Iterator[Change]:
    if machine.ram_total <= _most_memory(machine) // 2:
        # A machine tells a little less than its modules hold.
        modules = max(_LEAST_MEMORY, -(-machine.ram_total // (8 * GIB)) * 8 * GIB)
        yield Change(ChangeKind.MEMORY, added=modules)
    if channels and known and channels < (most := _channels_of(known, machine)):
        yield channels_change(machine, channels, most)


def _processors(machine: Machine, cpu: str, prices: PriceList) -> Iterator[Change]:
    for part in prices.parts:
        other = part.kind is PartKind.PROCESSOR and published_cpu(part.name) != published_cpu(cpu)
        if other and keeps_memory(part.name, cpu):
            yield processor_change(machine, part.name, cpu)


def priced(change: Change, prices: PriceList) -> Change:
    """With the cheapest price of the list that buys it, if there is one."""
    if change.price is not None:
        return change
    found = [price for part in prices.parts if (price := _price(change, part, prices)) is not None]
    return replace(change, price=min(found, key=lambda price: price.high, default=None))


def _price(change: Change, part: Part, prices: PriceList) -> Sourced | None:
    each = prices.cny(part)
    if each is None:
        return None
    match change.kind:
        case ChangeKind.MEMORY | ChangeKind.CHANNELS if part.kind is PartKind.MEMORY and part.size:
            return each.times(-(-change.added // part.size))
        case ChangeKind.CARD if part.kind is PartKind.CARD and part.name == change.card:
            return each.times(change.count)
        case ChangeKind.PROCESSOR if part.kind is PartKind.PROCESSOR and part.name == change.processor:
            return each
        case ChangeKind.DISK if part.kind is PartKind.DISK and part.rate >= change.rate:
            return each
    return None


def _most_memory(machine: Machine) -> int:
    return MOST_PORTABLE if machine.slotless else MOST_MEMORY


def _channels_of(known: CatalogueCpu, machine: Machine) -> int:
    """Of all sockets together."""
    return known.channels * machine.sockets


def _gib(size: int) -> str:
    return f"{size / GIB:,.0f} GiB"
