"""Files that say they are images."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.image_file import MOST_BYTES, MOST_PIXELS, ImageFacts, look_at_image
from engine.errors import UsageError
from tests.pictures import bomb, png, png_of

WHOLE = png(40, 30)


def jpeg(width: int = 40, height: int = 30, thumbnail: bytes = b"") -> bytes:
    """Markers as cameras write them; what lies between scan and end is not looked at."""
    exif = b"Exif\0\0" + thumbnail
    app = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    scan = b"\xff\xda" + struct.pack(">H", 12) + bytes(10)
    return b"\xff\xd8" + app + frame + scan + b"pixels\xff\x00more\xff\xd9"


def code_of(data: bytes) -> str:
    with pytest.raises(UsageError) as caught:
        look_at_image(data)
    return caught.value.message.code


def test_what_an_image_says_of_itself() -> None:
    assert look_at_image(WHOLE) == ImageFacts("png", 40, 30)
    assert look_at_image(jpeg()) == ImageFacts("jpeg", 40, 30)
    assert look_at_image(b"GIF89a" + struct.pack("<HH", 40, 30) + b"\0\0\0;") == ImageFacts("gif", 40, 30)


def test_no_image() -> None:
    for data in (b"", b"%PDF-1.7", b"RIFF\0\0\0\0WEBPVP8 ", b"<svg/>", b"BM" + bytes(60), b"\x89PNG"):
        assert code_of(data) == "image_unknown"


def test_a_thumbnail_does_not_stand_in_for_a_lost_end() -> None:
    whole = jpeg(thumbnail=jpeg(4, 3))
    assert look_at_image(whole) == ImageFacts("jpeg", 40, 30)
    assert code_of(whole[:-4]) == "image_damaged"


def test_bombs_are_told_by_what_they_say() -> None:
    large = bomb()
    assert len(large) < 200_000
    assert code_of(large) == "image_pixels"
    assert code_of(jpeg(65_535, 65_535)) == "image_pixels"
    assert code_of(WHOLE + bytes(MOST_BYTES)) == "image_bytes"
    side = int(MOST_PIXELS**0.5)
    assert look_at_image(jpeg(side, side)).width == side


def test_none_without_pixels() -> None:
    assert code_of(jpeg(0, 30)) == "image_damaged"
    assert code_of(png_of((b"IHDR", bytes(13)), (b"IEND", b""))) == "image_damaged"


@given(cut=st.integers(0, len(WHOLE) - 1))
def test_a_png_that_is_cut_is_none(cut: int) -> None:
    assert code_of(WHOLE[:cut]) in ("image_damaged", "image_unknown")


@given(at=st.integers(8, len(WHOLE) - 1), value=st.integers(0, 255))
def test_a_png_of_which_a_byte_has_changed_is_none(at: int, value: int) -> None:
    changed = WHOLE[:at] + bytes([value]) + WHOLE[at + 1 :]
    if changed != WHOLE:
        assert code_of(changed) in ("image_damaged", "image_pixels")


@given(head=st.sampled_from([WHOLE[:8], b"\xff\xd8\xff", b"GIF89a"]), rest=st.binary(max_size=200))
def test_whatever_follows_there_is_a_sentence_or_a_size(head: bytes, rest: bytes) -> None:
    try:
        facts = look_at_image(head + rest)
    except UsageError:
        return
    assert 0 < facts.width * facts.height <= MOST_PIXELS
