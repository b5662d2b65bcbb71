"""Encodes pictures in a thread of its own, so that the answers at work go on meanwhile.

Encoding cannot be stopped in the middle. Who has asked for it may be gone when it ends; then the result is
dropped with its prompt.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable

from engine.errors import DesksideError
from engine.messages import Sentence
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.slots import Slot
from engine.runtime.worker.vision.pictures import Looked, Placed, Sight
from engine.runtime.worker.vision.projector import Encoded, Projector


class Looking:
    """Belongs to the thread of the context; `deliver` is called from another."""

    def __init__(self, projector: Projector, deliver: Callable[[Looked], None]) -> None:
        self._projector = projector
        self._deliver = deliver
        self._wanted: queue.SimpleQueue[tuple[Sight, Placed]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name="looking", daemon=True).start()

    def want(self, sight: Sight, held: int) -> None:
        """Has the pictures behind the first `held` cells of a prompt encoded, unless they are already."""
        for placed in sight.placed:
            if placed.start >= held and placed.start not in sight.asked:
                sight.asked.add(placed.start)
                self._wanted.put((sight, placed))

    def portion(self, busy: Iterable[Slot]) -> Portion | None:
        """A picture that is next in its slot and can be computed now."""
        for slot in busy:
            sight = slot.stream.sight if slot.stream else None
            placed = sight.at(len(slot.tokens)) if sight else None
            if sight is None or placed is None:
                continue
            if placed.start in sight.ready:
                ids, position = placed.picture.ids, placed.start - slot.shift
                return Portion(slot.sequence, position, ids, False, picture=sight.ready[placed.start])
            self.want(sight, placed.start)
        return None

    def arrived(self, looked: Looked, busy: Iterable[Slot]) -> Slot | None:
        """Returns the slot whose answer has failed with it, if one has."""
        sight, start = looked.sight, looked.placed.start
        if sight.dropped:
            return None
        if not isinstance(looked.result, Sentence):
            sight.ready[start] = looked.result
            return None
        sight.asked.discard(start)
        return next((slot for slot in busy if slot.stream and slot.stream.sight is sight), None)

    def computed(self, slot: Slot) -> None:
        """The picture that was next in that slot is in it now."""
        sight = slot.stream.sight if slot.stream else None
        if sight:
            slot.shift = sight.shift(len(slot.tokens))

    def _work(self) -> None:
        while True:
            sight, placed = self._wanted.get()
            if sight.dropped:
                continue
            result: Encoded | Sentence
            try:
                picture = placed.picture
                result = self._projector.encode(picture, sight.files[picture.digest])
            except DesksideError as error:
                result = error.message
            self._deliver(Looked(sight, placed, result))
