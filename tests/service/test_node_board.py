"""Other machines as the window has them: real lenders, real children, and such that are gone."""

from __future__ import annotations

import queue
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.cancellation import CancelToken
from engine.errors import LoadError, UsageError
from engine.events import Event, JobId, LendingChanged, NodesListed
from engine.host.nodes import kept_nodes
from engine.jobs.lending_switch import LendingSwitch
from engine.jobs.node_board import NodeBoard
from engine.paths import Paths
from engine.runtime.node_calls import DEVICE, ask_node, call_node
from engine.runtime.pairing import new_key
from tests.free_port import free_port
from tests.service.host_bench import paths_in
from tests.service.lending_bench import PROGRAM, lenders

_PATIENCE_S = 60


class Told:
    def __init__(self) -> None:
        self.events: queue.SimpleQueue[Event] = queue.SimpleQueue()

    def nodes(self) -> NodesListed:
        event = self.events.get(timeout=_PATIENCE_S)
        assert isinstance(event, NodesListed)
        return event

    def lending(self) -> LendingChanged:
        event = self.events.get(timeout=_PATIENCE_S)
        assert isinstance(event, LendingChanged)
        return event


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    return paths_in(tmp_path / "ours")


def test_one_is_added_looked_at_renewed_and_missed(tmp_path: Path, paths: Paths, told: Told) -> None:
    board = NodeBoard(paths, told.events.put)
    with lenders(tmp_path) as (one,):
        with pytest.raises(LoadError):
            board.add(JobId(1), one.address, new_key())
        assert not kept_nodes(paths)
        board.add(JobId(2), f" {one.address} ", one.key)
        assert [node.there for node in told.nodes().nodes] == [None]
        (seen,) = told.nodes().nodes
        assert seen.there and seen.reason is None and seen.devices[0].operations > 0
        board.renew(JobId(3), one.address)
        assert told.nodes().job == JobId(3)
        assert told.nodes().nodes[0].there
    board.list(JobId(4))
    assert told.nodes().nodes[0].there is None
    (missed,) = told.nodes().nodes
    assert missed.there is False and missed.reason is not None
    assert missed.reason.code == "node_unreachable"
    with pytest.raises(LoadError):
        board.renew(JobId(5), one.address)
    board.remove(JobId(6), one.address)
    assert told.nodes().nodes == ()
    with pytest.raises(UsageError):
        board.remove(JobId(7), one.address)


@pytest.fixture
def switch(tmp_path: Path, told: Told, monkeypatch: pytest.MonkeyPatch) -> Iterator[LendingSwitch]:
    for name in ("data", "config", "state"):
        monkeypatch.setenv(f"XDG_{name.upper()}_HOME", str(tmp_path / name))
    made = LendingSwitch([sys.executable, str(PROGRAM)], tmp_path / "lend.log", told.events.put)
    yield made
    made.close()


def test_this_machine_is_lent_and_taken_back(switch: LendingSwitch, told: Told) -> None:
    port = free_port()
    switch.start(JobId(1), CancelToken(), port)
    on = told.lending()
    assert on.job == JobId(1) and on.devices and all(place.endswith(f":{port}") for place in on.addresses)
    here = f"127.0.0.1:{port}"
    assert ask_node(here, on.key)
    connection, _ = call_node(here, on.key, DEVICE)
    assert told.lending().guest == "127.0.0.1"
    connection.close()
    assert told.lending().guest == ""
    with pytest.raises(LoadError):
        ask_node(here, new_key())
    assert told.lending().refused == "127.0.0.1"
    switch.start(JobId(2), CancelToken(), port, new_key=True)
    again = told.lending()
    assert again.key != on.key
    with pytest.raises(LoadError):
        ask_node(here, on.key)
    told.lending()
    switch.stop(JobId(3))
    assert told.lending() == LendingChanged(JobId(3))
    with pytest.raises(LoadError):
        ask_node(here, again.key)


def test_a_port_that_there_is_not_and_a_child_that_dies(switch: LendingSwitch, told: Told) -> None:
    with pytest.raises(UsageError) as refused:
        switch.start(JobId(1), CancelToken(), 99_999)
    assert refused.value.message.code == "lending_not_started"
    switch.start(JobId(2), CancelToken(), free_port())
    told.lending()
    assert switch._child is not None
    psutil.Process(switch._child.pid).kill()
    ended = told.lending()
    assert ended.key == "" and ended.reason is not None and ended.reason.code == "lending_ended"
    assert not switch.running
