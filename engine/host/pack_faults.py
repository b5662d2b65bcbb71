"""Whether a runtime pack makes the engine crash; then the next best takes its place.

A driver may pass the trial of its pack and fail as soon as it computes. A file may crash any engine:
where a model crashes without the pack, too, the pack is taken back.
"""

from __future__ import annotations

import logging
from typing import Final

from engine.host.resident import Resident
from engine.host.restarts import Return, for_memory
from engine.messages import Sentence, sentence
from engine.packs.abi import engine_abi
from engine.packs.shelf import BUILT_IN, Shelf
from engine.paths import Paths
from engine.runtime.values import ModelFacts

log = logging.getLogger(__name__)

_SUSPICIOUS: Final = frozenset(
    {
        "worker_segfault",
        "worker_aborted",
        "worker_aborted_loading",
        "worker_bad_instruction",
        "worker_ended",
        "worker_stuck",
    }
)


class PackFaults:
    """For the pool's thread."""

    def __init__(self, paths: Paths, shelf: Shelf | None = None) -> None:
        self._shelf = shelf or Shelf(paths.runtimes, engine_abi())
        self._well: set[str] = set()  # packs that have answered since their last crash

    def crashed(
        self, resident: Resident, facts: ModelFacts | None, reason: Sentence, step: Return
    ) -> Sentence | None:
        """`facts` of what was loaded, `step` what would be done about it. A sentence, where the pack was put
        aside in place of that: after a crash for which the model would be given up, or the second one without
        an answer between them."""
        pack = self._shelf.in_use() if facts is None else facts.pack
        innocent = step is Return.PLAIN or for_memory(reason) or reason.code not in _SUSPICIOUS
        if pack == BUILT_IN or innocent:
            return None
        self._well.discard(pack)
        try:
            if not self._shelf.crashed(pack) and step is not Return.NOT:
                return None
            why = sentence("pack_crashed", name=pack, model=resident.name)
            self._shelf.put_aside(pack, why)
        except OSError as error:
            log.warning("the runtime %s cannot be put aside: %s", pack, error)
            return None
        resident.blamed.append(pack)
        return why

    def answered(self, resident: Resident) -> None:
        """What it was loaded with computes well."""
        resident.blamed.clear()
        pack = resident.facts.pack if resident.facts else BUILT_IN
        if pack not in (BUILT_IN, *self._well):
            self._shelf.fared_well(pack)
            self._well.add(pack)

    def acquit(self, resident: Resident) -> None:
        """The model crashes with what took their place as well."""
        for pack in resident.blamed:
            try:
                self._shelf.pardon(pack)
            except OSError as error:
                log.warning("the runtime %s cannot be taken back: %s", pack, error)
        resident.blamed.clear()
