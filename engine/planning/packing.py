"""Where llama.cpp would put the tensors of a step, by its own rule: how large a compute buffer becomes.

Its allocator (ggml-alloc.c) gives each tensor the smallest gap that holds it, else the end of the buffer, and
lets some results take the place of what they are made of. So the size depends on the gaps that were left
before, not on what is alive alone.
"""

from __future__ import annotations

from dataclasses import dataclass

_ENDLESS = 1 << 60


@dataclass(frozen=True, slots=True)
class Node:
    """A tensor of a step. Sizes are in any unit that the caller likes."""

    size: int
    sources: tuple[int, ...]  # numbers of the nodes that it is made of
    here: bool = True  # on the device in question
    reuses: bool = False  # may take the place of a source of its size that nothing else needs


def packed_size(nodes: list[Node]) -> int:
    """Of the buffer on the device in question. Nodes stand in the order in which they are computed."""
    waiting = [0] * len(nodes)  # that a tensor is needed for: what is elsewhere is copied for those here
    for node in nodes:
        for source in node.sources:
            waiting[source] += node.here or nodes[source].here
    buffer, places = _Buffer(), dict[int, int]()
    for number, node in enumerate(nodes):
        reused = None
        if node.here:
            if not (number and nodes[number - 1].here):
                for copied in _arriving(nodes, number, places):
                    places[copied] = buffer.take(nodes[copied].size)
            reused = _reused(nodes, node, waiting) if node.reuses else None
            places[number] = buffer.take(node.size) if reused is None else places[reused]
        for source in node.sources:
            waiting[source] -= node.here or nodes[source].here
            if not waiting[source] and source != reused and source in places:
                buffer.give(places[source], nodes[source].size)
    return buffer.most


def _arriving(nodes: list[Node], first: int, places: dict[int, int]) -> list[int]:
    """What the run that begins there needs from elsewhere and is not here yet: all of it is copied before."""
    found: dict[int, None] = {}
    for node in nodes[first:]:
        if not node.here:
            break
        found |= {one: None for one in node.sources if not nodes[one].here and one not in places}
    return list(found)


def _reused(nodes: list[Node], node: Node, waiting: list[int]) -> int | None:
    alone = (one for one in node.sources if nodes[one].size == node.size and waiting[one] == 1)
    return next(alone, None)


class _Buffer:
    """Gaps as (beginning, size), in their order; the last has no end."""

    def __init__(self) -> None:
        self._gaps = [(0, _ENDLESS)]
        self.most = 0

    def take(self, size: int) -> int:
        last = len(self._gaps) - 1
        fitting = [(room, -number) for number, (_, room) in enumerate(self._gaps[:last]) if room >= size]
        number = -min(fitting)[1] if fitting else last  # of equal gaps the later one
        begin, room = self._gaps[number]
        if room == size:
            del self._gaps[number]
        else:
            self._gaps[number] = (begin + size, room - size)
        self.most = max(self.most, begin + size)
        return begin

    def give(self, begin: int, size: int) -> None:
        if not size:
            return
        gaps = self._gaps
        place = next(number for number, (other, _) in enumerate(gaps) if other > begin)
        if gaps[place][0] == begin + size:
            gaps[place] = (begin, size + gaps[place][1])
        else:
            gaps.insert(place, (begin, size))
        if place and sum(gaps[place - 1]) == begin:
            before, room = gaps.pop(place - 1)
            gaps[place - 1] = (before, room + gaps[place - 1][1])
