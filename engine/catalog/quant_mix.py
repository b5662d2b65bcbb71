"""Which type llama.cpp gives each tensor when it quantises a model to "Q4_K_M" and the like.

Follows `llama_tensor_get_type` of src/llama-quant.cpp as pinned with llama-cpp-python 0.3.36, for files
made without importance matrices beyond what the names ask for. Left out: architectures with eight
experts and Falcon (no model of the catalogue has them), and mixes of single publishers ("UD-...").
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from engine.catalog.gguf_types import TENSOR_TYPES, TensorType

BY_NAME = {kind.name: kind for kind in TENSOR_TYPES.values()}
_WIDE = frozenset({"F32", "F16", "BF16"})
_DEFAULT_TYPES = {
    name: name for name in ("F32", "F16", "BF16", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q6_K")
}
_DEFAULT_TYPES |= {"IQ4_NL": "IQ4_NL", "IQ4_XS": "IQ4_XS", "MXFP4": "MXFP4"}
_DEFAULT_TYPES |= {"Q2_K": "Q2_K", "Q3_K_S": "Q3_K", "Q3_K_M": "Q3_K", "Q3_K_L": "Q3_K"}
_DEFAULT_TYPES |= {"Q4_K_S": "Q4_K", "Q4_K_M": "Q4_K", "Q5_K_S": "Q5_K", "Q5_K_M": "Q5_K"}
# where the rows of a tensor do not fill blocks of 256 (`tensor_type_fallback`)
_FALLBACKS = {
    "IQ4_XS": "IQ4_NL",
    "Q2_K": "Q4_0",
    "Q3_K": "Q4_0",
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
_LAYER = re.compile(r"blk\.(\d+)\.")


@dataclass(frozen=True, slots=True)
class Mix:
    """What the choice depends on besides the tensor itself."""

    name: str  # "Q4_K_M"
    layers: int
    heads_per_kv_head: int
    tied: bool  # the embedding serves as the output too
    is_llama_70b: bool

    @property
    def is_known(self) -> bool:
        return self.name in _DEFAULT_TYPES


def type_of(tensor: str, shape: tuple[int, ...], mix: Mix) -> TensorType:
    """The type of the tensor of that name and shape (row length first). Raises: KeyError, for a mix that
    is not known."""
    default = _DEFAULT_TYPES[mix.name]
    if not _is_quantised(tensor, shape):
        return BY_NAME["F32"]
    if default in _WIDE:
        return BY_NAME[default]
    return _fitting(BY_NAME[_chosen(tensor, shape, default, mix)], shape[0])


def _is_quantised(tensor: str, shape: tuple[int, ...]) -> bool:
    """Vectors, norms and the choice of experts stay as they are."""
    if len(shape) < 2 or not tensor.endswith("weight"):
        return False
    return "_norm.weight" not in tensor and "ffn_gate_inp.weight" not in tensor


def _fitting(kind: TensorType, row: int) -> TensorType:
    if row % kind.block_elements == 0:
        return kind
    smaller = BY_NAME[_FALLBACKS.get(kind.name, kind.name)]
    return smaller if row % smaller.block_elements == 0 else BY_NAME["F16"]


def _chosen(tensor: str, shape: tuple[int, ...], default: str, mix: Mix) -> str:
    if tensor == "output.weight" or (mix.tied and tensor == "token_embd.weight"):
        narrow = mix.name == "MXFP4" or shape[0] % BY_NAME[default].block_elements or default == "Q8_0"
        return "Q8_0" if narrow else "Q6_K"
    if mix.name == "MXFP4":
        return "MXFP4" if len(shape) > 2 else "Q8_0"
    found = _LAYER.match(tensor)
    layer = int(found[1]) if found else 0
    if "attn_v.weight" in tensor:
        return _attention_value(layer, default, mix)
    if "attn_output.weight" in tensor:
        return {"Q2_K": "Q3_K", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(mix.name, default)
    if "ffn_down" in tensor:
        return _down_projection(layer, default, mix)
    return default


def _attention_value(layer: int, default: str, mix: Mix) -> str:
    grouped = mix.heads_per_kv_head >= 4
    chosen = default
    if mix.name == "Q2_K":
        chosen = "Q4_K" if grouped else "Q3_K"
    elif mix.name == "Q3_K_M":
        chosen = "Q5_K" if layer < 2 else "Q4_K"
    elif mix.name == "Q3_K_L" or (mix.name in ("IQ4_NL", "IQ4_XS") and grouped):
        chosen = "Q5_K"
    elif mix.name in ("Q4_K_M", "Q5_K_M") and _gets_more_bits(layer, mix.layers):
        chosen = "Q6_K"
    elif mix.name == "Q4_K_S" and layer < 4:
        chosen = "Q5_K"
    return "Q5_K" if mix.is_llama_70b and chosen in ("Q3_K", "Q4_K") else chosen


def _down_projection(layer: int, default: str, mix: Mix) -> str:
    if mix.name == "Q2_K":
        return "Q3_K"
    if mix.name == "Q3_K_M":
        return "Q5_K" if layer < mix.layers // 16 else "Q4_K"
    if mix.name == "Q3_K_L":
        return "Q5_K"
    if mix.name in ("Q4_K_M", "Q5_K_M") and _gets_more_bits(layer, mix.layers):
        return "Q6_K"
    if mix.name == "Q4_K_S" and layer < mix.layers // 8:
        return "Q5_K"
    return default


def _gets_more_bits(layer: int, layers: int) -> bool:
    """`use_more_bits`: the first and last eighth, and every third layer between."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2
