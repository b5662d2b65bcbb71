"""The user's settings: a frozen value, loaded and saved, nothing else."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from engine.json_file import read_object, write_object
from engine.messages import Sentence

CURRENCIES = ("CNY", "USD", "EUR", "GBP", "JPY", "INR")
DEAREST_KWH = 1000.0


@dataclass(frozen=True, slots=True)
class Remote:
    """An endpoint that speaks OpenAI's protocol. Its key is kept in the system's keyring."""

    name: str
    url: str  # "https://host:port/v1"
    models: tuple[str, ...] = ()  # that are offered for chats


@dataclass(frozen=True, slots=True)
class Loading:
    """How a person wants one model loaded; what is not said is planned."""

    path: str  # of the model
    device_layers: int = -1  # on devices beside the processor; -1: as planned
    draft: str = ""  # path of a smaller model that writes ahead; "" for none
    # Of so many layers experts are in main memory, the others' on the devices of these; None: as planned.
    experts_in_ram: int | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person chose. Unknown or ill-typed entries in the file fall back to these defaults."""

    language: str = "system"  # "system", "en" or "zh_CN"
    theme: str = "system"  # "system", "light" or "dark"
    wizard_done: bool = False
    last_model: str = ""  # path of the model used last; "" for none
    endpoint: str = "https://huggingface.co"  # the hub, or a mirror of it
    mirrors: tuple[str, ...] = ()  # that are asked besides; "usual": hf-mirror.com and ModelScope
    proxy: str = ""  # "" for the system's, "direct" for none, else its address
    certificates: str = ""  # a PEM file of authorities to trust besides the system's
    context_length: int = 0  # tokens; 0 lets the planner choose
    remotes: tuple[Remote, ...] = ()
    loading: tuple[Loading, ...] = ()  # of models for which a person chose
    serving: bool = False  # the API is switched on with the window
    serve_port: int = 8437
    serve_beyond: bool = False  # the API listens to other computers too
    lending: bool = False  # this machine is lent to others with the window
    lend_port: int = 7341
    keep_loaded_minutes: int = 5  # an idle model is unloaded after that time
    park_gib: int = 8  # of disk for state files of conversations
    keep_history: bool = True  # figures of answers and of the machine, on this machine only
    name_chats: bool = True  # the model gives a new conversation its title
    download_folder: str = ""  # where models are downloaded to; "" for the data folder
    speed_limit_kib: int = 0  # of downloads, in KiB per second; 0 for none
    runtimes_from: str = ""  # address or folder that runtime packs come from; "" for none
    look_for_updates: bool = False  # the list of versions is asked for once a day
    releases_from: str = ""  # its address; "" for the one that this version names, if it does
    overrides: tuple[tuple[str, str], ...] = ()  # figures of the check set by hand: (key, value)
    shortcuts: tuple[tuple[str, str], ...] = ()  # keys that differ from the usual: (command, keys)
    contrast: str = "system"  # "system", "usual" or "more"
    motion: str = "system"  # "system", "usual" or "less"
    prices: tuple[tuple[str, str], ...] = ()  # of parts, typed by a person: see engine/planning/prices.py
    watts: tuple[tuple[str, str], ...] = ()  # of parts, likewise
    kwh_price: float = 0.0  # of a kilowatt hour, for what answers cost; 0 while nobody told
    currency: str = "CNY"  # of that price, one of CURRENCIES


def loading_of(settings: Settings, path: str) -> Loading:
    return next((each for each in settings.loading if each.path == path), Loading(path))


def usable_loading(settings: Settings, path: str) -> Loading:
    """Without a model for drafts that is gone: no reason not to answer. Looks at the disk."""
    chosen = loading_of(settings, path)
    there = not chosen.draft or Path(chosen.draft).is_file()
    return chosen if there else replace(chosen, draft="")


def with_loading(settings: Settings, loading: Loading) -> Settings:
    others = [each for each in settings.loading if each.path != loading.path]
    kept = [] if loading == Loading(loading.path) else [loading]
    return replace(settings, loading=(*kept, *others)[:_MOST_LOADING])


def load_settings(path: Path) -> tuple[Settings, Sentence | None]:
    """The settings in that file, and a sentence when the file had to be put aside."""
    stored, remark = read_object(path, "settings_unreadable")
    return _parse(stored), remark


def save_settings(path: Path, settings: Settings) -> None:
    """Replaces the file atomically, other processes included. Raises: OSError."""
    write_object(path, asdict(settings))


_MOST_REMOTES = 100
_MOST_LOADING = 1000
EVERY_LAYER = 10_000  # more than any model has
_LONGEST_URL = 2000
_MOST_MIRRORS = 10
_MOST_OVERRIDES = 100
_LONGEST_OVERRIDE = 200
_RANGES = {
    "context_length": range(16_777_216 + 1),
    "serve_port": range(1, 65_536),
    "lend_port": range(1, 65_536),
    "keep_loaded_minutes": range(60 * 24 * 365),
    "park_gib": range(1_000_000),
    "speed_limit_kib": range(100 * 1024 * 1024),
}
_CHOICES = {
    "language": ("system", "en", "zh_CN"),
    "theme": ("system", "light", "dark"),
    "contrast": ("system", "usual", "more"),
    "motion": ("system", "usual", "less"),
    "currency": CURRENCIES,
}


def _parse(stored: dict[str, Any]) -> Settings:
    defaults = Settings()
    known: dict[str, Any] = {}
    for entry in fields(Settings):
        value = stored.get(entry.name)
        if type(value) is not type(getattr(defaults, entry.name)):
            continue
        if entry.name in _CHOICES and value not in _CHOICES[entry.name]:
            continue
        if entry.name in _RANGES and value not in _RANGES[entry.name]:
            continue
        if isinstance(value, float) and not 0 <= value <= DEAREST_KWH:  # a NaN neither
            continue
        if entry.name == "download_folder" and not _is_folder_name(str(value)):
            continue
        known[entry.name] = value
    return Settings(
        remotes=_parse_remotes(stored.get("remotes")),
        loading=_parse_loading(stored.get("loading")),
        overrides=_parse_pairs(stored.get("overrides")),
        shortcuts=_parse_pairs(stored.get("shortcuts")),
        prices=_parse_pairs(stored.get("prices")),
        watts=_parse_pairs(stored.get("watts")),
        mirrors=_parse_mirrors(stored.get("mirrors")),
        **known,
    )


def _is_folder_name(text: str) -> bool:
    return not text or (os.path.isabs(text) and "\0" not in text and len(text) <= _LONGEST_URL)  # noqa: PTH117


def _parse_pairs(stored: Any) -> tuple[tuple[str, str], ...]:
    """Pairs of short texts; what they mean is for those to judge who use them."""
    if not isinstance(stored, list):
        return ()
    pairs = [
        (entry[0], entry[1])
        for entry in stored[:_MOST_OVERRIDES]
        if isinstance(entry, list) and len(entry) == 2 and all(isinstance(text, str) for text in entry)
    ]
    return tuple(pair for pair in pairs if max(map(len, pair)) <= _LONGEST_OVERRIDE)


def _parse_mirrors(stored: Any) -> tuple[str, ...]:
    """Addresses and folders; what they are good for shows when they are asked."""
    if not isinstance(stored, list):
        return ()
    texts = [text for text in stored[:_MOST_MIRRORS] if isinstance(text, str) and text and "\0" not in text]
    return tuple(text for text in texts if len(text) <= _LONGEST_URL)


def _parse_loading(stored: Any) -> tuple[Loading, ...]:
    if not isinstance(stored, list):
        return ()
    found = [entry for entry in stored[:_MOST_LOADING] if isinstance(entry, dict)]
    return tuple(loading for entry in found if (loading := _parse_one_loading(entry)))


def _parse_one_loading(stored: dict[str, Any]) -> Loading | None:
    path, draft, layers = stored.get("path"), stored.get("draft", ""), stored.get("device_layers", -1)
    if not all(isinstance(text, str) and len(text) <= _LONGEST_URL for text in (path, draft)):
        return None
    if type(layers) is not int or not -1 <= layers <= EVERY_LAYER:
        return None
    return Loading(str(path), layers, draft, _parse_experts(stored.get("experts_in_ram")))


def _parse_experts(stored: Any) -> int | None:
    if isinstance(stored, bool):  # of all layers or none, as it was once kept
        return EVERY_LAYER if stored else 0
    return stored if isinstance(stored, int) and 0 <= stored <= EVERY_LAYER else None


def _parse_remotes(stored: Any) -> tuple[Remote, ...]:
    if not isinstance(stored, list):
        return ()
    return tuple(remote for entry in stored[:_MOST_REMOTES] if (remote := _parse_remote(entry)))


def _parse_remote(stored: Any) -> Remote | None:
    if not isinstance(stored, dict):
        return None
    name, url, models = stored.get("name"), stored.get("url"), stored.get("models", [])
    if not isinstance(name, str) or not isinstance(url, str) or len(url) > _LONGEST_URL:
        return None
    if not isinstance(models, list) or not all(isinstance(entry, str) for entry in models):
        return None
    return Remote(name, url, tuple(models))
