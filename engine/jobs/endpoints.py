"""Endpoints elsewhere: tried, kept in the settings, forgotten. Their keys never enter the settings."""

from __future__ import annotations

from dataclasses import replace

from engine.cancellation import CancelToken
from engine.messages import Sentence
from engine.remote.address import checked_address, origin_text
from engine.remote.backend import list_remote_models
from engine.remote.keys import Keys, checked_key
from engine.settings import Remote, Settings


def models_offered(keys: Keys, url: str, key: str, token: CancelToken) -> tuple[str, ...]:
    """What an endpoint offers to whoever shows `key`, or with "" the key that is kept for it.

    Raises: RemoteError, Cancelled.
    """
    address = checked_address(url)
    given = checked_key(key, address)
    return list_remote_models(address, lambda asked: given or keys.get(asked), token)


def tidied(remote: Remote) -> Remote:
    """With the address as it is kept, and each model once. Raises: RemoteError."""
    models = tuple(dict.fromkeys(name for name in remote.models if name))
    return replace(remote, url=checked_address(remote.url), models=models)


def keep_key(keys: Keys, url: str, key: str) -> Sentence | None:
    """Of an endpoint that was added; "" leaves what is kept. What to tell when no keyring takes it.

    Raises: RemoteError, for a key that cannot be one.
    """
    return keys.put(url, key) if key.strip() else None


def with_remote(settings: Settings, remote: Remote) -> Settings:
    """One with the same address is replaced, at its place in the list."""
    places = [entry.url for entry in settings.remotes]
    if remote.url not in places:
        return replace(settings, remotes=(*settings.remotes, remote))
    changed = tuple(remote if entry.url == remote.url else entry for entry in settings.remotes)
    return replace(settings, remotes=changed)


def without_remote(settings: Settings, url: str) -> Settings:
    return replace(settings, remotes=tuple(entry for entry in settings.remotes if entry.url != url))


def forget_key(keys: Keys, url: str, left: Settings) -> None:
    """Unless an endpoint that stays in the settings is asked with the same key."""
    origin = _origin(url)
    if origin and origin not in {_origin(entry.url) for entry in left.remotes}:
        keys.forget(url)


def _origin(url: str) -> str:
    """ "" for an address of nonsense that somebody wrote into the file."""
    try:
        return origin_text(url)
    except ValueError:
        return ""
