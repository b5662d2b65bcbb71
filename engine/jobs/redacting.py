"""Takes out of a text who somebody is, where, and what opens doors: for a report that a stranger may read.

What is known here (names, keys, addresses of the settings, folders) is looked for by itself; the rest by
its form.
"""

from __future__ import annotations

import getpass
import os
import re
import socket
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from engine.host.nodes import kept_nodes
from engine.paths import Paths
from engine.server.keys import OWN_KEY
from engine.settings import Settings

_SHORTEST_NAME: Final = 3  # of a user or a machine: shorter ones would tear words apart
_SHORTEST_SECRET: Final = 8
_LARGEST_KEY: Final = 4096  # bytes of a file
_KEY_FILES: Final = (OWN_KEY, "worker-key")
_KEY_VARIABLES: Final = ("HF_TOKEN", "DESKSIDE_API_KEY", "DESKSIDE_REMOTE_KEY")
_PUBLIC_HOSTS: Final = (
    "",
    "localhost",
    "huggingface.co",
    "hf-mirror.com",
    "modelscope.cn",
    "www.modelscope.cn",
)

_FORMS: Final = (
    (re.compile(r"\b(hf_|sk-|ghp_)[\w-]{8,}"), r"\1[removed]"),
    (re.compile(r"\b(?:[A-Z2-7]{4}-){5}[A-Z2-7]{4}\b"), "[removed]"),  # that machines are paired by
    (
        re.compile(
            r"(?i)\b(bearer|authorization:?|api[_-]?key\W{1,3}|token\W{1,3}|password\W{1,3})\s*[^\s\"',}]{4,}"
        ),
        r"\1 [removed]",
    ),
    (re.compile(r"//[^/\s@\"']{1,200}@"), "//[removed]@"),
    (re.compile(r"\b[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{2,64}\b"), "[address removed]"),
    (re.compile(r"\b(?!127\.)(?:\d{1,3}\.){3}\d{1,3}\b"), "[ip removed]"),
    (re.compile(r"(?i)(?<![\w:])(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}(?![\w:])"), "[hardware address removed]"),
    (
        # Eight groups, or fewer around one "::". Times of the day have too few.
        re.compile(
            r"(?i)(?<![\w:.])(?:(?:[0-9a-f]{1,4}:){7}[0-9a-f]{1,4}"
            r"|(?:[0-9a-f]{1,4}:){1,6}(?::[0-9a-f]{1,4}){1,6}|(?:[0-9a-f]{1,4}:){1,7}:)(?![\w:])"
        ),
        "[ip removed]",
    ),
)


def redactor(paths: Paths, settings: Settings) -> Callable[[str], str]:
    """For everything that leaves."""
    known = [
        *_exactly(_secrets(paths), "[removed]", _SHORTEST_SECRET),
        *((_path(folder), "[folder]") for folder in _folders(settings)),
        *([(_path(str(Path.home())), "~")] if Path.home().name else []),
        *_exactly(_hosts(paths, settings), "[host removed]", _SHORTEST_NAME),
        *_exactly(_names(), "[name removed]", _SHORTEST_NAME),
    ]

    def redact(text: str) -> str:
        for pattern, instead in (*known, *_FORMS):
            text = pattern.sub(instead, text)
        return text

    return redact


def _exactly(words: Iterable[str], instead: str, shortest: int) -> Iterator[tuple[re.Pattern[str], str]]:
    """The longest first, since one may be a part of another."""
    for word in sorted({word for word in words if len(word) >= shortest}, key=len, reverse=True):
        yield re.compile(rf"(?i)(?<!\w){re.escape(word)}(?!\w)"), instead


def _path(path: str) -> re.Pattern[str]:
    r"""As it may be written: C:\Users\x, C:/Users/x, C:\\Users\\x in JSON."""
    parts = map(re.escape, re.split(r"[\\/]+", path.rstrip("\\/")))
    flags = re.IGNORECASE if sys.platform == "win32" else re.NOFLAG
    return re.compile(r"[\\/]+".join(parts) + r"(?![\w-])", flags)


def _secrets(paths: Paths) -> Iterator[str]:
    yield from (os.environ.get(name, "") for name in _KEY_VARIABLES)
    yield from (node.key for node in kept_nodes(paths))
    for name in _KEY_FILES:
        try:
            with (paths.config / name).open("rb") as file:
                yield file.read(_LARGEST_KEY).decode("utf-8", "replace").strip()
        except OSError:
            continue  # there is none, or what this user cannot read stands in no log


def _folders(settings: Settings) -> Iterator[str]:
    for place in (settings.download_folder, settings.runtimes_from, settings.certificates):
        if place and "://" not in place and Path(place).name:
            yield place


def _hosts(paths: Paths, settings: Settings) -> Iterator[str]:
    """Of other machines that a person named."""
    yield from (node.address.rpartition(":")[0].strip("[]") for node in kept_nodes(paths))
    places = (settings.endpoint, settings.proxy, settings.runtimes_from, settings.releases_from)
    for place in (*places, *settings.mirrors, *(remote.url for remote in settings.remotes)):
        try:
            host = urlsplit(place if "://" in place else f"//{place}").hostname or ""
        except ValueError:
            continue  # what is no address stands in no log as one
        if host not in (*_PUBLIC_HOSTS, "usual", "direct") and not host.startswith("127."):
            yield host


def _names() -> Iterator[str]:
    """Of this person and this machine."""
    machine = socket.gethostname()
    yield from (machine, machine.partition(".")[0], _user())


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a user without a name, in a container
        return ""
