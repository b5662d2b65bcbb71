"""Images in a conversation become marks in its text, and the marks tokens.

The mark names the image by its digest. So it does not matter what a template does with the text: a turn
that it leaves out takes its images along, and a text that is known already is known with its images.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from engine.chat.image_file import MOST_IMAGES
from engine.errors import UsageError
from engine.runtime.values import IMAGE_MARK, GenerationRequest, Turn
from engine.runtime.worker.vision.pictures import Layout, Sight, place
from engine.runtime.worker.vision.projector import Projector
from engine.runtime.worker.vocabulary import Vocabulary
from engine.runtime.worker.written import Written

_MARK = re.compile(f"{IMAGE_MARK}([0-9a-f]{{32}}){IMAGE_MARK}")
_REPLACEMENT = "\ufffd"
_LINE = "\n"


@dataclass(frozen=True, slots=True)
class Seen:
    """The images of a request, by their digests."""

    files: dict[str, bytes]
    layouts: dict[str, Layout]

    def tokens(self, text: str, vocabulary: Vocabulary, written: Written) -> list[int]:
        """Of a prompt with marks; numbers below zero stand for its pictures."""
        known, rest = written.beginning(text)
        first, *others = _MARK.split(rest)
        begun = vocabulary.tokenize_rest(first) if known and self._has(known) else None
        if begun is not None:
            tokens = known + begun
        else:
            first, *others = _MARK.split(text)
            tokens = vocabulary.tokenize_prompt(first)
        for digest, piece in zip(others[::2], others[1::2], strict=True):
            if digest in self.layouts:  # or it is a text that only looks like a mark
                tokens += self.layouts[digest].tokens
            tokens += vocabulary.tokenize_more(piece)
        if tokens and tokens[-1] < 0:  # what follows on a picture cannot be told
            tokens += vocabulary.tokenize_more(_LINE)
        return tokens

    def _has(self, tokens: list[int]) -> bool:
        """Whether all pictures among them are of these images."""
        ids = {token for layout in self.layouts.values() for token in layout.tokens}
        return all(token >= 0 or token in ids for token in tokens)

    def sight(self, tokens: list[int]) -> Sight | None:
        """None, where the template has left all images out."""
        pictures = [picture for layout in self.layouts.values() for picture in layout.pictures]
        placed = place(tokens, pictures) if pictures else ()
        return Sight(placed, self.files) if placed else None


def see(request: GenerationRequest, projector: Projector) -> tuple[GenerationRequest, Seen]:
    """With a digest at each image's place. Raises: UsageError, for images that cannot be read."""
    count = sum(len(turn.images) for turn in request.turns)
    if count > MOST_IMAGES:
        raise UsageError.of("image_many", count=count, most=MOST_IMAGES)
    files: dict[str, bytes] = {}
    turns = tuple(_marked(turn, projector.digest_of, files) for turn in request.turns)
    layouts = {digest: projector.layout(digest, file) for digest, file in files.items()}
    return replace(request, turns=turns), Seen(files, layouts)


def _marked(turn: Turn, digest_of: Callable[[bytes], str], files: dict[str, bytes]) -> Turn:
    if not turn.images:
        return replace(turn, content=turn.content.replace(IMAGE_MARK, _REPLACEMENT))
    first, *others = turn.content.split(IMAGE_MARK)
    if len(others) != len(turn.images):
        raise UsageError.of("image_places", places=len(others), images=len(turn.images))
    content = first
    for image, text in zip(turn.images, others, strict=True):
        digest = digest_of(image)
        files[digest] = image
        content += f"{IMAGE_MARK}{digest}{IMAGE_MARK}{text}"
    return replace(turn, content=content, images=())
