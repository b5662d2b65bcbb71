"""The error tree.

DesksideError                 carries a Sentence for people and an exit code
├── DataFolderError           the data folder cannot be used                  exit 3
├── ModelFileError            not a GGUF, damaged, or of an unknown kind      exit 4
├── LoadError                 llama.cpp refused the model                     exit 5
├── WorkerError               the worker died or does not answer              exit 6
├── DownloadError             the transfer cannot go on                       exit 7
│   ├── HubUnreachable        no answer from the source                       exit 8
│   └── DiskFull              the destination volume has no room              exit 9
├── StoreError                the chat database cannot be read or written     exit 10
│   └── StoreDamaged          the file itself is damaged                      exit 10
├── ImportRefused             a file holds no conversations that can be read  exit 2
├── RemoteError               a remote endpoint did not answer as it should    exit 12
├── AttachmentError           a file cannot be read as text                    exit 13
├── PackError                 a runtime pack cannot be used                    exit 14
├── UpdateError               a new version cannot be looked for or fetched   exit 15
├── ProbeError                a part of the machine could not be looked at    exit 1
└── UsageError                the command was given something it cannot use   exit 2
Cancelled                     the user asked for it; not an error             exit 130
"""

from __future__ import annotations

from typing import Self

from engine.messages import Sentence, Value, english, sentence


class DesksideError(Exception):
    """A failure with a sentence for people: what, why, what to do."""

    exit_code = 1

    def __init__(self, message: Sentence) -> None:
        super().__init__(english(message))
        self.message = message

    @classmethod
    def of(cls, code: str, **values: Value) -> Self:
        """Shorthand: the error whose sentence has that code and those values."""
        return cls(sentence(code, **values))


class DataFolderError(DesksideError):
    exit_code = 3


class ModelFileError(DesksideError):
    exit_code = 4


class LoadError(DesksideError):
    exit_code = 5


class WorkerError(DesksideError):
    exit_code = 6


class DownloadError(DesksideError):
    exit_code = 7


class HubUnreachable(DownloadError):
    exit_code = 8


class DiskFull(DownloadError):
    exit_code = 9


class StoreError(DesksideError):
    exit_code = 10


class StoreDamaged(StoreError):
    """What was written last may be lost; a copy of it can be read."""


class ImportRefused(DesksideError):
    """A file that conversations were to be taken from cannot be used."""

    exit_code = 2


class RemoteError(DesksideError):
    exit_code = 12


class AttachmentError(DesksideError):
    exit_code = 13


class PackError(DesksideError):
    exit_code = 14


class UpdateError(DesksideError):
    exit_code = 15


class ProbeError(DesksideError):
    """Only ends up in a report, beside what the other probes found."""


class UsageError(DesksideError):
    exit_code = 2


class Cancelled(Exception):
    """Raised by `CancelToken.raise_if_cancelled`; never shown as a failure."""
