"""Stop strings in a stream: found across chunks, and never shown."""

from __future__ import annotations

from engine.chat.reasoning import held_back


class StopFilter:
    """Lets text through up to the first stop string."""

    def __init__(self, stops: tuple[str, ...]) -> None:
        self._stops = tuple(stop for stop in stops if stop)
        self._held = ""
        self.hit = False

    @property
    def wanted(self) -> bool:
        return bool(self._stops)

    def feed(self, text: str) -> str:
        """What can be shown: nothing that may turn out to be the beginning of a stop string."""
        if not self._stops:
            return text
        if self.hit:
            return ""
        self._held += text
        found = [index for stop in self._stops if (index := self._held.find(stop)) >= 0]
        if found:
            self.hit = True
            shown, self._held = self._held[: min(found)], ""
            return shown
        keep = max((held_back(self._held, stop) for stop in self._stops), default=0)
        return self._release(len(self._held) - keep)

    def finish(self) -> str:
        """What was held back, once no more text comes."""
        return self._release(len(self._held))

    def _release(self, length: int) -> str:
        shown, self._held = self._held[:length], self._held[length:]
        return shown
