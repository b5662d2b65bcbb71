"""A projector: llama.cpp's multimodal library (libmtmd) with one file of weights, beside a loaded model.

Its library is loaded with the first projector; it depends on the very llama.cpp and ggml that are loaded
already. The projector computes on the CPU: what a graphics card has room for is planned for the model.
"""

from __future__ import annotations

import ctypes
import hashlib
import importlib
import os
import threading
import weakref
from array import array
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.catalog.gguf import read_file_header
from engine.catalog.image_rule import ImageRule, image_rule
from engine.chat.image_file import look_at_image
from engine.errors import LoadError, UsageError
from engine.hardware.memory import free_memory
from engine.messages import english
from engine.runtime.state_names import model_identity
from engine.runtime.values import MemoryShare
from engine.runtime.worker.buffers import announced
from engine.runtime.worker.native import Native
from engine.runtime.worker.vision.pictures import Layout, Picture, ids_for

_TRIED_PIXELS = 64  # width and height of the image that a projector is tried with
# Sizes that a rule has to foretell: small, in between, larger than is taken, narrow.
_FORETOLD = ((40, 56), (640, 400), (5000, 3500), (300, 2600))
_BYTES_A_PIXEL = 3
_COPIES = 4  # of an image's pixels that are in memory at once while it is made ready, at most
_MOST_LAYOUTS = 256  # that are known, so that an image in a conversation is not decoded at every question
_MOST_READY = 4  # images that are decoded and wait to be encoded
# Kinds whose embeddings depend on what stands before the image: they cannot be used by image.
_BOUND_TO_PLACES = frozenset({"hunyuanvl", "deepseek4v"})


class Encoded:
    """A picture as rows of numbers, f32, which the context computes in place of tokens; and the library's
    own note of it, which tells the places of the rows."""

    def __init__(self, mtmd: Any, chunk: Any, rows: Any) -> None:
        self.chunk = chunk
        self.rows = rows
        weakref.finalize(self, mtmd.mtmd_input_chunk_free, chunk).atexit = False


class _Chunks:
    """What the library makes of an image, freed with its last user."""

    def __init__(self, mtmd: Any) -> None:
        self.pointer = mtmd.mtmd_input_chunks_init()
        weakref.finalize(self, mtmd.mtmd_input_chunks_free, self.pointer).atexit = False


class Projector:
    """`layout` may be called from any thread, `encode` from one, `decode` from the context's."""

    def __init__(self, native: Native, model: Any, context: Any, path: str, threads: int) -> None:
        """Raises: LoadError, ModelFileError, OSError."""
        file = Path(path)
        header = read_file_header(file)
        kind = str(header.metadata.get("clip.projector_type", ""))
        kind = str(header.metadata.get("clip.vision.projector_type", kind))
        if kind in _BOUND_TO_PLACES:
            raise LoadError.of("projector_refused", name=file.name, reason=f"its kind is {kind}")
        self._native = native
        self._context = context
        self._mtmd = _import_library()
        self._identity = model_identity(file).encode("ascii")
        self._ubatch = int(native.llama.llama_n_ubatch(context))
        self._width = int(native.llama.llama_model_n_embd_inp(model))
        self._lock = threading.Lock()
        self._layouts: OrderedDict[str, Layout] = OrderedDict()
        self._ready: OrderedDict[str, _Chunks] = OrderedDict()
        self._pointer = self._open(file, model, threads)
        self._marker = self._mtmd.mtmd_get_marker(self._pointer)
        buffers = dict(announced(native.log.lines, "compute buffer size"))
        self.memory = MemoryShare("CPU", "projector", header.tensor_bytes + sum(buffers.values()))
        vocabulary = native.llama.llama_model_get_vocab(model)
        around = self._try(file.name, int(native.llama.llama_vocab_n_tokens(vocabulary)))
        self.rule = self._checked(image_rule(header), around)

    def _open(self, file: Path, model: Any, threads: int) -> Any:
        """Raises: LoadError."""
        mtmd, log = self._mtmd, self._native.log
        mtmd.mtmd_helper_log_set(log.callback, None)
        params = mtmd.mtmd_context_params_default()
        params.use_gpu = False
        params.print_timings = False
        params.n_threads = threads
        params.warmup = True  # computes nothing on a CPU, but tells how large the buffers are
        log.forget()
        pointer = mtmd.mtmd_init_from_file(os.fsencode(file), model, params)
        if not pointer:
            if any("mismatch between text model" in line for line in log.errors):
                raise LoadError.of("projector_foreign", name=file.name)
            raise LoadError.of("projector_refused", name=file.name, reason=log.reason() or "no reason given")
        if not mtmd.mtmd_support_vision(pointer):
            raise LoadError.of("projector_refused", name=file.name, reason="it takes no images")
        return pointer

    def _try(self, name: str, vocabulary: int) -> int:
        """With a black image: a projector may be as wide as the model and yet another's, whose tokens around
        images the vocabulary lacks. Returns how many those are. Raises: LoadError."""
        pixels = (ctypes.c_uint8 * (_TRIED_PIXELS * _TRIED_PIXELS * _BYTES_A_PIXEL))()
        try:
            parts = self._of_pixels(_TRIED_PIXELS, _TRIED_PIXELS, pixels).parts
        except UsageError as error:
            reason = english(error.message)
            raise LoadError.of("projector_refused", name=name, reason=reason) from error
        around = [token for part in parts if not isinstance(part, Picture) for token in part]
        if not all(0 <= token < vocabulary for token in around):
            raise LoadError.of("projector_foreign", name=name)
        return len(around)

    def _checked(self, rule: ImageRule | None, around: int) -> ImageRule | None:
        """A rule, if it foretells what the library makes of images: no pixels are needed to see that."""
        if rule is None:
            return None
        rule = replace(rule, around=around)
        for width, height in _FORETOLD:
            try:
                made = len(self._of_pixels(width, height, None).tokens)
            except UsageError:  # more than are computed at once: such an image is refused
                continue
            if made != rule.tokens(width, height):
                return None
        return rule

    def _of_pixels(self, width: int, height: int, pixels: Any) -> Layout:
        """Raises: UsageError."""
        bitmap = self._mtmd.mtmd_bitmap_init(width, height, pixels)
        try:
            return self._layout(self._split(bitmap), "")
        finally:
            self._mtmd.mtmd_bitmap_free(bitmap)

    # images
    def digest_of(self, image: bytes) -> str:
        """Names what this projector makes of it: 32 hexadecimal digits."""
        return hashlib.blake2b(image, key=self._identity, digest_size=16).hexdigest()

    def layout(self, digest: str, image: bytes) -> Layout:
        """How the model reads that image. Raises: UsageError, for one that cannot be read or is too large."""
        with self._lock:
            if digest in self._layouts:
                self._layouts.move_to_end(digest)
                return self._layouts[digest]
        chunks = self._chunks(image)
        layout = self._layout(chunks, digest)
        with self._lock:
            self._layouts[digest] = layout
            self._ready[digest] = chunks
            _shorten(self._layouts, _MOST_LAYOUTS)
            _shorten(self._ready, _MOST_READY)
        return layout

    def encode(self, picture: Picture, image: bytes) -> Encoded:
        """Takes seconds where the projector is large. Raises: UsageError."""
        with self._lock:
            chunks = self._ready.pop(picture.digest, None)
        chunks = chunks or self._chunks(image)
        mtmd, chunk = self._mtmd, self._mtmd.mtmd_input_chunks_get(chunks.pointer, picture.number)
        if mtmd.mtmd_encode_chunk(self._pointer, chunk):
            raise UsageError.of("image_not_encoded", reason=self._native.log.reason() or "no reason given")
        rows = (ctypes.c_float * (len(picture.ids) * self._width))()
        ctypes.memmove(rows, mtmd.mtmd_get_output_embd(self._pointer), ctypes.sizeof(rows))
        with self._lock:
            self._ready[picture.digest] = chunks  # for its other pictures
            _shorten(self._ready, _MOST_READY)
        return Encoded(mtmd, mtmd.mtmd_input_chunk_get_placeholder(chunk), rows)

    def decode(self, encoded: Encoded, position: int, sequence: int, batch: int) -> int:
        """Computes a picture at the end of a sequence, at most `batch` tokens at once. Returns what
        `llama_decode` would."""
        mtmd, after = self._mtmd, ctypes.c_int32()
        return int(
            mtmd.mtmd_helper_decode_image_chunk(
                self._pointer,
                self._context,
                encoded.chunk,
                encoded.rows,
                position,
                sequence,
                batch,
                ctypes.byref(after),
                mtmd.mtmd_helper_post_decode_callback(),
                None,
            )
        )

    def _chunks(self, image: bytes) -> _Chunks:
        """Raises: UsageError."""
        facts = look_at_image(image)
        needed = facts.width * facts.height * _BYTES_A_PIXEL * _COPIES
        if needed > free_memory():
            raise UsageError.of("image_memory", needed=needed >> 20)
        mtmd = self._mtmd
        data = (ctypes.c_uint8 * len(image)).from_buffer_copy(image)
        bitmap = mtmd.mtmd_helper_bitmap_init_from_buf(self._pointer, data, len(image), False)
        if not bitmap:
            raise UsageError.of("image_damaged", reason="it cannot be decoded")
        try:
            return self._split(bitmap)
        finally:
            mtmd.mtmd_bitmap_free(bitmap)

    def _split(self, bitmap: Any) -> _Chunks:
        """Raises: UsageError."""
        mtmd = self._mtmd
        chunks = _Chunks(mtmd)
        marker = self._marker
        text = mtmd.mtmd_input_text(marker, len(marker), False, True)
        bitmaps = (ctypes.c_void_p * 1)(bitmap)
        if mtmd.mtmd_tokenize(self._pointer, chunks.pointer, ctypes.byref(text), bitmaps, 1):
            raise UsageError.of("image_not_encoded", reason=self._native.log.reason() or "no reason given")
        return chunks

    def _layout(self, chunks: _Chunks, digest: str) -> Layout:
        """Raises: UsageError."""
        return Layout(tuple(self._parts(chunks, digest)))

    def _parts(self, chunks: _Chunks, digest: str) -> Iterator[array[int] | Picture]:
        """Raises: UsageError."""
        mtmd = self._mtmd
        for number in range(mtmd.mtmd_input_chunks_size(chunks.pointer)):
            chunk = mtmd.mtmd_input_chunks_get(chunks.pointer, number)
            count = int(mtmd.mtmd_input_chunk_get_n_tokens(chunk))
            if mtmd.mtmd_input_chunk_get_type(chunk) == mtmd.MTMD_INPUT_CHUNK_TYPE_TEXT:
                length = ctypes.c_size_t()
                tokens = mtmd.mtmd_input_chunk_get_tokens_text(chunk, ctypes.byref(length))
                yield array("i", tokens[: length.value])
                continue
            if mtmd.mtmd_decode_use_non_causal(self._pointer, chunk) and count > self._ubatch:
                raise UsageError.of("image_tokens", tokens=count, most=self._ubatch)
            positions = int(mtmd.mtmd_input_chunk_get_n_pos(chunk))
            yield Picture(ids_for(digest, number, count), positions, digest, number)


def _shorten(kept: OrderedDict[str, Any], most: int) -> None:
    while len(kept) > most:
        kept.popitem(last=False)


def _import_library() -> Any:
    """Raises: LoadError."""
    try:
        return importlib.import_module("llama_cpp.mtmd_cpp")
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        raise LoadError.of("engine_missing", reason=str(error)) from error
