"""The text of a PDF, read in a process of its own: a PDF may be made to eat all memory and all time."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Final

from engine.cancellation import CancelToken
from engine.chat.attachments import MOST_CHARACTERS
from engine.errors import AttachmentError

PDF_WORD: Final = "_pdf"
MOST_PDF_BYTES: Final = 256 << 20

_SECONDS: Final = 40.0
_PROCESSOR_S: Final = 30
_MEMORY_BYTES: Final = 1 << 30
_MOST_PAGES: Final = 2000
_MOST_ANSWER: Final = 4 * MOST_CHARACTERS + 4096  # bytes of UTF-8
_WAIT_S: Final = 0.1
_LOCKED, _FAILED = 3, 4  # exit codes; others are deaths


def pdf_text(
    command: Sequence[str], path: Path, token: CancelToken, seconds: float = _SECONDS
) -> tuple[str, int]:
    """(text, number of pages) as the program `command` reads it, which ends in `main` below.

    Raises: AttachmentError, where it is locked, damaged, or takes too much; Cancelled.
    """
    name = path.name
    # Into a file: a pipe would have to be read beside the wait.
    with tempfile.TemporaryFile() as answer, path.open("rb") as pdf:
        process = subprocess.Popen(
            [*command, PDF_WORD], stdin=pdf, stdout=answer, stderr=subprocess.DEVNULL, close_fds=True
        )
        try:
            code = _wait(process, token, seconds)
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        if code == _LOCKED:
            raise AttachmentError.of("attachment_locked", name=name)
        if code not in (0, _FAILED):
            raise AttachmentError.of("attachment_pdf_hungry", name=name)
        return _parse(answer, name, code)


def _wait(process: subprocess.Popen[bytes], token: CancelToken, seconds: float) -> int | None:
    """The exit code; None when the time is over."""
    for _ in range(round(seconds / _WAIT_S)):
        token.raise_if_cancelled()
        with contextlib.suppress(subprocess.TimeoutExpired):
            return process.wait(_WAIT_S)
    return None


def _parse(answer: IO[bytes], name: str, code: int) -> tuple[str, int]:
    answer.seek(0)
    try:
        told = json.loads(answer.read(_MOST_ANSWER).decode("utf-8"))
        if code == _FAILED:
            raise AttachmentError.of("attachment_pdf_failed", name=name, reason=str(told["reason"])[:200])
        text, pages = str(told["text"]), int(told["pages"])
    except (ValueError, KeyError, TypeError) as error:
        raise AttachmentError.of("attachment_pdf_failed", name=name, reason="no answer") from error
    if not text.strip():
        raise AttachmentError.of("attachment_empty", name=name)
    return text, pages


def main() -> int:
    """Reads a PDF from standard input; writes a JSON object. The process is limited before it begins."""
    _limit()
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    out = sys.stdout.buffer
    try:
        reader = PdfReader(sys.stdin.buffer)
        if reader.is_encrypted and not reader.decrypt(""):
            return _LOCKED
        text = _read(reader.pages)
        out.write(json.dumps({"text": text, "pages": len(reader.pages)}).encode("ascii"))
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError) as error:
        # A damaged file leads the library anywhere; what it says goes to the person.
        out.write(json.dumps({"reason": f"{type(error).__name__}: {error}"[:300]}).encode("ascii"))
        return _FAILED
    return 0


def _read(pages: Sequence[object]) -> str:
    pieces: list[str] = []
    room = MOST_CHARACTERS + 1
    for number, page in enumerate(pages):
        if number >= _MOST_PAGES or room <= 0:
            break
        piece = str(page.extract_text()).strip()  # type: ignore[attr-defined]
        pieces.append(piece[:room])
        room -= len(piece) + 2
    return "\n\n".join(filter(None, pieces))


def _limit() -> None:
    """Where the system has such limits; elsewhere the time of the caller is all there is."""
    try:
        import resource
    except ImportError:
        return
    for kind, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES),
        (resource.RLIMIT_CPU, _PROCESSOR_S),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (least, least))
