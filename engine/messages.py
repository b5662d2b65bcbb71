"""The sentences people read, once: a code, an English template, and the values in it.

The engine makes `Sentence` values and never translates. The command line prints
`english(sentence)`; the window translates the template (context "messages") and fills
it in the same way. Every sentence about a failure says what, why and what to do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

Value = str | int | float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence: `code` is a key of `TEMPLATES`, `values` fill its placeholders."""

    code: str
    values: Mapping[str, Value] = field(default_factory=dict)


def sentence(code: str, **values: Value) -> Sentence:
    """Raises: KeyError, for a code that has no template or a placeholder left without value."""
    made = Sentence(code, MappingProxyType(values))
    english(made)
    return made


def english(message: Sentence) -> str:
    """The sentence in English."""
    return fill(TEMPLATES[message.code], message.values)


def fill(template: str, values: Mapping[str, Value]) -> str:
    """Puts values into a (possibly translated) template. Values are never read as templates."""
    return template.format_map(dict(values))


# One block per room, in the order of the rooms. Byte sizes arrive as text ("4.6 GiB").
TEMPLATES: Mapping[str, str] = MappingProxyType(
    {
        # general
        "unexpected": "Something went wrong that Deskside did not foresee ({detail}). The log in {log} has more; please report it.",
        "data_folder_unwritable": "The data folder {path} cannot be written ({reason}). Make it writable, or set XDG_DATA_HOME to another folder.",
        "disk_full": "The disk that holds {path} is full. Free some space, then try again; nothing that was saved is lost.",
        "settings_unreadable": "The settings in {path} could not be read ({reason}). They were put aside as {aside}, and Deskside starts with the defaults.",
        "no_display": "There is no display, so no window can be shown. Deskside goes on in this terminal.",
        # hardware
        # catalog
        "catalog_unreadable": "The list of models in {path} could not be read ({reason}). Install Deskside again to restore it.",
        "model_unknown": "There is no model called {name} in the catalogue. `deskside plan` without a name lists those that suit this machine.",
        "gguf_not_gguf": "This is not a GGUF model file: it does not begin with the letters GGUF. Choose a file that ends in .gguf, or download the model again.",
        "gguf_big_endian": "This model file was written for big-endian machines, which this engine cannot read. Download the usual (little-endian) file of the model.",
        "gguf_version": "This model file has GGUF version {version}, and only versions 2 and 3 can be read. Download a newer file of the model, or update Deskside.",
        "gguf_tensor_type": "This model file uses a weight format that is not known here (type {type}). Update Deskside, or choose another quantization of the model.",
        "gguf_ends_in_header": "This model file ends in the middle of its header, so its download was probably cut short. Download it again.",
        "gguf_truncated": "This model file is incomplete: it has {size} bytes and needs at least {needed}. Its download was probably cut short; download it again.",
        "gguf_damaged": "This model file is damaged: {detail}. Download it again, from a source that you trust.",
        "gguf_unreadable": "The model file {path} cannot be read ({reason}). Check that it exists and that you may read it.",
        "gguf_shard_missing": "A part of this model is missing: it has {count} files, and {name} is not in {folder}. Download the missing part into that folder.",
        "gguf_not_a_model": "This file is an addition to a model ({kind}), not a language model that can be talked to. Choose the model's own file.",
        "gguf_key_missing": "This model file does not say what is needed to plan with it ({key} is missing), so it may be damaged or of an unknown kind. Download it again, or choose another model.",
        "gguf_key_absurd": "This model file says something impossible about itself ({key}), so it may be damaged. Download it again, from a source that you trust.",
        # planning
        # download
        # runtime
        # chat
        "conversation_missing": "There is no conversation number {id} in the chat database. It may have been removed by another program; choose another one.",
        "chats_too_new": "The chat database {path} was written by a newer Deskside (format {found}, this one knows {known}). Update Deskside to read it; nothing was changed.",
        "chats_failed": "The chat database {path} cannot be used ({reason}). Check that the file and its folder can be written and are not on a failing disk.",
    }
)
