"""How many tokens a projector makes of an image: by its header, and by the image's width and height.

So does llama.cpp's multimodal library (clip.cpp, mtmd-image.cpp), which computes sizes in single precision.
Kinds that cut an image into tiles have no rule here: of them nothing is told rather than something wrong.
"""

from __future__ import annotations

import math
import struct
from dataclasses import dataclass
from typing import Final

from engine.catalog.gguf_header import GgufHeader

_LARGEST: Final = 4096  # of a side in pixels or patches; what is above it is no header to believe
_ROW_ENDS: Final = "v.token_embd.img_break"
# Key of the patches that become one token, by width and by height, and how many where it is missing.
_MERGED: Final = {
    "janus_pro": ("", 1),
    "gemma3": ("projector.scale_factor", 4),
    "qwen2vl_merger": ("spatial_merge_size", 2),
    "qwen2.5vl_merger": ("spatial_merge_size", 2),
    "qwen3vl_merger": ("spatial_merge_size", 2),
    "glm4v": ("spatial_merge_size", 2),
    "pixtral": ("spatial_merge_size", 1),
    "kimivl": ("projector.scale_factor", 1),
    "gemma4v": ("projector.scale_factor", 3),
}
# Kinds that take images in their own size: the fewest and the most tokens that they make of one.
_LIMITS: Final = {
    "qwen2vl_merger": (8, 4096),
    "qwen2.5vl_merger": (8, 4096),
    "qwen3vl_merger": (8, 4096),
    "glm4v": (8, 4096),
    "pixtral": (8, 1024),
    "kimivl": (8, 1024),
    "gemma4v": (70, 1120),
}


@dataclass(frozen=True, slots=True)
class ImageRule:
    """`fewest` and `most` tokens of a picture; the same where all images are made equally large."""

    cell: int  # pixels of a token's width and height
    fewest: int
    most: int
    row_ends: bool = False  # a token more at the end of each row but the last
    around: int = 0  # tokens in front of a picture and behind it; a model's vocabulary tells

    def tokens(self, width: int, height: int) -> int:
        """Of an image of so many pixels, both above zero."""
        if self.fewest == self.most:
            return self.most + self.around
        wide, high = self._cells(width, height)
        return wide * high + (high - 1 if self.row_ends else 0) + self.around

    def _cells(self, width: int, height: int) -> tuple[int, int]:
        """As many as its size has, or as fit between the limits; its proportions are kept."""
        wide, high = (max(1, math.floor(_single(side / self.cell) + 0.5)) for side in (width, height))
        area = _single(width * height)
        if wide * high > self.most:
            scale = _single(math.sqrt(_single(area / (self.most * self.cell**2))))
            return max(1, math.floor(self._of(width / scale))), max(1, math.floor(self._of(height / scale)))
        if wide * high < self.fewest:
            scale = _single(math.sqrt(_single(self.fewest * self.cell**2 / area)))
            return math.ceil(self._of(width * scale)), math.ceil(self._of(height * scale))
        return wide, high

    def _of(self, side: float) -> float:
        return _single(_single(side) / self.cell)


def image_rule(header: GgufHeader) -> ImageRule | None:
    """None for a kind whose pictures are not known, or a header that makes no sense. `around` is 0."""
    kind = header.metadata.get("clip.vision.projector_type", header.metadata.get("clip.projector_type"))
    if not isinstance(kind, str) or kind not in _MERGED:
        return None
    key, usual = _MERGED[kind]
    merged = _number(header, key, usual) if key else usual
    image, patch = _number(header, "image_size", 0), _number(header, "patch_size", 0)
    if not merged or not patch:
        return None
    if kind in _LIMITS:
        fewest, most = _LIMITS[kind]
        row_ends = kind == "pixtral" and any(tensor.name == _ROW_ENDS for tensor in header.tensors)
        return ImageRule(patch * merged, fewest, most, row_ends)
    tokens = (image // patch) ** 2 // merged**2
    return ImageRule(patch * merged, tokens, tokens) if tokens else None


def _number(header: GgufHeader, name: str, usual: int) -> int:
    """0 for what is no size."""
    value = header.metadata.get(f"clip.vision.{name}", usual)
    return value if type(value) is int and 0 < value <= _LARGEST else 0


def _single(value: float) -> float:
    return float(struct.unpack("f", struct.pack("f", value))[0])
