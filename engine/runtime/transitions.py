"""The one table of which state of the runtime may follow which."""

from __future__ import annotations

from collections.abc import Mapping

from engine.runtime.values import RuntimeState

_S = RuntimeState

FOLLOWERS: Mapping[RuntimeState, frozenset[RuntimeState]] = {
    _S.STOPPED: frozenset({_S.STARTING}),
    _S.STARTING: frozenset({_S.LOADING, _S.STOPPED, _S.CRASHED}),
    _S.LOADING: frozenset({_S.READY, _S.STOPPED, _S.CRASHED}),
    _S.READY: frozenset({_S.GENERATING, _S.STOPPED, _S.CRASHED}),
    _S.GENERATING: frozenset({_S.READY, _S.STOPPED, _S.CRASHED}),
    _S.CRASHED: frozenset({_S.STARTING, _S.STOPPED}),
}


class IllegalTransition(Exception):
    """A worker said something that makes no sense in the state it is in."""


def check_transition(old: RuntimeState, new: RuntimeState) -> None:
    """Raises: IllegalTransition, when `new` may not follow `old`."""
    if new not in FOLLOWERS[old]:
        raise IllegalTransition(f"{old} -> {new}")
