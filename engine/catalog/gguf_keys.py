"""Looks up what a GGUF header says of a model, and refuses what cannot be."""

from __future__ import annotations

from engine.catalog.gguf_header import GgufHeader
from engine.errors import ModelFileError

MAX_LAYERS = 4096
MAX_WIDTH = 1 << 24
MAX_CONTEXT = 1 << 31


class Keys:
    """Looks up `<architecture>.<key>` and refuses what cannot be."""

    def __init__(self, header: GgufHeader) -> None:
        self._metadata = header.metadata
        architecture = header.metadata.get("general.architecture")
        if not isinstance(architecture, str) or not architecture:
            raise ModelFileError.of("header_key_missing", key="general.architecture")
        kind = header.metadata.get("general.type", "model")
        if architecture == "clip" or kind in ("adapter", "mmproj", "imatrix"):
            raise ModelFileError.of("header_not_a_model", kind=str(kind if kind != "model" else architecture))
        self.architecture = architecture

    def has(self, key: str) -> bool:
        return f"{self.architecture}.{key}" in self._metadata

    def number(self, key: str, default: int, limit: int) -> int:
        """An integer from 0 to `limit`; of a per-layer list the largest entry."""
        value = self._metadata.get(f"{self.architecture}.{key}", default)
        if isinstance(value, tuple):
            value = max((entry for entry in value if type(entry) is int), default=default)
        if type(value) is not int or not 0 <= value <= limit:
            raise ModelFileError.of("header_key_absurd", key=f"{self.architecture}.{key}")
        return value

    def needed(self, key: str, limit: int) -> int:
        if not self.has(key):
            raise ModelFileError.of("header_key_missing", key=f"{self.architecture}.{key}")
        return self.number(key, 0, limit)

    def per_layer(self, key: str, layers: int, default: int) -> list[int]:
        """One integer a layer, also where the file has one for all."""
        value = self._metadata.get(f"{self.architecture}.{key}", default)
        if not isinstance(value, tuple):
            return [self.number(key, default, MAX_WIDTH)] * layers
        entries = [int(entry) for entry in value if isinstance(entry, int) and 0 <= entry <= MAX_WIDTH]
        if len(entries) < layers:
            raise ModelFileError.of("header_key_absurd", key=f"{self.architecture}.{key}")
        return entries[:layers]

    def flag(self, key: str) -> bool:
        return self._metadata.get(f"{self.architecture}.{key}") is True

    def flags(self, key: str, layers: int) -> list[bool] | None:
        """One flag a layer, where the file lists them."""
        value = self._metadata.get(f"{self.architecture}.{key}")
        if not isinstance(value, tuple) or len(value) < layers:
            return None
        return [bool(entry) for entry in value[:layers]]
