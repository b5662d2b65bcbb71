"""Conversations for other programs and for people: JSON with everything, Markdown and HTML to read.

Markdown and HTML hold the branch that is shown. The page of HTML is complete in itself: no script, nothing
that is fetched, light or dark as the reader's system is.
"""

from __future__ import annotations

import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import asdict
from enum import StrEnum
from typing import Any, Final

from markdown_it import MarkdownIt

from engine.chat.conversation import ChatMessage, PartKind, Role
from engine.chat.image_parts import image_in, name_in
from engine.chat.markdown_reader import is_safe_link
from engine.chat.options import options_to_dict
from engine.chat.record import ConversationRecord

FORMAT: Final = "deskside-chats"
VERSION: Final = 1
_LONGEST_NAME: Final = 80  # characters of a file's name
_DEVICES: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)  # of Windows
_WHO: Final = {Role.USER: "You", Role.ASSISTANT: "Model", Role.SYSTEM: "System"}


class Form(StrEnum):
    JSON = "json"
    MARKDOWN = "md"
    HTML = "html"


def text_of(record: ConversationRecord, form: Form) -> str:
    """One conversation as the text of a file."""
    if form is Form.JSON:
        return "".join(json_lines(iter([record])))
    return markdown_of(record) if form is Form.MARKDOWN else html_of(record)


def file_name(record: ConversationRecord, form: Form, taken: set[str]) -> str:
    """Safe on every system, and not among those that are `taken`, which it joins."""
    plain = re.sub(r'[\x00-\x1f\x7f<>:"/\\|?*]+', " ", record.conversation.title)
    stem = " ".join(plain.split())[:_LONGEST_NAME].strip(" .") or "chat"
    stem = f"{stem}_" if _DEVICES.fullmatch(stem) else stem
    name, number = f"{stem}.{form}", 2
    while name.casefold() in taken:
        name, number = f"{stem} {number}.{form}", number + 1
    taken.add(name.casefold())
    return name


# JSON


def json_lines(records: Iterator[ConversationRecord]) -> Iterator[str]:
    """A JSON document, piece by piece: one conversation is in memory at a time."""
    yield f'{{"format": "{FORMAT}", "version": {VERSION}, "exported_at": {time.time():.3f},\n'
    yield ' "conversations": ['
    for place, record in enumerate(records):
        yield ("," if place else "") + "\n" + json.dumps(_plain(record), ensure_ascii=False)
    yield "\n]}\n"


def _plain(record: ConversationRecord) -> dict[str, Any]:
    chat = record.conversation
    return {
        "uid": record.uid,
        "title": chat.title,
        "title_by": record.title_by.value,
        "created_at": record.created_at,
        "updated_at": record.updated_at,
        "folder": record.folder,
        "pinned": record.pinned,
        "options": options_to_dict(chat.options),
        "shown": chat.leaf_id,
        "messages": [_plain_message(message) for message in chat.messages],
    }


def _plain_message(message: ChatMessage) -> dict[str, Any]:
    return {
        "id": message.id,
        "parent": message.parent_id,
        "role": message.role.value,
        "state": message.state.value,
        "model": message.model,
        "created_at": message.created_at,
        "stats": asdict(message.stats) if message.stats is not None else None,
        "parts": [{"kind": part.kind.value, "body": part.body} for part in message.parts],
    }


# Markdown


def markdown_of(record: ConversationRecord) -> str:
    """The branch that is shown. What people and models wrote stands there as they wrote it."""
    title = " ".join(record.conversation.title.split()) or "Chat"
    pieces = [f"# {title}", f"*{_date(record.created_at)}*"]
    for message in record.conversation.branch():
        pieces.append(f"## {_heading(message)}")
        for part in message.parts:
            if part.kind is PartKind.TEXT:
                pieces.append(part.body)
            elif part.kind is PartKind.REASONING:
                pieces.append("\n".join(f"> {line}".rstrip() for line in part.body.splitlines()))
            elif part.kind is PartKind.IMAGE:
                pieces.append(f"*image: {name_in(part.body)}*")
            elif part.kind is PartKind.FILE:
                pieces.append(_fenced(part.body))
            elif part.kind is PartKind.TOOL_CALL:
                pieces.append(_fenced(f"call.json\n{part.body}"))
    return "\n\n".join(piece.strip("\n") for piece in pieces if piece.strip()) + "\n"


def _fenced(body: str) -> str:
    """A file: its name, then its text between fences that are longer than any in it."""
    name, _, text = body.partition("\n")
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"**{name}**\n\n{fence}\n{text}\n{fence}"


def _heading(message: ChatMessage) -> str:
    who = _WHO[message.role]
    return f"{who} ({' '.join(message.model.split())})" if message.model else who


def _date(at: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(at))
    except (OverflowError, ValueError, OSError):
        return ""


# HTML

_STYLE: Final = """
:root { color-scheme: light dark; --ground: #ffffff; --text: #1c1d21; --muted: #5c6270; --bubble: #edf0f5;
 --code: #f6f8fa; --line: #d9dce1; --link: #2f54c9; }
@media (prefers-color-scheme: dark) { :root { --ground: #1c1d21; --text: #ececf0; --muted: #a2a7b3;
 --bubble: #2a2d33; --code: #141519; --line: #383b42; --link: #8fa8ff; } }
body { background: var(--ground); color: var(--text); margin: 0 auto; max-width: 46rem; padding: 2rem 1.2rem;
 font: 16px/1.6 Inter, system-ui, "Noto Sans CJK SC", "Microsoft YaHei", "PingFang SC", sans-serif;
 overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; margin: 0 0 .2rem; } .date, .who { color: var(--muted); font-size: .85rem; }
article { margin: 1.6rem 0; } article.user { background: var(--bubble); border-radius: 12px;
 padding: .6rem 1rem; }
pre { background: var(--code); border: 1px solid var(--line); border-radius: 8px; overflow: auto;
 padding: .8rem; }
code { font: .9em/1.5 "JetBrains Mono", ui-monospace, monospace; } a { color: var(--link); }
table { border-collapse: collapse; } td, th { border: 1px solid var(--line); padding: .3rem .6rem; }
details { color: var(--muted); margin: .4rem 0; } blockquote { border-left: 3px solid var(--line);
 color: var(--muted); margin-left: 0; padding-left: 1rem; }
"""


def html_of(record: ConversationRecord) -> str:
    """A page of the branch that is shown; nothing in it runs, and nothing is fetched."""
    title = html.escape(record.conversation.title or "Chat")
    messages = "\n".join(_article(message) for message in record.conversation.branch())
    policy = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
    return (
        '<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        f'<h1>{title}</h1>\n<p class="date">{html.escape(_date(record.created_at))}</p>\n{messages}\n'
        "</body>\n</html>\n"
    )


def _article(message: ChatMessage) -> str:
    pieces = [f'<p class="who">{html.escape(_heading(message))}</p>']
    for part in message.parts:
        if part.kind is PartKind.TEXT and message.role is Role.ASSISTANT:
            pieces.append(_rendered(part.body))
        elif part.kind is PartKind.TEXT:
            lines = html.escape(part.body).replace("\n", "<br>\n")
            pieces.append(f"<p>{lines}</p>")
        elif part.kind is PartKind.REASONING:
            pieces.append(f"<details><summary>Thoughts</summary>{_rendered(part.body)}</details>")
        elif part.kind is PartKind.IMAGE and image_in(part.body) is not None:
            source, name = html.escape(part.body), html.escape(name_in(part.body))
            pieces.append(f'<img src="{source}" alt="{name}" style="max-width: 100%; max-height: 24rem">')
        elif part.kind in (PartKind.FILE, PartKind.TOOL_CALL):
            pieces.append(
                _rendered(_fenced(part.body if part.kind is PartKind.FILE else f"call\n{part.body}"))
            )
    return f'<article class="{message.role.value}">\n' + "\n".join(pieces) + "\n</article>"


def _rendered(text: str) -> str:
    """Markdown without its HTML; links only where they lead to the web, images only as their words."""
    reader = (
        MarkdownIt("commonmark", {"html": False}).enable("table").enable("strikethrough").disable("image")
    )
    reader.validateLink = is_safe_link  # type: ignore[method-assign,assignment]
    rendered: str = reader.render(text)
    return rendered.replace("<a ", '<a rel="noreferrer" ')
