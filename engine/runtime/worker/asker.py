"""Whoever asks a probe. A thread reads what comes: a probe ends with it, though it be stuck in a driver."""

from __future__ import annotations

import queue
import threading

from engine.lifeline import end_now
from engine.runtime.channel import Channel, ChannelClosed
from engine.runtime.protocol import FromWorker, ToWorker
from engine.runtime.wire import decode_to_worker, encode


class Asker:
    """Ends the whole process, at once, when the channel closes."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._questions: queue.SimpleQueue[ToWorker] = queue.SimpleQueue()
        threading.Thread(target=self._read_all, name="asker", daemon=True).start()

    def take(self) -> ToWorker:
        """Waits for the next question."""
        return self._questions.get()

    def tell(self, answer: FromWorker) -> None:
        """Raises: ChannelClosed."""
        self._channel.send(encode(answer))

    def _read_all(self) -> None:
        try:
            while True:
                self._questions.put(decode_to_worker(self._channel.receive()))
        except ChannelClosed:
            end_now()
