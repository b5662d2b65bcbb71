"""How texts are cut into words for the search: what is written and what is looked for, in the same way.

SQLite's own tokenizer cuts at spaces and signs, which Chinese and Japanese do without. So every run of
their characters is written as overlapping pairs: 人工智能
becomes 人工 工智 智能. Any two characters or more are then found as pairs in a row; for single ones the
index keeps beside them which there are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

# Han with its extensions, kana, hangul, bopomofo.
_CJK: Final = (
    "\u2e80-\u2fdf\u3005-\u3007\u3021-\u3029\u3038-\u303b\u3041-\u3096\u309d-\u309f\u30a1-\u30fa\u30fc-\u30ff"
    "\u3105-\u312f\u3131-\u318e\u31a0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97f\uac00-\ud7ff\uf900-\ufaff"
    "\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
_RUN: Final = re.compile(f"[{_CJK}]+")
_PIECE: Final = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+")
_QUOTED: Final = re.compile(r'["“”„«»]([^"“”„«»]*)["“”„«»]')
MOST_TERMS: Final = 24
_LONGEST: Final = 1000  # characters of a query
_SHORTEST_BEGINNING: Final = 3  # characters of a word that goes on; less begins too many words


@dataclass(frozen=True, slots=True)
class Term:
    """Words in a row that have to stand so in the text; the last one may go on where `open` is true."""

    words: tuple[str, ...]
    open: bool = False


def folded(text: str) -> str:
    """Without the differences that nobody looks for: width, case. Length may change."""
    return unicodedata.normalize("NFKC", text).casefold()


def bare(text: str) -> str:
    """Folded, and without accents, as the index compares."""
    text = folded(text)
    if text.isascii():
        return text
    return "".join(
        letter for letter in unicodedata.normalize("NFKD", text) if not unicodedata.combining(letter)
    )


def index_text(text: str) -> str:
    """The words of a text as the index reads them, with spaces between."""
    return _RUN.sub(_spread, folded(text))


def index_singles(text: str) -> str:
    """Every character of a text that may be a word by itself, once."""
    return " ".join(sorted(set("".join(_RUN.findall(folded(text))))))


def terms_of(query: str) -> tuple[Term, ...]:
    """What has to be in a text, in any order; "quoted words" in that order. The last word of a query that
    is being typed may go on. Empty where there is no word in it."""
    query = folded(query[:_LONGEST])
    found = [Term(words) for quoted in _QUOTED.findall(query) if (words := tuple(_PIECE.findall(quoted)))]
    rest = _QUOTED.sub(" ", query)
    pieces = _PIECE.findall(rest)
    typing = bool(rest) and not rest[-1].isspace()
    for place, piece in enumerate(pieces):
        found.append(Term((piece,), open=typing and place == len(pieces) - 1))
    return tuple(dict.fromkeys(found))[:MOST_TERMS]


def match_of(terms: tuple[Term, ...]) -> str:
    """The terms as a query of FTS5 over the columns `body` and `singles`."""
    return " AND ".join(_phrase(term) for term in terms)


def _phrase(term: Term) -> str:
    # Nothing but letters, digits and marks is in there: quotes cannot be closed from inside.
    if len(term.words) == 1 and len(term.words[0]) == 1 and _RUN.fullmatch(term.words[0]):
        return f'singles : "{term.words[0]}"'
    words: list[str] = []
    for word in term.words:
        words += _pairs(word) if _RUN.fullmatch(word) else [word]
    goes_on = term.open and len(term.words[-1]) >= _SHORTEST_BEGINNING
    return f'body : "{" ".join(words)}"{" *" if goes_on else ""}'


def _pairs(run: str) -> list[str]:
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def _spread(found: re.Match[str]) -> str:
    return f" {' '.join(_pairs(found[0]))} "
