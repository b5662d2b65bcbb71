"""The privacy page tells of every connection: none is in the code that it does not know."""

from __future__ import annotations

import ast
from pathlib import Path

from engine.connections import CONNECTIONS
from engine.messages import english

ROOT = Path(__file__).resolve().parents[2]

# What can reach beyond a process; and which of our modules do, with the entry of the page that tells of it.
REACHING = {
    *(
        "socket",
        "ssl",
        "http",
        "urllib3",
        "httpx",
        "httpx2",
        "requests",
        "huggingface_hub",
        "hf_xet",
        "uvicorn",
    ),
    *(
        "asyncio",
        "socketserver",
        "ftplib",
        "smtplib",
        "imaplib",
        "poplib",
        "telnetlib",
        "xmlrpc",
        "urllib.request",
    ),
    "multiprocessing.connection",
}
KNOWN = {
    "engine/cli/serve.py": "privacy_api",
    "engine/download": "privacy_hub",
    "engine/host/nodes.py": "privacy_nodes",
    "engine/host/sockets.py": "privacy_local",
    "engine/jobs/redacting.py": "privacy_kept",  # asks for the name of this machine
    "engine/remote": "privacy_remotes",
    "engine/runtime/channel.py": "privacy_local",
    "engine/runtime/door.py": "privacy_nodes",
    "engine/runtime/lending.py": "privacy_lending",
    "engine/runtime/node_calls.py": "privacy_nodes",
    "engine/runtime/node_greeting.py": "privacy_nodes",
    "engine/runtime/node_words.py": "privacy_nodes",
    "engine/runtime/pairing.py": "privacy_nodes",
    "engine/runtime/relay.py": "privacy_nodes",
    "engine/server": "privacy_api",
    "gui/signals.py": "privacy_local",  # a pair of sockets within the process
}
OPENING = {
    "gui/chat/page.py": "privacy_links",
    "gui/models/rows.py": "privacy_links",
    "gui/shell/update_watch.py": "privacy_updates",  # the folder of a fetched installer
}


def sources() -> list[tuple[str, str]]:
    paths = [ROOT / "deskside.py", *(ROOT / "engine").rglob("*.py"), *(ROOT / "gui").rglob("*.py")]
    return [(path.relative_to(ROOT).as_posix(), path.read_text("utf-8")) for path in paths]


def imported(text: str) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def reaches(name: str) -> bool:
    return name in REACHING or name.partition(".")[0] in REACHING - {"urllib"}


def test_no_module_reaches_out_that_the_page_does_not_know() -> None:
    strangers = [
        path
        for path, text in sources()
        if any(map(reaches, imported(text)))
        and not any(path == one or path.startswith(f"{one}/") for one in KNOWN)
    ]
    assert strangers == []


def test_the_system_is_asked_to_open_addresses_where_the_page_says() -> None:
    assert {path for path, text in sources() if "openUrl" in text or "webbrowser" in text} == set(OPENING)


def test_every_known_module_is_there_and_has_an_entry() -> None:
    codes = {one.code for one in CONNECTIONS}
    assert set(KNOWN.values()) | set(OPENING.values()) <= codes
    assert [path for path in KNOWN if not (ROOT / path).exists()] == []


def test_the_document_says_the_same() -> None:
    text = " ".join((ROOT / "docs" / "privacy.md").read_text("utf-8").split())
    assert [english(one) for one in CONNECTIONS if english(one) not in text] == []
