"""Qt's messages and slips of our own slots go to the log, and a person is told in a sentence."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from types import TracebackType

from PySide6.QtCore import QMessageLogContext, QtMsgType, qInstallMessageHandler

from engine.messages import Sentence, sentence
from engine.releases.replaced import was_replaced

log = logging.getLogger("qt")
slips = logging.getLogger(__name__)

_LEVELS = {
    QtMsgType.QtDebugMsg: logging.DEBUG,
    QtMsgType.QtInfoMsg: logging.INFO,
    QtMsgType.QtWarningMsg: logging.WARNING,
    QtMsgType.QtCriticalMsg: logging.ERROR,
    QtMsgType.QtFatalMsg: logging.CRITICAL,
}


def log_qt_messages() -> None:
    """From now on Qt's messages are records of the logger "qt"."""
    qInstallMessageHandler(_qt_message)


def tell_of_slips(tell: Callable[[Sentence], None], log_path: str) -> None:
    """An exception that leaves a slot is logged and told; the window goes on."""

    def hook(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        slips.error("an exception left a slot", exc_info=(kind, error, trace))
        if isinstance(error, Exception):
            unexpected = sentence("unexpected", detail=f"{kind.__name__}: {error}", log=log_path)
            tell(sentence("program_replaced") if was_replaced() else unexpected)

    sys.excepthook = hook


def _qt_message(kind: QtMsgType, context: QMessageLogContext, message: str) -> None:
    log.log(_LEVELS.get(kind, logging.WARNING), "%s", message)
