"""How wide the feed-forward layers of a file are, from its tensor table: keys differ in what they mean."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.catalog.gguf_header import GgufTensor


@dataclass(frozen=True, slots=True)
class FeedForwardWidths:
    dense: int  # of the widest layer that is no mixture; 0 where there is none
    expert: int  # of one expert; 0 without any
    gated: bool
    parallel: bool  # no layer has a norm between its attention and its feed-forward part


def feed_forward_widths(tensors: Iterable[GgufTensor]) -> FeedForwardWidths:
    """Rows of ggml come first in a shape: those of the projection down are as long as the layer is wide."""
    dense = expert = up = 0
    gated, parallel, normed = False, True, False
    for tensor in tensors:
        _, _, name = tensor.name.partition("blk.")
        name = name.partition(".")[2]
        if len(tensor.shape) > 1 and name == "ffn_down.weight":
            dense = max(dense, tensor.shape[0])
        elif len(tensor.shape) > 1 and name == "ffn_down_exps.weight":
            expert = max(expert, tensor.shape[0])
        elif len(tensor.shape) > 1 and name == "ffn_up.weight":
            up = max(up, tensor.shape[1])
        gated = gated or name in _GATES
        parallel = parallel and name not in _NORMS_BETWEEN
        normed = normed or name == "attn_norm.weight"
    together = 0 < 2 * dense <= up  # some files keep the gate in the same matrix
    known = dense > 0 or expert > 0
    return FeedForwardWidths(dense, expert, gated or together or not known, parallel and normed)


_GATES = frozenset({"ffn_gate.weight", "ffn_gate_exps.weight", "ffn_gate_up_exps.weight"})
_NORMS_BETWEEN = frozenset(
    {"ffn_norm.weight", "post_attention_norm.weight", "attn_post_norm.weight", "attn_output_norm.weight"}
)
