"""Invents a header of an architecture: llama.cpp is asked to plan it, and says which tensor is missing, or of
which shape it should be, until there is none. Only what an architecture insists on is there, and what is
asked for by name.

    python -m tests.bench.truth.inventing NAME FILE    # NAME of architectures.py

It runs in a process of its own, since llama.cpp aborts where keys contradict each other.
"""

from __future__ import annotations

import math
import os
import re
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from engine.catalog.gguf_header import GgufHeader, GgufTensor, MetadataValue
from engine.catalog.gguf_types import TENSOR_TYPES
from engine.catalog.hollow import write_hollow
from engine.runtime.worker.native import Native

VOCABULARY = 16_384
_MOST_STEPS = 2000
_MISSING = re.compile(r"missing tensor '([^']+)'|tensor '([^']+)' not found")
_SHAPED = re.compile(r"tensor '([^']+)' has wrong shape; expected +([0-9, ]+), got")
# As real files have them: what is not multiplied with by a quantised kernel.
_PLAIN = (
    "norm",
    "ffn_gate_inp",
    "conv",
    "ssm_a",
    "ssm_d",
    "time_mix",
    "sinks",
    "position_embd",
    "token_types",
)
_KINDS = {kind.name: kind for kind in TENSOR_TYPES.values()}


def invent(
    native: Native, architecture: str, facts: Mapping[str, MetadataValue], optional: tuple[str, ...] = ()
) -> GgufHeader:
    """`facts` lack the architecture's prefix; `optional` tensors have the shape that llama.cpp wants.

    Raises: ValueError, with llama.cpp's reason where no tensor is it.
    """
    shapes: dict[str, tuple[int, ...]] = dict.fromkeys(optional, (1,))
    metadata = {f"{architecture}.{key}": value for key, value in facts.items()}
    metadata["general.architecture"] = architecture
    with tempfile.TemporaryDirectory(prefix="deskside-truth.") as folder:
        path = Path(folder) / "model.gguf"
        for _ in range(_MOST_STEPS):
            header = _header(metadata, shapes)
            write_hollow(header, VOCABULARY, path)
            reason = _refusal(native, path)
            if not reason:
                return header
            if found := _SHAPED.search(reason):
                shapes[found[1]] = _shape(found[2])
            elif found := _MISSING.search(reason):
                shapes[found[1] or found[2]] = (1,)
            else:
                raise ValueError(reason)
    raise ValueError("no end")


def _shape(text: str) -> tuple[int, ...]:
    """ "64, 512, 1, 1" without the ones at its end."""
    numbers = [int(number) for number in text.split(",")]
    while len(numbers) > 1 and numbers[-1] == 1:
        numbers.pop()
    return tuple(numbers)


def _header(metadata: Mapping[str, MetadataValue], shapes: Mapping[str, tuple[int, ...]]) -> GgufHeader:
    tensors, offset = [], 0
    for name, shape in shapes.items():
        kind = _KINDS[_type_of(name, shape)]
        size = math.prod(shape) // kind.block_elements * kind.block_bytes
        tensors.append(GgufTensor(name, kind.name, shape, offset, size))
        offset += -(-size // 32) * 32
    return GgufHeader(3, metadata, tuple(tensors), 0, offset, offset)


def _type_of(name: str, shape: tuple[int, ...]) -> str:
    if len(shape) < 2 or shape[0] % 32 or any(part in name for part in _PLAIN):
        return "F32"
    return "Q8_0" if name in ("token_embd.weight", "output.weight") else "Q4_0"


def _refusal(native: Native, path: Path) -> str:
    """llama.cpp's words; "" where it would load that."""
    llama = native.llama
    native.log.forget()
    params = llama.llama_model_default_params()
    params.no_alloc, params.load_mode, params.n_gpu_layers = True, llama.LLAMA_LOAD_MODE_NONE, 0
    model = llama.llama_model_load_from_file(os.fsencode(path), params)
    if model:
        llama.llama_model_free(model)
        return ""
    return "\n".join(native.log.errors) or "no reason given"


def main() -> int:
    from tests.bench.truth.architectures import ARCHITECTURES

    one = ARCHITECTURES[sys.argv[1]]
    # as the engine does for what AMX cannot compute: the same for all
    native = Native(frozenset({"sapphirerapids"}))
    header = invent(native, one.architecture or sys.argv[1], one.facts, one.optional)
    write_hollow(header, VOCABULARY, Path(sys.argv[2]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
