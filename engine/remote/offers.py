"""Models of endpoints elsewhere, as the settings name them: nobody is asked for them."""

from __future__ import annotations

from engine.catalog.model import InstalledModel
from engine.errors import RemoteError
from engine.remote.address import SOURCE, Place, checked_address, host_of
from engine.settings import Remote


def models_of(remote: Remote) -> tuple[InstalledModel, ...]:
    """What an endpoint offers for chats, as models that can be chosen. None for an address of nonsense."""
    try:
        url = checked_address(remote.url)
    except RemoteError:
        return ()
    return tuple(
        InstalledModel(Place(url, name).path, name, "", 0, SOURCE, remote.name or host_of(url))
        for name in remote.models
    )
