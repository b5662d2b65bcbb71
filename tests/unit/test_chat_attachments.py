"""Files that are sent with a message: hostile until read, and never able to end their own fence."""

from __future__ import annotations

import re
import sys
import time
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader, PdfWriter

from engine.cancellation import CancelToken
from engine.chat.attachments import MOST_CHARACTERS, attached, decode, files_of, part_of, read_text
from engine.chat.conversation import ChatMessage, MessageState, Part, PartKind, Role
from engine.chat.image_parts import images_of
from engine.chat.pdf_text import pdf_text
from engine.chat.token_guess import guess_tokens
from engine.errors import AttachmentError, Cancelled, UsageError
from engine.jobs.room import turns_of
from engine.jobs.writing import read_file
from engine.runtime.values import IMAGE_MARK
from tests.pictures import png

ROOT = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, str(ROOT / "deskside.py"))


def message(*parts: Part) -> ChatMessage:
    return ChatMessage(1, None, Role.USER, parts, MessageState.COMPLETE, 0.0)


def make_pdf(content: bytes, filters: bytes = b"") -> bytes:
    """One page with that stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents 4 0 R"
        b" /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>",
        b"<< /Length %d %s >>\nstream\n%s\nendstream" % (len(content), filters, content),
    ]
    body, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, each)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer << /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % len(body)
    return body + b"xref\n0 5\n0000000000 65535 f \n" + table + end


def words_pdf(words: bytes) -> bytes:
    return make_pdf(b"BT /F1 12 Tf 72 700 Td (%s) Tj ET" % words)


def bomb_pdf() -> bytes:
    """A page of some kilobytes that unfolds to gigabytes."""
    packed = zlib.compress(b" " * (64 << 20), 9)
    for _ in range(2):
        packed = zlib.compress(packed * 40, 9)
    return make_pdf(packed, b"/Filter [/FlateDecode /FlateDecode /FlateDecode]")


@pytest.mark.parametrize(
    "data",
    [
        "naïve 你好".encode(),
        "naïve 你好".encode("utf-8-sig"),
        "naïve 你好".encode("utf-16"),
        "你好".encode("gb18030"),
    ],
)
def test_text_is_read_in_the_encoding_it_was_written_in(data: bytes) -> None:
    assert decode(data, "a.txt").endswith("你好")


@pytest.mark.parametrize(
    "data", [b"\x00\x01\x02", b"\x89PNG\r\n\x1a\n\x00\x00", b"\xff\xfe\x00", bytes(range(256))]
)
def test_what_is_no_text_is_refused(data: bytes) -> None:
    with pytest.raises(AttachmentError):
        decode(data, "a.bin")


def test_names_are_one_line_and_without_folders() -> None:
    assert attached("../../etc/pass\nwd", "x").name == "pass wd"
    assert attached("C:\\Users\\me\\a.py", "x").name == "a.py"
    assert len(attached("n" * 500 + ".py", "x").name) < 130
    assert attached("", "x").name == "?"


def test_what_is_too_long_is_cut_and_says_so() -> None:
    file = attached("a.txt", "y" * (MOST_CHARACTERS + 5))
    assert file.cut and len(file.text) == MOST_CHARACTERS
    assert not attached("a.txt", "a\r\n" * 10).cut


def test_the_model_reads_the_file_and_then_the_words() -> None:
    sent = message(part_of(attached("a.py", "print(1)\n")), Part(PartKind.TEXT, "What is this?"))
    assert read_text(sent) == "File: a.py\n```py\nprint(1)\n```\n\nWhat is this?"
    assert [file.name for file in files_of(sent)] == ["a.py"]
    assert read_text(message(Part(PartKind.TEXT, "plain"))) == "plain"


@given(st.text(st.sampled_from("`a\n "), max_size=60))
def test_a_file_cannot_end_its_own_fence(text: str) -> None:
    read = read_text(message(part_of(attached("a.md", text))))
    fence = read.split("\n")[-1]
    assert re.fullmatch("`{3,}", fence)
    inside = read.split("\n", 2)[2].rsplit("\n", 1)[0]
    assert fence not in inside


def test_a_pdf_is_read_in_a_process_of_its_own(tmp_path: Path) -> None:
    path = tmp_path / "report.pdf"
    path.write_bytes(words_pdf(b"Revenue grew by 7 percent"))
    file = read_file(COMMAND, path, CancelToken())
    assert (file.name, file.text, file.pages) == ("report.pdf", "Revenue grew by 7 percent", 1)


def test_a_pdf_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    path = tmp_path / "report.txt"
    path.write_bytes(words_pdf(b"words"))
    assert read_file(COMMAND, path, CancelToken()).text == "words"


def test_a_locked_pdf_says_so(tmp_path: Path) -> None:
    plain, path = tmp_path / "plain.pdf", tmp_path / "locked.pdf"
    plain.write_bytes(words_pdf(b"secret"))
    writer = PdfWriter(clone_from=PdfReader(plain))
    writer.encrypt("password", algorithm="RC4-128")
    writer.write(path)
    assert refusal(path) == "attachment_locked"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"%PDF-1.7\ngarbage", "attachment_pdf_failed"),
        (words_pdf(b"x")[:150], "attachment_pdf_failed"),
        (make_pdf(b""), "attachment_empty"),
        (b"", "attachment_empty"),
        (b"   \n", "attachment_empty"),
    ],
)
def test_damaged_and_empty_files_are_refused(tmp_path: Path, data: bytes, code: str) -> None:
    path = tmp_path / "bad.pdf"
    path.write_bytes(data)
    assert refusal(path) == code


def test_a_pdf_that_unfolds_to_gigabytes_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pdf"
    path.write_bytes(bomb_pdf())
    assert path.stat().st_size < 1 << 20
    refused = ("attachment_pdf_hungry", "attachment_pdf_failed", "attachment_empty")
    assert refusal(path) in refused  # the library has a limit of its own, and may pass the page over


@pytest.mark.skipif(sys.platform == "win32", reason="no such limits there")
def test_the_reader_gets_no_more_memory_than_it_may_have(tmp_path: Path) -> None:
    path = tmp_path / "hungry.pdf"
    path.write_bytes(words_pdf(b"x"))
    eat = "from engine.chat.pdf_text import _limit; _limit(); bytearray(2 << 30); print('{}')"
    with pytest.raises(AttachmentError) as failure:
        pdf_text((sys.executable, "-c", eat), path, CancelToken())
    assert failure.value.message.code == "attachment_pdf_hungry"


def test_a_reader_that_does_not_end_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "slow.pdf"
    path.write_bytes(words_pdf(b"x"))
    slow = (sys.executable, "-c", "import time; time.sleep(60)")
    began = time.monotonic()
    with pytest.raises(AttachmentError) as failure:
        pdf_text(slow, path, CancelToken(), seconds=0.5)
    assert failure.value.message.code == "attachment_pdf_hungry"
    assert time.monotonic() - began < 30
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        pdf_text(slow, path, token)


def test_folders_and_devices_are_no_files(tmp_path: Path) -> None:
    assert refusal(tmp_path) == "attachment_unreadable"
    assert refusal(Path("/dev/zero")) == "attachment_unreadable"


def refusal(path: Path) -> str:
    with pytest.raises(AttachmentError) as failure:
        read_file(COMMAND, path, CancelToken())
    return failure.value.message.code


def test_the_guess_of_tokens_is_near_for_words_and_code() -> None:
    """Against SmolLM2's own count, once: 3,709 tokens where 3,474 are guessed for a module of ours."""
    words = "Rooms. Code goes where its idea lives; if an import contract breaks, the shape is wrong. " * 100
    assert 1700 < guess_tokens(words) < 2700
    assert guess_tokens("") == 0
    assert guess_tokens("好" * 400) == 300
    assert guess_tokens("word " * 1_000_000) == pytest.approx(5 * guess_tokens("word " * 200_000), rel=0.01)


def test_images_are_parts_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "my cat.png"
    path.write_bytes(png(seed=3))
    file = read_file((), path, CancelToken())
    assert (file.name, file.text, file.tokens) == ("my cat.png", "", 0)
    sent = message(part_of(file), part_of(attached("a.txt", "x")), Part(PartKind.TEXT, "What is it?"))
    assert read_text(sent) == "File: a.txt\n```txt\nx\n```\n\nWhat is it?"
    assert [each.name for each in files_of(sent)] == ["my cat.png", "a.txt"]
    assert images_of(sent) == (png(seed=3),)
    (turn,) = turns_of((sent,))
    assert turn.images == (png(seed=3),)
    assert turn.content.startswith(IMAGE_MARK) and turn.content.count(IMAGE_MARK) == 1
    path.write_bytes(png()[:-9])
    with pytest.raises(UsageError):
        read_file((), path, CancelToken())


@pytest.mark.parametrize(
    "body",
    ["", "https://example.com/a.png", "data:image/png;base64,QUJD", "data:image/png;base64,###",
     "data:text/html,x", "data:image/svg+xml;base64,PHN2Zz4=",
     f"data:image/png;name={'%0A' * 400};base64,QUJD"],
)  # fmt: skip
def test_parts_of_foreign_chats_that_are_no_images_are_not_read(body: str) -> None:
    sent = message(Part(PartKind.IMAGE, body), Part(PartKind.TEXT, f"Look{IMAGE_MARK}"))
    assert images_of(sent) == ()
    (turn,) = turns_of((sent,))
    assert turn.images == ()
    (file,) = files_of(sent)
    assert "\n" not in file.name and len(file.name) <= 120
