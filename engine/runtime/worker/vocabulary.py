"""Text to tokens and tokens to bytes, by the model's own vocabulary."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from typing import Any

from engine.chat.reasoning import CLOSE_TAG, OPEN_TAG
from engine.runtime.worker.plain_text import MARK, PlainText

_FIRST_PIECE_BYTES = 256
_CONTROL_OR_UNKNOWN = 8 | 1  # llama.h: LLAMA_TOKEN_ATTR_CONTROL, LLAMA_TOKEN_ATTR_UNKNOWN
_LINE = "\n"


class Vocabulary:
    """Belongs to a loaded model and lives no longer than it."""

    def __init__(self, llama: Any, model: Any) -> None:
        self._llama = llama
        self.pointer = llama.llama_model_get_vocab(model)
        self.size = int(llama.llama_vocab_n_tokens(self.pointer))
        self.beginning = int(llama.llama_vocab_bos(self.pointer))  # -1 without one
        self.end = int(llama.llama_vocab_eos(self.pointer))
        self._adds_beginning = bool(llama.llama_vocab_get_add_bos(self.pointer)) and self.beginning >= 0
        self.known: dict[int, bytes | None] = {}  # what `answer_bytes` found out
        self._ends: tuple[int, ...] | None = None
        self._plain: PlainText | None = None
        # Some models make these tags control tokens, which are otherwise not shown.
        self._shown = {self._single(OPEN_TAG), self._single(CLOSE_TAG)} - {None}

    def show(self, texts: tuple[str, ...]) -> None:
        """From now on these control tokens are written like text; called before the first answer."""
        self._shown |= {self._single(text) for text in texts} - {None}

    @property
    def plain(self) -> PlainText:
        """Keeps people's words apart from control tokens. The thinking tags are left as they are:
        templates look for them in the answers that they are given."""
        if self._plain is None:
            attribute = self._llama.llama_vocab_get_attr
            control = (
                token for token in range(self.size) if attribute(self.pointer, token) & _CONTROL_OR_UNKNOWN
            )
            texts = {self.text_of(token) for token in control} - {OPEN_TAG, CLOSE_TAG}
            self._plain = PlainText(sorted(texts))
        return self._plain

    def tokenize_prompt(self, text: str) -> list[int]:
        """With special tokens recognised except at marks, and exactly one BOS where the model wants one."""
        tokens = self._tokenize_parts(text)
        if self._adds_beginning and tokens[:1] != [self.beginning]:
            tokens.insert(0, self.beginning)
        return tokens

    def tokenize_rest(self, text: str) -> list[int] | None:
        """What follows on tokens that are known. None where that cannot be told from the text alone: only at
        a control token do tokens never reach across."""
        tokens = self._tokenize_parts(text)
        begins = not text or (tokens and self._llama.llama_vocab_is_control(self.pointer, tokens[0]))
        return tokens if begins else None

    def tokenize_more(self, text: str) -> list[int]:
        """Of a prompt, what follows on something else than text: special tokens are recognised."""
        return self._tokenize_parts(text) if text else []

    def tokenize_text(self, text: str) -> list[int]:
        """Plain text as the model was trained to read it, with the special tokens around it."""
        return self._tokenize(text, around=True, parse=False)

    def bytes_of(self, token: int) -> bytes:
        """What the token adds to an answer; nothing for control tokens."""
        shown = token in self._shown or not self._llama.llama_vocab_is_control(self.pointer, token)
        return self._render(token) if shown else b""

    def answer_bytes(self, token: int) -> bytes | None:
        """As `bytes_of`; None for a token that ends the answer."""
        try:
            return self.known[token]
        except KeyError:
            raw = None if self.ends_answer(token) else self.bytes_of(token)
            self.known[token] = raw
            return raw

    def text_of(self, token: int) -> str:
        """The token as the chat template writes it; "" for -1 (no such token)."""
        return self._render(token).decode("utf-8", "replace") if 0 <= token < self.size else ""

    def ends_answer(self, token: int) -> bool:
        return bool(self._llama.llama_vocab_is_eog(self.pointer, token))

    def end_tokens(self) -> tuple[int, ...]:
        """Those that end an answer."""
        if self._ends is None:
            self._ends = tuple(token for token in range(self.size) if self.ends_answer(token))
        return self._ends

    def texts(self) -> Iterator[tuple[int, bytes]]:
        """The tokens that write something, with their bytes; control tokens are mostly not among them."""
        for token in range(self.size):
            raw = self.bytes_of(token)
            if raw and not self.ends_answer(token):
                yield token, raw

    def single(self, text: str) -> int | None:
        """The one token that is that text; None if it takes several."""
        return self._single(text)

    def _tokenize_parts(self, text: str) -> list[int]:
        first, *others = text.split(MARK)
        tokens = self._tokenize(first)
        for part in others:
            tokens += self._tokenize_inside(part)
        return tokens

    def _tokenize_inside(self, text: str) -> list[int]:
        """Of a text that goes on within a line: some vocabularies put a space before a text's beginning."""
        line, whole = self._tokenize(_LINE), self._tokenize(_LINE + text)
        return whole[len(line) :] if whole[: len(line)] == line else self._tokenize(text)

    def _tokenize(self, text: str, *, around: bool = False, parse: bool = True) -> list[int]:
        raw = text.encode("utf-8", "replace")  # lone surrogates can come from a clipboard
        room = len(raw) + 8
        tokens = (ctypes.c_int32 * room)()
        count = self._llama.llama_tokenize(self.pointer, raw, len(raw), tokens, room, around, parse)
        if count < 0:
            room = -count
            tokens = (ctypes.c_int32 * room)()
            count = self._llama.llama_tokenize(self.pointer, raw, len(raw), tokens, room, around, parse)
        return list(tokens[:count])

    def _single(self, text: str) -> int | None:
        tokens = self._tokenize(text)
        return tokens[0] if len(tokens) == 1 else None

    def _render(self, token: int) -> bytes:
        # A buffer of its own: requests are tokenized in one thread while answers are written in another.
        piece = ctypes.create_string_buffer(_FIRST_PIECE_BYTES)
        length = self._to_piece(token, piece)
        if length < 0:
            piece = ctypes.create_string_buffer(-length)
            length = self._to_piece(token, piece)
        return piece.raw[:length]

    def _to_piece(self, token: int, piece: Any) -> int:
        return int(self._llama.llama_token_to_piece(self.pointer, token, piece, len(piece), 0, True))
