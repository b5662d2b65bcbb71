"""Endpoints elsewhere on the models page: each with its models, ways to change it, and a form for another."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from engine.remote.address import host_of
from engine.settings import Remote
from gui.models.endpoint_form import EndpointForm
from gui.models.endpoints_model import EndpointsModel
from gui.widgets.controls import Button, Card, IconButton
from gui.widgets.labels import ElidedLine, Text, separator
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel
from gui.widgets.tab_order import holds_focus
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class EndpointsView(View):
    """`entered` carries the part that the page has to bring into sight."""

    entered = Signal(object)  # QWidget
    rebuilt = Signal()  # its rows are new ones

    def __init__(self, model: EndpointsModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._head = Text("", "heading")
        self._words = Text("", "muted")
        self._card = Card()
        self._shown: tuple[Remote, ...] = ()
        self._rows: dict[str, EndpointRow] = {}
        self._parts: list[QWidget] = []
        self._failure = SentenceLabel("danger")
        self._add = IconButton(theme, "plus", "")
        self._form = EndpointForm(model, theme)
        self._arrange()
        self._add.clicked.connect(self._begin)
        self._form.left.connect(self._left)
        self._form.entered.connect(self.entered)
        model.changed.connect(self._show)
        model.kept.connect(self._kept)
        self.retranslate()
        self._show()

    def retranslate(self) -> None:
        self._head.setText(self.tr("Endpoints elsewhere"))
        self._words.setText(
            self.tr(
                "Models on other machines that speak OpenAI's protocol: a team's vLLM, SGLang or"
                " llama-server, or a service. What you write to them leaves this computer."
            )
        )
        self._add.word(self.tr("Add an endpoint"))

    def _arrange(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(14)
        for widget in (self._head, self._words, self._card, self._failure):
            column.addWidget(widget)
        column.addLayout(in_line(self._add))
        column.addWidget(self._form)
        self._form.hide()

    def _show(self) -> None:
        if self._model.remotes != self._shown:
            self._build()
        # The form says its failures itself.
        failure = self._model.failure if self._form.isHidden() else None
        self._failure.show_sentences(*([failure] if failure else []))
        self._card.setVisible(bool(self._shown))

    def _build(self) -> None:
        held = holds_focus(self._parts)
        for part in self._parts:
            part.hide()
            part.deleteLater()
        self._rows, self._parts, self._shown = {}, [], self._model.remotes
        for remote in self._shown:
            if self._parts:
                self._put(separator())
            row = EndpointRow(remote)
            row.edit_wanted.connect(self._edit)
            row.remove_wanted.connect(self._model.remove)
            self._rows[remote.url] = row
            self._put(row)
        if held:
            self._add.setFocus()
        self.rebuilt.emit()

    def _put(self, part: QWidget) -> None:
        self._card.column.addWidget(part)
        self._parts.append(part)

    def _begin(self) -> None:
        self._edit(None)

    def _edit(self, remote: Remote | None) -> None:
        self._form.begin(remote)
        self._add.hide()
        self._show()

    def _left(self) -> None:
        self._add.show()
        self._add.setFocus()
        self._show()

    def _kept(self, url: str) -> None:
        """The form has done its work; the keyboard goes on at the endpoint."""
        if not self._form.isHidden():
            self._form.leave()
        row = self._rows.get(url)
        if row is not None:
            row.enter()
            self.entered.emit(row)


class EndpointRow(View):
    """Its name, address and models. Removing takes a second press, as its key is forgotten with it."""

    edit_wanted = Signal(object)  # engine.settings.Remote
    remove_wanted = Signal(str)  # its address

    def __init__(self, remote: Remote, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._remote = remote
        self._title = remote.name or _host(remote.url)
        self._facts = ElidedLine("", "muted")
        self._question = Text("", "warning")
        self._edit, self._remove, self._yes, self._no = Button(), Button(), Button(), Button()
        words = QVBoxLayout()
        words.setSpacing(3)
        for label in (
            ElidedLine(self._title, "strong"), ElidedLine(remote.url, "muted"), self._facts, self._question,
        ):  # fmt: skip
            words.addWidget(label)
        row = QHBoxLayout(self)
        row.setContentsMargins(4, 6, 4, 6)
        row.setSpacing(10)
        row.addLayout(words, 1)
        for button in (self._edit, self._remove, self._yes, self._no):
            row.addWidget(button)
        self._edit.clicked.connect(self._want_edit)
        self._remove.clicked.connect(self._ask)
        self._yes.clicked.connect(self._want_removal)
        self._no.clicked.connect(self._stop_asking)
        for widget in (self._question, self._yes, self._no):
            widget.hide()
        self.retranslate()

    def enter(self) -> None:
        self._edit.setFocus()

    def retranslate(self) -> None:
        self._facts.setText(", ".join(self._remote.models) or self.tr("no model chosen"))
        self._question.setText(self.tr("Remove it, and its key from the keyring?"))
        self._edit.word(self.tr("Edit"))
        self._edit.setAccessibleName(self.tr("Edit the endpoint {name}").format(name=self._title))
        self._remove.word(self.tr("Remove"))
        self._remove.setAccessibleName(self.tr("Remove the endpoint {name}").format(name=self._title))
        self._yes.word(self.tr("Remove"))
        self._yes.setAccessibleName(
            self.tr("Remove the endpoint {name} and its key").format(name=self._title)
        )
        self._no.word(self.tr("Keep"))
        self._no.setAccessibleName(self.tr("Keep the endpoint {name}").format(name=self._title))

    def _want_edit(self) -> None:
        self.edit_wanted.emit(self._remote)

    def _want_removal(self) -> None:
        self.remove_wanted.emit(self._remote.url)

    def _ask(self) -> None:
        self._show_question(True)
        self._no.setFocus()

    def _stop_asking(self) -> None:
        self._show_question(False)
        self._remove.setFocus()

    def _show_question(self, asking: bool) -> None:
        for widget in (self._question, self._yes, self._no):
            widget.setVisible(asking)
        for widget in (self._edit, self._remove):
            widget.setVisible(not asking)


def _host(url: str) -> str:
    """The whole text, where somebody wrote into the file what is no address."""
    try:
        return host_of(url) or url
    except ValueError:
        return url
