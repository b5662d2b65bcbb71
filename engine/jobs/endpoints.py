"""Endpoints elsewhere: tried, kept in the settings, forgotten. Their keys never enter the settings."""

from __future__ import annotations

from dataclasses import replace

from engine.cancellation import CancelToken
from engine.remote.address import Place, checked_address, origin_text
from engine.remote.keys import Kept, Keys, checked_key
from engine.settings import Remote, Settings


def models_offered(keys: Keys, url: str, key: str, token: CancelToken) -> tuple[str, ...]:
    """What an endpoint offers to whoever shows `key`, or with "" the key that is kept for it.

    Raises: RemoteError, Cancelled.
    """
    from engine.remote.backend import list_remote_models  # brings all of HTTP, which most starts never need

    address = checked_address(url)
    given = checked_key(key, address)
    return list_remote_models(address, lambda asked: Kept(given) if given else keys.get(asked), token)


def tidied(remote: Remote) -> Remote:
    """With the address as it is kept, and each model once. Raises: RemoteError."""
    models = tuple(dict.fromkeys(name for name in remote.models if name))
    return replace(remote, url=checked_address(remote.url), models=models)


def hold_key(keys: Keys, url: str, key: str) -> None:
    """Of an endpoint that was added; "" leaves what is kept. Raises: RemoteError, for what is no key."""
    if key.strip():
        keys.hold(url, key)


def with_remote(settings: Settings, remote: Remote, instead_of: str = "") -> Settings:
    """One with the same address, or the address `instead_of`, is replaced at its place in the list; a
    model of it that is in use stays so under its new address."""
    gone = {remote.url, instead_of}
    at = next((at for at, entry in enumerate(settings.remotes) if entry.url in gone), len(settings.remotes))
    rest = [entry for entry in settings.remotes if entry.url not in gone]
    moved = {Place(instead_of, name).path: Place(remote.url, name).path for name in remote.models}
    last = moved.get(settings.last_model, settings.last_model)
    return replace(settings, remotes=(*rest[:at], remote, *rest[at:]), last_model=last)


def without_remote(settings: Settings, url: str) -> Settings:
    return replace(settings, remotes=tuple(entry for entry in settings.remotes if entry.url != url))


def forget_key(keys: Keys, url: str, left: Settings) -> None:
    """Unless an endpoint that stays in the settings is asked with the same key."""
    if _origin(url) and not any(same_key(url, entry.url) for entry in left.remotes):
        keys.forget(url)


def same_key(url: str, other: str) -> bool:
    """Whether both are asked with one key: never, for an address of nonsense."""
    return _origin(url) == _origin(other) != ""


def _origin(url: str) -> str:
    """ "" for what somebody wrote into the file that is no address."""
    try:
        return origin_text(url)
    except ValueError:
        return ""
