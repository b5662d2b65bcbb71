"""Keys of an object that are not among those its schema names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from engine.runtime.worker.grammar.gbnf import complement, merged
from engine.runtime.worker.grammar.notation import PLAIN, characters, literal

_MOST_LETTERS = 2_000  # of all names together; more would make the grammar too large


@dataclass(slots=True)
class _Node:
    """The names that go on from here, letter by letter."""

    following: dict[str, _Node] = field(default_factory=dict)
    is_name: bool = False


def other_keys(names: Sequence[str], rule: Callable[[str], str]) -> tuple[str, bool]:
    """What stands for such a key, and whether it really leaves out all `names`.

    Without escapes in the key, there is only one way to write a name.
    """
    if not names:
        return "string", True
    if sum(len(name) for name in names) > _MOST_LETTERS:
        return "string", False
    root = _Node()
    for name in names:
        node = root
        for letter in name:
            node = node.following.setdefault(letter, _Node())
        node.is_name = True
    return rule(f'"\\"" {_apart_from(root, rule)} "\\""'), True


def _apart_from(root: _Node, rule: Callable[[str], str]) -> str:
    """The rest of a key that so far is the beginning of names. Leaves first, without recursion."""
    order = [root]
    for node in order:
        order += node.following.values()
    written: dict[int, str] = {}
    for node in reversed(order):
        codes = merged([(ord(letter), ord(letter)) for letter in node.following])
        ways = [] if node.is_name else ['""']
        ways.append(f"{characters(_intersection(codes))} {characters(PLAIN)}*")
        ways += [f"{literal(letter)} {written[id(child)]}" for letter, child in node.following.items()]
        written[id(node)] = rule(" | ".join(ways))
    return written[id(root)]


def _intersection(without: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """The plain characters that are not among those."""
    return complement(merged([*complement(PLAIN), *without]))
