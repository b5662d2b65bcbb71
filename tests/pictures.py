"""Images made on the spot, and projectors with random weights for models that are to see them.

    path = write_projector(folder / "mmproj-toy.gguf", width=576)    # for SmolLM2
    question = Turn("user", f"What is this? {IMAGE_MARK}", images=(png(seed=1),))

What a model makes of such an image is noise, but another noise for every image, and the same for the same.
"""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import gguf
import numpy as np

_INNER, _FORWARD, _LAYERS, _HEADS, _MERGE = 64, 128, 2, 4, 2
IMAGE_SIZE, PATCH_SIZE = 64, 8
PATCHES = (IMAGE_SIZE // PATCH_SIZE) ** 2
JANUS, GEMMA3, QWEN2VL = "janus_pro", "gemma3", "qwen2vl_merger"
# Tokens that an image of the size that a projector wants becomes.
TOKENS = {JANUS: PATCHES, GEMMA3: PATCHES // 4}
SMOLLM2_WIDTH = 576


def png(width: int = 64, height: int = 64, seed: int = 0) -> bytes:
    """Coarse coloured noise, so that other sizes of it look alike and other seeds do not."""
    random = np.random.default_rng(seed)
    coarse = random.integers(0, 256, (4, 4, 3), np.uint8)
    rows = coarse[np.arange(height) * 4 // height][:, np.arange(width) * 4 // width]
    raw = b"".join(b"\0" + row.tobytes() for row in rows)
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return png_of((b"IHDR", head), (b"IDAT", zlib.compress(raw)), (b"IEND", b""))


def png_of(*chunks: tuple[bytes, bytes]) -> bytes:
    parts = [b"\x89PNG\r\n\x1a\n"]
    for name, body in chunks:
        parts.append(struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body)))
    return b"".join(parts)


def bomb(width: int = 30_000, height: int = 30_000) -> bytes:
    """A few kilobytes that say they are that large, and would be: all black."""
    head = struct.pack(">IIBBBBB", width, height, 1, 0, 0, 0, 0)
    packed = zlib.compressobj(9)
    line = bytes(1 + width // 8)
    body = b"".join(packed.compress(line) for _ in range(height)) + packed.flush()
    return png_of((b"IHDR", head), (b"IDAT", body), (b"IEND", b""))


def write_projector(
    path: Path, kind: str = JANUS, width: int = SMOLLM2_WIDTH, seed: int = 0, patches: int = PATCHES
) -> Path:
    """For a model whose embeddings are `width` wide. Of the kinds, GEMMA3 has its images computed without
    causal masks, and QWEN2VL takes them in their size and places them in two dimensions (M-RoPE). Another
    number of `patches` than PATCHES makes the library abort."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(path, "clip")
    writer.add_type("mmproj")
    writer.add_bool("clip.has_vision_encoder", True)
    writer.add_string("clip.projector_type", kind)
    writer.add_bool("clip.use_gelu", True)
    for key, value in {
        "embedding_length": _INNER,
        "feed_forward_length": _FORWARD,
        "block_count": _LAYERS,
        "attention.head_count": _HEADS,
        "projection_dim": width,
        "image_size": IMAGE_SIZE,
        "patch_size": PATCH_SIZE,
        "projector.scale_factor": _MERGE,
        "spatial_merge_size": _MERGE,
    }.items():
        writer.add_uint32(f"clip.vision.{key}", value)
    writer.add_float32("clip.vision.attention.layer_norm_epsilon", 1e-5)
    writer.add_array("clip.vision.image_mean", [0.5, 0.5, 0.5])
    writer.add_array("clip.vision.image_std", [0.5, 0.5, 0.5])
    for name, shape in _tensors(kind, width, patches).items():
        writer.add_tensor(name, _drawn(name, shape, random))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _drawn(name: str, shape: tuple[int, ...], random: np.random.Generator) -> np.ndarray:
    if "norm" in name or ".ln" in name or "post_ln" in name:
        return np.full(shape, 0.0 if name.endswith("bias") else 1.0, np.float32)
    spread = 0.1 if "position" in name else float(np.sqrt(1 / np.prod(shape[1:])))
    return (random.standard_normal(shape) * spread).astype(np.float32)


def _tensors(kind: str, width: int, patches: int) -> dict[str, tuple[int, ...]]:
    patch = (_INNER, 3, PATCH_SIZE, PATCH_SIZE)
    tensors: dict[str, tuple[int, ...]] = {"v.patch_embd.weight": patch}
    if kind == QWEN2VL:
        tensors["v.patch_embd.weight.1"] = patch
    else:
        tensors |= {"v.patch_embd.bias": (_INNER,), "v.position_embd.weight": (patches, _INNER)}
    for number in range(_LAYERS):
        prefix = f"v.blk.{number}"
        for part in ("attn_q", "attn_k", "attn_v", "attn_out"):
            tensors |= {f"{prefix}.{part}.weight": (_INNER, _INNER), f"{prefix}.{part}.bias": (_INNER,)}
        for part in ("ln1", "ln2"):
            tensors |= {f"{prefix}.{part}.weight": (_INNER,), f"{prefix}.{part}.bias": (_INNER,)}
        tensors |= {f"{prefix}.ffn_up.weight": (_FORWARD, _INNER), f"{prefix}.ffn_up.bias": (_FORWARD,)}
        tensors |= {f"{prefix}.ffn_down.weight": (_INNER, _FORWARD), f"{prefix}.ffn_down.bias": (_INNER,)}
    tensors |= {"v.post_ln.weight": (_INNER,), "v.post_ln.bias": (_INNER,)}
    return tensors | _PROJECTIONS[kind](width)


_PROJECTIONS = {
    JANUS: lambda width: {
        "mm.0.weight": (_INNER, _INNER),
        "mm.0.bias": (_INNER,),
        "mm.1.weight": (width, _INNER),
        "mm.1.bias": (width,),
    },
    GEMMA3: lambda width: {
        "mm.input_projection.weight": (_INNER, width),
        "mm.soft_emb_norm.weight": (_INNER,),
    },
    QWEN2VL: lambda width: {
        "mm.0.weight": (4 * _INNER, 4 * _INNER),
        "mm.0.bias": (4 * _INNER,),
        "mm.2.weight": (width, 4 * _INNER),
        "mm.2.bias": (width,),
    },
}
