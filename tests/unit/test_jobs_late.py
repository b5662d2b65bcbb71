"""What is made when it is first asked for."""

from __future__ import annotations

import threading
import time

import pytest

from engine.jobs.late import Late


def test_it_is_made_once_by_whoever_asks_first() -> None:
    makers: list[str] = []

    def make() -> object:
        time.sleep(0.02)  # others ask meanwhile
        makers.append(threading.current_thread().name)
        return object()

    late = Late(make)
    assert late.made is None
    found: list[object] = []
    threads = [threading.Thread(target=lambda: found.append(late())) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(makers) == 1 and len(found) == 8
    assert set(map(id, found)) == {id(late.made)}


def test_a_failure_is_tried_again() -> None:
    answers = iter((ImportError("damaged"), "made"))

    def make() -> str:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    late = Late(make)
    with pytest.raises(ImportError):
        late()
    assert late.made is None
    assert late() == "made"
