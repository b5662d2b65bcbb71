"""The face of the GGUF readers: header, files on disk, shape and weights."""

from engine.catalog.gguf_file import merge_headers, read_file_header, shard_names, shard_paths
from engine.catalog.gguf_header import ArrayLength, GgufHeader, GgufTensor, Read, read_header
from engine.catalog.gguf_shape import shape_of, weights_of
from engine.catalog.gguf_use import ModelUse, use_of

__all__ = [
    "ArrayLength",
    "GgufHeader",
    "GgufTensor",
    "ModelUse",
    "Read",
    "merge_headers",
    "read_file_header",
    "read_header",
    "shape_of",
    "shard_names",
    "shard_paths",
    "use_of",
    "weights_of",
]
