"""Loads a smaller model beside the large one, and refuses one that speaks another vocabulary."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.errors import Cancelled, LoadError
from engine.runtime.values import LoadRequest, part_bytes
from engine.runtime.worker.context import Context
from engine.runtime.worker.drafter import Drafter
from engine.runtime.worker.load import LoadedModel, Loading, context_params
from engine.runtime.worker.native import Native
from engine.runtime.worker.vocabulary import Vocabulary

BATCH = 128  # tokens read at once; it reads beside the large model
# As llama.cpp's own programs compare: later versions of a family add a few tokens at the end, and the first
# ones are names that nobody writes.
_MOST_MORE = 128
_FIRST_COMPARED = 5


def draft_request(request: LoadRequest) -> LoadRequest:
    """The load of the draft model that belongs to a load."""
    return replace(
        request,
        path=request.draft_path,
        draft_path="",
        projector="",
        n_gpu_layers=0,
        devices=(),
        experts_away=(),
        kv_type="f16",
        n_batch=BATCH,
        park_folder="",
        park_budget_bytes=0,
        beyond_amx=None,
    )


def load_drafter(
    native: Native, request: LoadRequest, model: LoadedModel, cancelled: Callable[[], bool]
) -> Drafter:
    """For that loaded model. Raises: ModelFileError, LoadError, Cancelled."""
    wanted = draft_request(request)
    loading = Loading(native, wanted, lambda _: None, cancelled)
    llama, name = native.llama, Path(request.path).name
    _check_vocabulary(llama, model.vocabulary, loading.vocabulary, loading.name, name)
    pointer = loading.context(context_params(llama, wanted), model.threads)
    if not llama.llama_get_memory(pointer):
        raise LoadError.of("draft_unsuited", draft=loading.name, model=name)
    memory = loading.memory(pointer)
    context = Context(
        llama, pointer, loading.model, unified=wanted.kv_unified, kv_bytes=part_bytes(memory, "kv_cache")
    )
    if context.recurrent:
        raise LoadError.of("draft_unsuited", draft=loading.name, model=name)
    if cancelled():
        raise Cancelled
    share = llama.llama_model_size(loading.model) / max(model.facts.weights_bytes, 1)
    known = min(model.vocabulary.size, loading.vocabulary.size)
    drafter = Drafter(llama, context, loading.vocabulary, known, share)
    drafter.memory = memory
    return drafter


def _check_vocabulary(llama: Any, large: Vocabulary, small: Vocabulary, draft: str, model: str) -> None:
    """Raises: LoadError."""
    one, other = large.pointer, small.pointer
    same = (
        llama.llama_vocab_type(one) == llama.llama_vocab_type(other)
        and llama.llama_vocab_get_add_bos(one) == llama.llama_vocab_get_add_bos(other)
        and llama.llama_vocab_get_add_eos(one) == llama.llama_vocab_get_add_eos(other)
        and (large.beginning, large.end) == (small.beginning, small.end)
        and abs(large.size - small.size) <= _MOST_MORE
    )
    text = llama.llama_vocab_get_text
    both = range(_FIRST_COMPARED, min(large.size, small.size))
    if not same or any(text(one, token) != text(other, token) for token in both):
        raise LoadError.of("draft_other_vocabulary", draft=draft, model=model)
