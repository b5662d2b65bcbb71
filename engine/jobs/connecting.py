"""How this machine reaches the places that models come from, and whether it does."""

from __future__ import annotations

from engine.cancellation import CancelToken
from engine.download.mirror_choice import mirrors_for
from engine.download.reaching import Reached, reach, sources_to_test
from engine.events import ConnectionTested, Emit, JobId
from engine.settings import Settings


def test_connection(job: JobId, token: CancelToken, settings: Settings, emit: Emit) -> tuple[Reached, ...]:
    """Asks the endpoint and its mirrors, one after the other. Raises: Cancelled."""
    found = []
    for source in sources_to_test(settings.endpoint, mirrors_for(settings.endpoint, settings.mirrors)):
        token.raise_if_cancelled()
        reached = reach(source, token)
        emit(ConnectionTested(job, reached))
        found.append(reached)
    return tuple(found)
