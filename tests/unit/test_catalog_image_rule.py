"""How many tokens an image becomes, by a projector's header."""

from __future__ import annotations

from pathlib import Path

import gguf
import pytest

from engine.catalog.gguf_file import read_file_header
from engine.catalog.image_rule import ImageRule, image_rule
from tests.pictures import GEMMA3, JANUS, PATCHES, QWEN2VL, write_projector

QWEN = ImageRule(cell=28, fewest=8, most=4096)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (JANUS, ImageRule(8, PATCHES, PATCHES)),
        (GEMMA3, ImageRule(16, PATCHES // 4, PATCHES // 4)),
        (QWEN2VL, ImageRule(16, 8, 4096)),
    ],
)
def test_a_header_tells_the_rule_of_its_kind(tmp_path: Path, kind: str, rule: ImageRule) -> None:
    assert image_rule(read_file_header(write_projector(tmp_path / "mmproj.gguf", kind))) == rule


@pytest.mark.parametrize(
    ("size", "tokens"),
    [
        ((28, 28), 8 + 1),  # made larger, to 3 x 3
        ((280, 280), 100),
        ((294, 280), 110),  # 10.5 tokens wide: halves are rounded up, not to even
        ((266, 280), 100),  # 9.5
        ((1920, 1080), 69 * 39),
        ((8000, 6000), 73 * 55),  # made smaller, to what is taken at most
        ((10_000, 10), 357),  # narrow ones keep a line
    ],
)
def test_an_image_in_its_own_size(size: tuple[int, int], tokens: int) -> None:
    assert QWEN.tokens(*size) == tokens


def test_tokens_around_and_at_the_ends_of_rows() -> None:
    rule = ImageRule(cell=16, fewest=8, most=1024, row_ends=True, around=3)
    assert rule.tokens(160, 80) == 50 + 4 + 3
    assert ImageRule(14, 256, 256, around=2).tokens(1, 9000) == 258


@pytest.mark.parametrize(
    "values",
    [
        {"projector_type": "resampler", "patch_size": 14, "image_size": 448},
        {"projector_type": "janus_pro", "patch_size": 0, "image_size": 384},
        {"projector_type": "janus_pro", "patch_size": 16},
        {"projector_type": "gemma3", "patch_size": 14, "image_size": 1 << 30},
        {"projector_type": "pixtral", "patch_size": 14, "spatial_merge_size": 1 << 20},
        {"patch_size": 14, "image_size": 448},
    ],
)
def test_of_what_is_not_known_or_makes_no_sense_nothing_is_told(
    tmp_path: Path, values: dict[str, int | str]
) -> None:
    path = tmp_path / "mmproj.gguf"
    writer = gguf.GGUFWriter(path, "clip")
    for name, value in values.items():
        if isinstance(value, str):
            writer.add_string(f"clip.{name}", value)
        else:
            writer.add_uint32(f"clip.vision.{name}", value)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    assert image_rule(read_file_header(path)) is None
