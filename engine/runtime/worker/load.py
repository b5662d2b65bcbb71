"""Loads a model with every parameter set on purpose, and says why where it cannot."""

from __future__ import annotations

import ctypes
import os
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, LoadError, ModelFileError
from engine.runtime.values import LoadRequest, ModelFacts
from engine.runtime.worker.context import Context
from engine.runtime.worker.modelfile import check_model_file
from engine.runtime.worker.native import Native
from engine.runtime.worker.templates import ChatTemplate
from engine.runtime.worker.vocabulary import Vocabulary

_MIB = 1024 * 1024
_LARGEST_UBATCH = 512  # tokens computed at once; larger costs memory and gains little
_EXPERT_TENSORS = rb"\.ffn_(up|down|gate|gate_up)_exps"
_LIMITS = (
    ("context_length", 1, 16_777_216),
    ("threads", 1, 512),
    ("n_gpu_layers", -1, 100_000),
    ("n_batch", 32, 65_536),
    ("n_sequences", 1, 64),
)
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


class _BufferOverride(ctypes.Structure):
    """`struct llama_model_tensor_buft_override` of llama.h"""

    _fields_ = (("pattern", ctypes.c_char_p), ("buft", ctypes.c_void_p))


@dataclass(frozen=True, slots=True)
class LoadedModel:
    facts: ModelFacts
    vocabulary: Vocabulary
    context: Context
    template: ChatTemplate | None


def load_model(
    native: Native, request: LoadRequest, on_progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> LoadedModel:
    """Raises: ModelFileError, LoadError (with llama.cpp's reason), Cancelled."""
    began = time.monotonic()
    _check(request)
    path = Path(request.path)
    check_model_file(path)
    native.log.forget()
    llama = native.llama
    model = _open_model(native, request, on_progress, cancelled)
    _check_kind(llama, model, path.name)
    vocabulary = Vocabulary(llama, model)
    pointer = llama.llama_init_from_model(model, _context_params(llama, request))
    if not pointer:
        raise _refusal(native, path.name)
    if not llama.llama_get_memory(pointer):
        raise LoadError.of("model_cannot_chat", model=path.name, reason="it is an embedding model")
    if cancelled():
        raise Cancelled
    context = Context(llama, pointer, int(llama.llama_model_n_swa(model)))
    source = llama.llama_model_chat_template(model, None)
    facts = _facts(native, request, model, context, time.monotonic() - began, bool(source))
    native.log.forget()
    return LoadedModel(facts, vocabulary, context, _template(source, vocabulary))


def _check(request: LoadRequest) -> None:
    for name, low, high in _LIMITS:
        value = getattr(request, name)
        if not low <= value <= high:
            raise LoadError.of("bad_load_setting", name=name, value=value, low=low, high=high)
    if request.kv_type not in ("f16", "q8_0", "q4_0"):
        raise LoadError.of("bad_kv_type", value=request.kv_type, known="f16, q8_0, q4_0")


def _open_model(
    native: Native, request: LoadRequest, on_progress: Callable[[float], None], cancelled: Callable[[], bool]
) -> Any:
    llama = native.llama

    def goes_on(fraction: float, _user_data: object) -> bool:
        on_progress(fraction)
        return not cancelled()

    params = llama.llama_model_default_params()
    params.n_gpu_layers = request.n_gpu_layers
    params.load_mode = llama.LLAMA_LOAD_MODE_MMAP if request.use_mmap else llama.LLAMA_LOAD_MODE_NONE
    params.use_extra_bufts = request.repack
    params.check_tensors = request.check_tensors
    callback = llama.llama_progress_callback(goes_on)  # alive until the call below is over
    params.progress_callback = callback
    overrides = _overrides(native, request.experts_on_cpu)
    params.tensor_buft_overrides = ctypes.cast(overrides, ctypes.c_void_p) if overrides else None
    model = llama.llama_model_load_from_file(os.fsencode(request.path), params)
    if cancelled():
        raise Cancelled
    if not model:
        raise _refusal(native, Path(request.path).name)
    return model


def _overrides(native: Native, experts_on_cpu: bool) -> Any:
    """Routed experts stay in RAM while the rest of their layers goes to the GPU."""
    if not experts_on_cpu:
        return None
    cpu = native.function("ggml_backend_cpu_buffer_type", ctypes.c_void_p)()
    return (_BufferOverride * 2)(_BufferOverride(_EXPERT_TENSORS, cpu), _BufferOverride(None, None))


def _context_params(llama: Any, request: LoadRequest) -> Any:
    params = llama.llama_context_default_params()
    cache_type = {
        "f16": llama.GGML_TYPE_F16,
        "q8_0": llama.GGML_TYPE_Q8_0,
        "q4_0": llama.GGML_TYPE_Q4_0,
    }[request.kv_type]
    params.n_ctx = request.context_length * request.n_sequences
    params.n_seq_max = request.n_sequences
    params.kv_unified = False  # each conversation has its own room; measured faster at many streams
    params.n_batch = request.n_batch
    params.n_ubatch = min(request.n_batch, _LARGEST_UBATCH)
    params.n_outputs_max = request.n_sequences  # one token a sequence, not the whole batch
    params.n_threads = params.n_threads_batch = request.threads
    params.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_AUTO
    params.type_k = params.type_v = cache_type
    params.swa_full = False
    params.no_perf = False
    return params


def _check_kind(llama: Any, model: Any, name: str) -> None:
    if not llama.llama_model_has_decoder(model) or llama.llama_model_has_encoder(model):
        raise LoadError.of("model_cannot_chat", model=name, reason="it is an encoder model")


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
    return ChatTemplate(source.decode("utf-8", "replace"), beginning, end)


def _facts(
    native: Native, request: LoadRequest, model: Any, context: Context, load_s: float, has_template: bool
) -> ModelFacts:
    llama, lines = native.llama, native.log.lines
    return ModelFacts(
        name=_metadata(llama, model, "general.name") or Path(request.path).stem,
        architecture=_metadata(llama, model, "general.architecture"),
        context_length=context.length,
        trained_context=int(llama.llama_model_n_ctx_train(model)),
        weights_bytes=int(llama.llama_model_size(model)),
        kv_cache_bytes=announced_bytes(lines, "(?:KV|RS) buffer size"),
        compute_bytes=last_announced_bytes(lines, "(?:compute|output) buffer size"),
        repack_bytes=announced_bytes(lines, "model buffer size", of=r"\S*REPACK\S*"),
        load_s=load_s,
        pid=os.getpid(),
        device=_device(native, request.n_gpu_layers),
        has_template=has_template,
    )


def announced_bytes(lines: list[str], what: str, of: str = r"\S+") -> int:
    """The sum of llama.cpp's log lines "NAME WHAT = N MiB", in bytes (of two decimals of a MiB)."""
    return sum(size for _, size in _announced(lines, what, of))


def last_announced_bytes(lines: list[str], what: str) -> int:
    """As `announced_bytes`, for buffers that are announced again when they are measured again."""
    return sum(dict(_announced(lines, what, r"\S+")).values())


def _announced(lines: list[str], what: str, of: str) -> list[tuple[str, int]]:
    pattern = re.compile(rf"^\w+: +({of} +{what}) = +([0-9.]+) MiB")
    found = [match for line in lines if (match := pattern.match(line))]
    return [(match[1], round(float(match[2]) * _MIB)) for match in found]


def _device(native: Native, n_gpu_layers: int) -> str:
    """ "CPU (zen4)", or the GPUs that hold layers."""
    gpus = [device.name for device in native.devices() if device.kind in ("gpu", "igpu")]
    if n_gpu_layers != 0 and gpus:
        return " + ".join(gpus)
    return f"CPU ({native.cpu_variant})" if native.cpu_variant else "CPU"


def _metadata(llama: Any, model: Any, key: str) -> str:
    buffer = ctypes.create_string_buffer(512)
    length = llama.llama_model_meta_val_str(model, key.encode("ascii"), buffer, len(buffer))
    return buffer.value.decode("utf-8", "replace") if length >= 0 else ""
