"""Opens the projector of a loaded model. A model whose projector is of no use still reads text."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from engine.errors import LoadError, ModelFileError
from engine.messages import Sentence, sentence
from engine.runtime.values import LoadRequest
from engine.runtime.worker.load import LoadedModel
from engine.runtime.worker.native import Native
from engine.runtime.worker.vision.projector import Projector

_UNREADABLE = "its file is missing, damaged or incomplete"


def with_sight(native: Native, model: LoadedModel, request: LoadRequest) -> LoadedModel:
    """With its projector, or with the reason why it goes without."""
    opened = _open(native, model, request)
    native.log.forget()
    if isinstance(opened, Sentence):
        return replace(model, blind=opened)
    model.context.projector = opened
    memory = (*model.facts.memory, opened.memory)
    facts = replace(model.facts, sees=True, memory=memory, image_rule=opened.rule)
    return replace(model, facts=facts, projector=opened)


def _open(native: Native, model: LoadedModel, request: LoadRequest) -> Projector | Sentence:
    pointer = model.context.pointer
    weights = native.llama.llama_get_model(pointer)
    try:
        return Projector(native, weights, pointer, request.projector, request.threads)
    except LoadError as error:
        return error.message
    except (ModelFileError, OSError):
        return sentence("projector_refused", name=Path(request.projector).name, reason=_UNREADABLE)
