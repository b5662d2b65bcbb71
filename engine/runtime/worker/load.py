"""Loads a model with every parameter set on purpose, and says why where it cannot."""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, LoadError, ModelFileError
from engine.messages import Sentence
from engine.runtime.values import LoadRequest, MemoryShare, ModelFacts, PlannedMemory, part_bytes
from engine.runtime.worker.breakdown import memory_breakdown
from engine.runtime.worker.buffers import memory_shares
from engine.runtime.worker.context import OUTPUT_ROWS, Context
from engine.runtime.worker.devices import choose_devices
from engine.runtime.worker.embedding_context import EmbeddingContext
from engine.runtime.worker.expert_places import overrides_of
from engine.runtime.worker.modelfile import check_model_file
from engine.runtime.worker.native import Native
from engine.runtime.worker.state_key import state_key
from engine.runtime.worker.templates import ChatTemplate
from engine.runtime.worker.threads import attach_threads
from engine.runtime.worker.vision.projector import Projector
from engine.runtime.worker.vocabulary import Vocabulary

_LARGEST_UBATCH = 512  # tokens computed at once; larger costs memory and gains little
_LIMITS = (
    ("context_length", 1, 16_777_216),
    ("threads", 1, 512),
    ("n_gpu_layers", -1, 100_000),
    ("n_batch", 32, 65_536),
    ("n_sequences", 1, 64),
)
_TEXTS_AT_ONCE = 64  # in a batch of an embedding model
# Words of llama.cpp's own errors, and the sentence that is truer than "refused".
_KNOWN_REASONS = (
    ("unknown model architecture", "model_kind_unknown"),
    ("unsupported model architecture", "model_kind_unknown"),
    ("unknown pre-tokenizer type", "model_kind_unknown"),
    ("not within the file bounds", "model_incomplete"),
    ("file bounds", "model_incomplete"),
    ("corrupted or incomplete", "model_incomplete"),
    ("failed to read", "model_incomplete"),
    ("read error", "model_incomplete"),
    ("unable to allocate", "model_memory"),
    ("failed to allocate", "model_memory"),
    ("bad_alloc", "model_memory"),
    ("Cannot allocate memory", "model_memory"),
    ("mmap failed", "model_memory"),
)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    facts: ModelFacts
    vocabulary: Vocabulary
    context: Context
    template: ChatTemplate | None
    state_key: str  # of the state files it can read; "" when it keeps none
    on_gpu: bool  # some of it
    projector: Projector | None = None  # of a model that sees
    blind: Sentence | None = None  # why it does not, though it has a projector
    threads: int | None = None  # the pool that computes it


@dataclass(frozen=True, slots=True)
class LoadedEmbedder:
    facts: ModelFacts
    vocabulary: Vocabulary
    context: EmbeddingContext


class Loading:
    """A load at work."""

    def __init__(
        self,
        native: Native,
        request: LoadRequest,
        on_progress: Callable[[float], None],
        cancelled: Callable[[], bool],
    ) -> None:
        self.native = native
        self.request = request
        self.name = Path(request.path).name
        self._began = time.monotonic()
        self._cancelled = cancelled
        _check(request)
        check_model_file(Path(request.path))
        native.log.forget()
        self.threads: int | None = None  # the pool that its context computes with
        self.model = _open_model(native, request, on_progress, cancelled)
        self.vocabulary = Vocabulary(native.llama, self.model)

    def context(self, params: Any, threads: int | None = None) -> Any:
        """`threads`: a pool that is there already. Raises: LoadError, Cancelled."""
        pointer = self.native.llama.llama_init_from_model(self.model, params)
        if not pointer:
            raise _refusal(self.native, self.name)
        if self._cancelled():
            raise Cancelled
        self.threads = attach_threads(self.native, pointer, self.request.threads, threads)
        return pointer

    def facts(
        self,
        pointer: Any,
        *,
        length: int,
        sequences: int,
        template: ChatTemplate | None = None,
        n_embedding: int = 0,
    ) -> ModelFacts:
        llama, request = self.native.llama, self.request
        return ModelFacts(
            name=_metadata(llama, self.model, "general.name") or Path(request.path).stem,
            architecture=_metadata(llama, self.model, "general.architecture"),
            context_length=length,
            trained_context=int(llama.llama_model_n_ctx_train(self.model)),
            weights_bytes=int(llama.llama_model_size(self.model)),
            load_s=time.monotonic() - self._began,
            pid=os.getpid(),
            device=_device(self.native, request),
            has_template=template is not None,
            has_tools=template is not None and template.knows_tools,
            n_sequences=sequences,
            n_embedding=n_embedding,
            memory=self.memory(pointer),
            pack=self.native.pack,
        )

    def memory(self, pointer: Any) -> tuple[MemoryShare, ...]:
        """Where it went, by llama.cpp's own account of that context."""
        devices = [device.name for device in self.native.devices()]
        return memory_shares(self.native.log.lines, devices, memory_breakdown(self.native, pointer))


def load_model(
    native: Native, request: LoadRequest, on_progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> LoadedModel:
    """For answers. Raises: ModelFileError, LoadError (with llama.cpp's reason), Cancelled."""
    loading = Loading(native, request, on_progress, cancelled)
    llama, model = native.llama, loading.model
    _check_kind(llama, model, loading.name)
    pointer = loading.context(context_params(llama, request))
    if not llama.llama_get_memory(pointer):
        raise LoadError.of("model_cannot_chat", model=loading.name, reason="it is an embedding model")
    kv_bytes = part_bytes(loading.memory(pointer), "kv_cache")
    context = Context(llama, pointer, model, unified=request.kv_unified, kv_bytes=kv_bytes)
    source = llama.llama_model_chat_template(model, None)
    sequences = context.sequences
    template = _template(source, loading.vocabulary)
    facts = loading.facts(pointer, length=context.length, sequences=sequences, template=template)
    key = _state_key(native, request, model, context) if request.park_folder else ""
    native.log.forget()
    on_gpu = not facts.device.startswith("CPU")
    return LoadedModel(facts, loading.vocabulary, context, template, key, on_gpu, threads=loading.threads)


def load_embedder(
    native: Native, request: LoadRequest, on_progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> LoadedEmbedder:
    """For embeddings, by the model's own way of pooling or the mean. Raises: as `load_model`."""
    loading = Loading(native, request, on_progress, cancelled)
    llama, model = native.llama, loading.model
    if llama.llama_model_has_encoder(model):
        raise LoadError.of("model_cannot_embed", model=loading.name, reason="it translates text into text")
    pointer = loading.context(_embedding_params(llama, model, request))
    if llama.llama_pooling_type(pointer) == llama.LLAMA_POOLING_TYPE_RANK:
        raise LoadError.of("model_cannot_embed", model=loading.name, reason="it ranks texts by a question")
    context = EmbeddingContext(llama, pointer, model)
    facts = loading.facts(pointer, length=context.length, sequences=1, n_embedding=context.width)
    native.log.forget()
    return LoadedEmbedder(facts, loading.vocabulary, context)


def plan_load(native: Native, request: LoadRequest) -> PlannedMemory:
    """What that load would take. llama.cpp reads the header, places every tensor and plans its graphs, but
    neither reads nor allocates weights, cache or buffers. Raises: ModelFileError, LoadError."""
    llama = native.llama
    _check(request)
    check_model_file(Path(request.path))
    native.log.forget()
    model = _open_model(native, request, lambda _: None, lambda: False, plans=True)
    pointer = llama.llama_init_from_model(model, context_params(llama, request))
    try:
        if not pointer:
            raise _refusal(native, Path(request.path).name)
        devices = [device.name for device in native.devices()]
        shares = memory_shares(native.log.lines, devices, memory_breakdown(native, pointer))
        return PlannedMemory(
            tuple(_without_norms(share, request, native, model) for share in shares),
            int(llama.llama_n_ctx_seq(pointer)),
            int(llama.llama_n_seq_max(pointer)),
            _layers_on_gpu(native.log.lines),
        )
    finally:
        if pointer:
            llama.llama_free(pointer)
        llama.llama_model_free(model)


def _without_norms(share: MemoryShare, request: LoadRequest, native: Native, model: Any) -> MemoryShare:
    """llama.cpp's dry run puts the first norm of each device's layers on the device before, as its loads do
    not, and so counts what that would hand over: a width of the model for each token of every step that
    is under way. Only where all layers are on devices, which compute several steps at once."""
    later = [entry.device for entry in request.devices if entry.layers][1:]
    steps = _steps_at_once(native.log.lines)
    if share.part != "compute" or share.device not in later or steps == 1:
        return share
    if share.device == later[-1] and request.devices[-1].layers == 1:
        return share  # nothing but the output
    tokens = min(request.n_batch, _LARGEST_UBATCH, request.context_length)
    extra = steps * 4 * tokens * int(native.llama.llama_model_n_embd(model))
    return replace(share, size_bytes=max(0, share.size_bytes - extra))


def _steps_at_once(lines: Sequence[str]) -> int:
    """Of "sched copies = 4"."""
    found = [match for line in lines if (match := re.search(r"sched copies = (\d+)", line))]
    return int(found[-1][1]) if found else 1


@contextmanager
def computing(native: Native, request: LoadRequest) -> Iterator[Context]:
    """That model ready to compute, without its tokenizer, and gone afterwards. Raises: ModelFileError,
    LoadError."""
    with opened(native, request) as model, context_of(native, request, model) as context:
        yield context


@contextmanager
def opened(native: Native, request: LoadRequest) -> Iterator[Any]:
    """The weights alone. Raises: ModelFileError, LoadError."""
    _check(request)
    check_model_file(Path(request.path))
    native.log.forget()
    model = _open_model(native, request, lambda _: None, lambda: False)
    try:
        yield model
    finally:
        native.llama.llama_model_free(model)


@contextmanager
def context_of(native: Native, request: LoadRequest, model: Any) -> Iterator[Context]:
    """Of weights that are there. Raises: LoadError."""
    llama = native.llama
    _check(request)
    pointer = llama.llama_init_from_model(model, context_params(llama, request))
    if not pointer:
        raise _refusal(native, Path(request.path).name)
    try:
        attach_threads(native, pointer, request.threads)
        yield Context(llama, pointer, model, unified=request.kv_unified, kv_bytes=0)
    finally:
        llama.llama_free(pointer)


def _layers_on_gpu(lines: Sequence[str]) -> int:
    """Of "load_tensors: offloaded 10/33 layers to GPU"; 0 where nothing was."""
    found = [match for line in lines if (match := re.search(r"offloaded (\d+)/\d+ layers", line))]
    return int(found[-1][1]) if found else 0


def _check(request: LoadRequest) -> None:
    for name, low, high in _LIMITS:
        value = getattr(request, name)
        if not low <= value <= high:
            raise LoadError.of("bad_load_setting", name=name, value=value, low=low, high=high)
    if request.kv_type not in ("f16", "q8_0", "q4_0"):
        raise LoadError.of("bad_kv_type", value=request.kv_type, known="f16, q8_0, q4_0")
    placed = sum(entry.layers for entry in request.devices)
    if request.devices and placed != request.n_gpu_layers:
        raise LoadError.of(
            "bad_load_setting", name="n_gpu_layers", value=request.n_gpu_layers, low=placed, high=placed
        )


def _open_model(
    native: Native,
    request: LoadRequest,
    on_progress: Callable[[float], None],
    cancelled: Callable[[], bool],
    plans: bool = False,
) -> Any:
    """`plans`: nothing is read but the header, and nothing allocated."""
    llama = native.llama

    def goes_on(fraction: float, _user_data: object) -> bool:
        on_progress(fraction)
        return not cancelled()

    params = llama.llama_model_default_params()
    params.n_gpu_layers = request.n_gpu_layers
    mapped = request.use_mmap and not plans
    params.load_mode = llama.LLAMA_LOAD_MODE_MMAP if mapped else llama.LLAMA_LOAD_MODE_NONE
    params.no_alloc = plans
    params.use_extra_bufts = request.repack
    params.check_tensors = request.check_tensors
    callback = llama.llama_progress_callback(goes_on)  # alive until the call below is over
    params.progress_callback = callback
    overrides = overrides_of(native, request)
    params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p) if overrides else None
    chosen = choose_devices(native, request)
    if chosen is not None:  # likewise
        params.devices = ctypes.cast(chosen.pointers, ctypes.c_void_p)
        params.tensor_split = chosen.split
        params.split_mode = llama.LLAMA_SPLIT_MODE_LAYER
    model = llama.llama_model_load_from_file(os.fsencode(request.path), params)
    if cancelled():
        raise Cancelled
    if not model:
        raise _refusal(native, Path(request.path).name)
    return model


def context_params(llama: Any, request: LoadRequest) -> Any:
    params = llama.llama_context_default_params()
    cache_type = {
        "f16": llama.GGML_TYPE_F16,
        "q8_0": llama.GGML_TYPE_Q8_0,
        "q4_0": llama.GGML_TYPE_Q4_0,
    }[request.kv_type]
    params.n_ctx = request.context_length * (1 if request.kv_unified else request.n_sequences)
    params.n_seq_max = request.n_sequences
    params.kv_unified = request.kv_unified
    params.n_batch = request.n_batch
    params.n_ubatch = min(request.n_batch, _LARGEST_UBATCH)
    # One token a sequence and a few to check drafts with, not the whole batch.
    params.n_outputs_max = -(-request.n_sequences // OUTPUT_ROWS) * OUTPUT_ROWS
    params.n_threads = params.n_threads_batch = request.threads
    params.flash_attn_type = {
        None: llama.LLAMA_FLASH_ATTN_TYPE_AUTO,
        True: llama.LLAMA_FLASH_ATTN_TYPE_ENABLED,
        False: llama.LLAMA_FLASH_ATTN_TYPE_DISABLED,
    }[request.flash]
    params.type_k = params.type_v = cache_type
    params.swa_full = False
    params.no_perf = False
    return params


def _embedding_params(llama: Any, model: Any, request: LoadRequest) -> Any:
    params = context_params(llama, request)
    # A text is pooled in one piece, so it has to fit into one computation.
    longest = min(request.context_length, int(llama.llama_model_n_ctx_train(model)) or request.context_length)
    params.n_ctx = params.n_batch = params.n_ubatch = params.n_outputs_max = longest
    params.n_seq_max = _TEXTS_AT_ONCE
    params.kv_unified = True
    params.embeddings = True
    architecture = _metadata(llama, model, "general.architecture")
    if _metadata(llama, model, f"{architecture}.pooling_type") in ("", "0"):
        params.pooling_type = llama.LLAMA_POOLING_TYPE_MEAN
    return params


def _check_kind(llama: Any, model: Any, name: str) -> None:
    if not llama.llama_model_has_decoder(model) or llama.llama_model_has_encoder(model):
        raise LoadError.of("model_cannot_chat", model=name, reason="it is an encoder model")
    if llama.llama_model_is_diffusion(model):
        raise LoadError.of("model_cannot_chat", model=name, reason="it is a diffusion model")


def _state_key(native: Native, request: LoadRequest, model: Any, context: Context) -> str:
    llama = native.llama
    key = f"{_metadata(llama, model, 'general.architecture')}.rope.scaling.original_context_length"
    original = int(_metadata(llama, model, key) or llama.llama_model_n_ctx_train(model))
    rooms = 0 if context.form.portable else context.form.rooms
    beyond = context.length > original
    return state_key(request, native.version, native.log.lines, beyond_original=beyond, rooms=rooms)


def _refusal(native: Native, name: str) -> LoadError | ModelFileError:
    """The error for what llama.cpp just refused, by what it logged."""
    reason = native.log.reason() or "no reason given"
    everything = "\n".join(native.log.errors)
    code = next((code for words, code in _KNOWN_REASONS if words in everything), "model_refused")
    kind = ModelFileError if code in ("model_incomplete", "model_kind_unknown") else LoadError
    return kind.of(code, model=name, reason=reason)


def _template(source: bytes | None, vocabulary: Vocabulary) -> ChatTemplate | None:
    if not source:
        return None
    beginning, end = vocabulary.text_of(vocabulary.beginning), vocabulary.text_of(vocabulary.end)
    template = ChatTemplate(source.decode("utf-8", "replace"), beginning, end, vocabulary.plain)
    vocabulary.show(template.format.tags)
    return template


def _device(native: Native, request: LoadRequest) -> str:
    """ "CPU (zen4)", or the GPUs that hold layers."""
    gpus = [device.name for device in native.devices() if device.kind in ("gpu", "igpu")]
    if request.devices:
        gpus = [entry.device for entry in request.devices]
    if request.n_gpu_layers != 0 and gpus:
        return " + ".join(gpus)
    return f"CPU ({native.cpu_variant})" if native.cpu_variant else "CPU"


def _metadata(llama: Any, model: Any, key: str) -> str:
    buffer = ctypes.create_string_buffer(512)
    length = llama.llama_model_meta_val_str(model, key.encode("ascii"), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else ""
