"""`--remote`: which model of which endpoint is asked, and with which key."""

from __future__ import annotations

import os

from engine.catalog.model import InstalledModel
from engine.cli.context import Context
from engine.errors import RemoteError
from engine.remote.address import checked_address, host_of
from engine.remote.backend import choices_of, list_remote_models
from engine.remote.keys import Keys
from engine.remote.offers import models_of
from engine.settings import Remote

# In the environment and never among the words of a command: those every process may read. Not
# DESKSIDE_API_KEY: that one opens our own server, and must not be shown to anybody else.
KEY_VARIABLE = "DESKSIDE_REMOTE_KEY"
_DEFAULT = "default"  # what `deskside serve` and others call the model that is loaded


def remote_model(context: Context, keys: Keys, text: str, name: str) -> InstalledModel:
    """`text`: an address, or the name of an endpoint of the settings; `name`: of its model, "" for the
    only one. A key in the environment is used for this endpoint, and kept nowhere.

    Raises: RemoteError, Cancelled.
    """
    known = next((entry for entry in context.settings.remotes if text in (entry.name, entry.url)), None)
    url = checked_address(known.url if known else text)
    key = os.environ.get(KEY_VARIABLE, "")
    if key.strip():
        keys.hold(url, key)
    if not name:
        name = _only(url, known.models if known else (), keys, context)
    remote = Remote(known.name if known else host_of(url), url, (name,))
    return models_of(remote)[0]


def hint(error: RemoteError) -> str:
    """What helps on the command line beside the sentence of that failure; "" where nothing does."""
    wants_key = error.message.code in ("remote_unauthorized", "remote_key_unread")
    return f"the key for --remote is read from {KEY_VARIABLE}, else from the keyring" if wants_key else ""


def _only(url: str, chosen: tuple[str, ...], keys: Keys, context: Context) -> str:
    """The model to ask when none was named: the one that was chosen for chats, else what is offered."""
    offered = chosen or list_remote_models(url, keys.get, context.token)
    if len(offered) == 1:
        return offered[0]
    if _DEFAULT in offered:
        return _DEFAULT
    if not offered:
        raise RemoteError.of("remote_without_models", host=host_of(url))
    raise RemoteError.of("remote_model_unnamed", host=host_of(url), choices=choices_of(offered))
