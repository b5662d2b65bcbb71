"""What an answer waits for, in words: long ones under the transcript, short ones for the top line."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLocale

from engine.runtime.values import RuntimeState
from gui.chat.live_answer import LiveAnswer
from gui.chat.model import ChatModel


def activity_words(model: ChatModel, place: int) -> str:
    """`place` in the queue, 0 while unknown; "" for nothing to tell."""
    live = model.live
    if live is None or live.text_begun or live.stopping:
        return ""
    if live.summarising:
        return _tr("summarising")
    if live.progress is not None:
        return _tr("reading prompt, {done} of {total}").format(
            done=QLocale().toString(live.progress.done), total=QLocale().toString(live.progress.total)
        )
    if place:
        return _tr("in the queue, place {place}").format(place=place)
    return ""


def status_words(model: ChatModel, place: int) -> str:
    """As `activity_words`."""
    if model.opening:
        return _tr("Opening the conversation …")
    return _waiting_words(model, model.live, place) if model.live is not None else ""


def _waiting_words(model: ChatModel, live: LiveAnswer, place: int) -> str:
    if live.stopping:
        return _tr("Stopping …")
    if live.summarising or live.text_begun:
        return ""  # said in the notice, or seen
    if live.progress is not None:
        return _tr("Reading {done} of {total} tokens").format(
            done=QLocale().toString(live.progress.done),
            total=QLocale().toString(live.progress.total),
        )
    if model.runtime is RuntimeState.STARTING:
        return _tr("Starting the model …")
    if model.runtime is RuntimeState.LOADING:
        percent = QLocale().toString(round(model.load_fraction * 100))
        return _tr("Loading the model … {percent} %").format(percent=percent)
    if place:
        words = _tr("Other answers come first: place {place} in the queue")
        return words.format(place=QLocale().toString(place))
    return _tr("Waiting for the first word …")


def _tr(text: str) -> str:
    return QCoreApplication.translate("ChatPage", text)
