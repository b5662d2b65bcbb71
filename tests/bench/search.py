"""How fast the search through all conversations is, and what its index costs.

    python -m tests.bench.search [--messages 100000] [--keep FOLDER]

Writes that many messages, a third of them Chinese, with words as frequent as in real texts, reads them
into the index, and looks for rare, common, half-typed, quoted and Chinese words. Prints medians and the
99th of a hundred; every look includes reading what is new, the passages and the marks.
"""

from __future__ import annotations

import argparse
import contextlib
import itertools
import random
import sqlite3
import tempfile
import time
from pathlib import Path

from engine.chat.search_index import SearchIndex
from engine.chat.store import ChatStore

_IN_A_CHAT = 20
_ENGLISH = 30_000  # different words
_CHINESE = 3_500  # different characters
_ROUNDS = 40
_RARE = "zyxwvuts"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=100_000)
    parser.add_argument("--keep", default="", help="where the database is made, and found the next time")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(given.keep or stack.enter_context(tempfile.TemporaryDirectory()))
        folder.mkdir(parents=True, exist_ok=True)
        bench(folder, given.messages)


def bench(folder: Path, messages: int) -> None:
    chats = folder / "chats.sqlite3"
    if not chats.exists():
        write_messages(chats, messages)
    began = time.perf_counter()
    ChatStore(chats).close()
    print(f"open and look through the database: {1000 * (time.perf_counter() - began):.0f} ms")
    index = SearchIndex(folder / "search.sqlite3", chats)
    began = time.perf_counter()
    longest = 0.0
    while True:
        step = time.perf_counter()
        left = index.catch_up(0.2)
        longest = max(longest, time.perf_counter() - step)
        if not left:
            break
    print(f"read into the index: {time.perf_counter() - began:.1f} s, in steps of at most {longest:.2f} s")
    sizes = (chats.stat().st_size / 2**20, (folder / "search.sqlite3").stat().st_size / 2**20)
    print(f"size of the chats, of the index: {sizes[0]:.0f}, {sizes[1]:.0f} MiB")
    all_times: list[float] = []
    for name, queries in QUERIES.items():
        times = []
        for query in itertools.islice(itertools.cycle(queries), _ROUNDS):
            began = time.perf_counter()
            index.catch_up(0.02)
            found = index.look_for(query)
            times.append(1000 * (time.perf_counter() - began))
        all_times += times
        print(f"{name:<28} {spread(times)}   ({found.messages} shown{', more' if found.more else ''})")
    print(f"{'all':<28} {spread(all_times)}")
    index.close()


def spread(times: list[float]) -> str:
    ordered = sorted(times)
    last = len(ordered) - 1
    return (
        f"median {ordered[last // 2]:5.1f}  p99 {ordered[last * 99 // 100]:5.1f}  max {ordered[last]:5.1f} ms"
    )


def english_words() -> list[str]:
    rng = random.Random(1)
    syllables = [a + b for a in "bcdfglmnprst" for b in "aeiou"]
    return ["the", "of", "and"] + [
        "".join(rng.choices(syllables, k=rng.randint(1, 4))) for _ in range(_ENGLISH)
    ]


def chinese_characters() -> list[str]:
    return [chr(0x4E00 + n) for n in range(_CHINESE)]


_WORDS = english_words()
_CHARACTERS = chinese_characters()
QUERIES: dict[str, list[str]] = {
    "a rare word": [_RARE],
    "a word in every tenth": [_WORDS[60], _WORDS[80]],
    "the most common word": ["the"],
    "two common words": [f"the {_WORDS[5]}", f"of {_WORDS[9]}"],
    "half-typed, 1 letter": ["b", "s"],
    "half-typed, 2 letters": ["ba", "so"],
    "half-typed, 4 letters": [_WORDS[500][:4], _WORDS[900][:4]],
    "nothing there": ["qqqqqq xxxxxx"],
    "quoted": [f'"the {_WORDS[7]}"', f'"of the {_WORDS[5]}"'],
    "2 Chinese characters": [_CHARACTERS[3] + _CHARACTERS[9], _CHARACTERS[200] + _CHARACTERS[40]],
    "4 Chinese characters": ["".join(_CHARACTERS[n] for n in (3, 9, 1, 4))],
    "1 Chinese character": [_CHARACTERS[2], _CHARACTERS[900]],
}


def write_messages(path: Path, count: int) -> None:
    """Straight into the tables, which is quicker than one transaction for each."""
    store = ChatStore(path)
    store.close()
    rng = random.Random(2)
    by_rank = [1 / (n + 3) for n in range(len(_WORDS))]
    by_character = [1 / (n + 8) for n in range(len(_CHARACTERS))]
    chats = count // _IN_A_CHAT
    began = time.perf_counter()
    with contextlib.closing(sqlite3.connect(path)) as db, db:
        for chat in range(1, chats + 1):
            title = " ".join(rng.choices(_WORDS, by_rank, k=4))
            db.execute(
                "INSERT INTO conversations(id, title, created_at, updated_at, uid) VALUES (?, ?, ?, ?, ?)",
                (chat, title, chat, chat, str(chat)),
            )
        for id_ in range(1, count + 1):
            if id_ % 3 == 0:
                length = min(600, int(rng.lognormvariate(4.3, 0.9)) + 2)
                characters = rng.choices(_CHARACTERS, by_character, k=length)
                body = "，".join("".join(characters[at : at + 11]) for at in range(0, length, 11))
            else:
                words = rng.choices(_WORDS, by_rank, k=min(1500, int(rng.lognormvariate(4.2, 1.0)) + 2))
                body = " ".join(words)
            if id_ % 4999 == 0:
                body += f" {_RARE}"
            role = "assistant" if id_ % 2 else "user"
            at = 1.6e9 + 100 * id_
            db.execute(
                "INSERT INTO messages(id, conversation_id, parent_id, role, state, writer, model, created_at,"
                " revision) VALUES (?, ?, NULL, ?, 'complete', '', 'm', ?, ?)",
                (id_, (id_ - 1) // _IN_A_CHAT + 1, role, at, id_),
            )
            db.execute("INSERT INTO parts VALUES (?, 0, 'text', ?)", (id_, body))
        db.execute("UPDATE marks SET value = ? WHERE name IN ('message', 'revision')", (count,))
        db.execute("UPDATE marks SET value = ? WHERE name = 'conversation'", (chats,))
    print(f"{count:,} messages in {chats:,} conversations written in {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()
