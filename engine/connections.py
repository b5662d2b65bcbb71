"""Every connection that this program can make or take, for the privacy page. A test looks for others."""

from __future__ import annotations

from typing import Final

from engine.messages import Sentence, sentence

CONNECTIONS: Final[tuple[Sentence, ...]] = tuple(
    sentence(code)
    for code in (
        "privacy_nothing",
        "privacy_hub",
        "privacy_mirrors",
        "privacy_addresses",
        "privacy_search",
        "privacy_runtimes",
        "privacy_updates",
        "privacy_remotes",
        "privacy_api",
        "privacy_nodes",
        "privacy_lending",
        "privacy_links",
        "privacy_local",
        "privacy_kept",
    )
)
