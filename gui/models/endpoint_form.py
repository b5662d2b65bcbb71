"""The form for an endpoint elsewhere: address and key, a try, and which of its models the chat may use."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent, QKeyEvent
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.errors import RemoteError
from engine.jobs.endpoints import same_key
from engine.messages import sentence
from engine.remote.address import checked_address, host_of, in_clear
from engine.settings import Remote
from gui.models.endpoints_model import EndpointsModel
from gui.models.model_choice import ModelChoice
from gui.widgets.controls import Button, Card
from gui.widgets.labels import Line, Text
from gui.widgets.rows import in_line
from gui.widgets.sentences import SentenceLabel, translate
from gui.widgets.theme import ThemeSource
from gui.widgets.view import View


class EndpointForm(View):
    """For a new one, or for one of the settings. `left`: it was put aside, or its endpoint is kept;
    `entered` carries the part that the keyboard has gone to."""

    left = Signal()
    entered = Signal(object)  # QWidget

    def __init__(self, model: EndpointsModel, theme: ThemeSource, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        self._old: Remote | None = None  # that is changed; None for a new one
        self._found: int | None = None  # models that the last try found
        self._refusal_code = ""
        self._labels = [Line() for _ in range(4)]
        self._address, self._key, self._name = QLineEdit(), QLineEdit(), QLineEdit()
        self._key.setEchoMode(QLineEdit.EchoMode.Password)
        self._in_clear = SentenceLabel("warning")
        self._try, self._stop = Button(), Button()
        self._state = Text("", "muted")
        self._failure = SentenceLabel("danger")
        self._choice = ModelChoice(theme)
        self._refusal = Text("", "danger")
        self._save, self._cancel = Button("primary"), Button()
        self._arrange()
        self._connect()
        self.retranslate()

    def begin(self, remote: Remote | None) -> None:
        """Shows the form: empty, or with what is kept of an endpoint; its key is never shown."""
        self._model.stop()
        self._old, self._found = remote, None
        self._address.setText(remote.url if remote else "")
        self._name.setText(remote.name if remote else "")
        self._key.clear()
        self._choice.begin(remote.models if remote else ())
        self._refuse("")
        self._show_state()
        self.retranslate()
        self.show()
        self._address.setFocus()
        self.entered.emit(self)

    def retranslate(self) -> None:
        names = (self.tr("Address"), self.tr("Key"), self.tr("Models"), self.tr("Name"))
        for label, name in zip(self._labels, names, strict=True):
            label.setText(name)
        self._address.setAccessibleName(self.tr("Address of the endpoint"))
        self._address.setPlaceholderText("https://host/v1")
        self._key.setAccessibleName(self.tr("Key of the endpoint"))
        self._name.setAccessibleName(self.tr("Name of the endpoint"))
        self._name.setPlaceholderText(self.tr("as you like; else its host"))
        self._try.word(self.tr("Try it"))
        self._stop.word(self.tr("Stop trying"))
        self._save.word(self.tr("Save the endpoint") if self._old else self.tr("Add the endpoint"))
        self._cancel.word(self.tr("Cancel"))
        self._word_key()
        self._refuse(self._refusal_code)
        self._show_state()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def leave(self) -> None:
        """Puts it aside; what was typed is forgotten, the key above all."""
        self._model.stop()
        self._key.clear()
        self.hide()
        self.left.emit()

    def _arrange(self) -> None:
        card = Card()
        form = QFormLayout()
        form.setHorizontalSpacing(20)
        form.setVerticalSpacing(10)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        trying = QHBoxLayout()
        trying.setSpacing(10)
        for button in (self._try, self._stop):
            trying.addWidget(button)
        trying.addWidget(self._state, 1)
        form.addRow(self._labels[0], self._address)
        form.addRow(self._labels[1], self._key)
        form.addRow("", self._in_clear)
        form.addRow("", trying)
        form.addRow("", self._failure)
        form.addRow(self._labels[2], self._choice)
        form.addRow(self._labels[3], self._name)
        form.addRow("", self._refusal)
        for label, field in zip(self._labels[:2], (self._address, self._key), strict=True):
            label.setBuddy(field)
        self._labels[3].setBuddy(self._name)
        buttons = in_line(self._save, self._cancel, gap=10)
        card.column.addLayout(form)
        card.column.addLayout(buttons)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)
        self._refusal.hide()

    def _connect(self) -> None:
        self._try.clicked.connect(self._try_it)
        self._stop.clicked.connect(self._model.stop)
        self._save.clicked.connect(self._keep)
        self._cancel.clicked.connect(self.leave)
        for field in (self._address, self._key):
            field.textEdited.connect(self._edited)
            field.returnPressed.connect(self._try_it)
        self._name.returnPressed.connect(self._keep)
        self._choice.changed.connect(self._chosen)
        self._model.changed.connect(self._show_state)
        self._model.tried.connect(self._show_found)

    def _edited(self) -> None:
        """What was found belongs to what was written before."""
        self._model.stop()
        if self._found is not None:
            self._found = None
            self._choice.begin(self._choice.chosen())
        self._refuse("")
        self._word_key()
        self._show_state()

    def _chosen(self) -> None:
        self._refuse("")

    def _try_it(self) -> None:
        self._found = None
        url = self._checked_address()
        if url:
            self._model.try_it(url, self._key.text())

    def _show_found(self, names: tuple[str, ...]) -> None:
        self._found = len(names)
        self._choice.offer(names)
        self._show_state()
        self._announce(self._state.text())
        if names:
            self._choice.enter()
            self.entered.emit(self._choice)

    def _keep(self) -> None:
        url = self._checked_address()
        if not url:
            return
        old = self._old.url if self._old else ""
        if any(remote.url == url != old for remote in self._model.remotes):
            self._refuse("known")
        elif not self._choice.chosen():
            self._refuse("no model")
        else:
            remote = Remote(self._name.text().strip(), url, self._choice.chosen())
            self._model.keep(remote, self._key.text(), old)

    def _checked_address(self) -> str:
        """As the engine keeps it; "" for what is no address, which is then said."""
        try:
            url = checked_address(self._address.text())
        except RemoteError:
            self._refuse("address")
            self._address.setFocus()
            return ""
        self._refuse("")
        return url

    def _refuse(self, code: str) -> None:
        words = {
            "address": self.tr(
                "That is not the address of an endpoint. Write it as https://HOST/v1, or http://HOST:PORT/v1"
                " on your own network."
            ),
            "known": self.tr("There is an endpoint with this address already: edit that one."),
            "no model": self.tr("Choose at least one model: try the endpoint, or write a model's name."),
        }
        if code and code != self._refusal_code:
            self._announce(words[code])
        self._refusal_code = code
        self._refusal.setText(words.get(code, ""))
        self._refusal.setVisible(bool(code))

    def _word_key(self) -> None:
        """An empty field leaves the key that is kept for the same host; says so, and who could read it."""
        url = self._valid_address()
        same = self._old is not None and same_key(url, self._old.url)
        self._key.setPlaceholderText(
            self.tr("leave it empty to keep the one that is stored")
            if same
            else self.tr("only if the endpoint wants one; stored in the keyring of the system")
        )
        exposed = bool(url) and in_clear(url) and bool(self._key.text())
        self._in_clear.show_sentences(
            *([sentence("remote_key_in_clear", host=host_of(url))] if exposed else [])
        )

    def _valid_address(self) -> str:
        try:
            return checked_address(self._address.text())
        except RemoteError:
            return ""

    def _show_state(self) -> None:
        trying, failure = self._model.is_trying, self._model.failure
        shown, hidden = (self._stop, self._try) if trying else (self._try, self._stop)
        shown.show()
        if hidden.hasFocus():
            shown.setFocus()  # the keyboard stays where it was
        hidden.hide()
        words = self.tr("asking the endpoint…") if trying else ""
        if self._found == 0:
            words = self.tr("It answers, but offers no model. Load one there, or write a model's name.")
        elif self._found is not None:
            words = self.tr("It answers and offers one model.")
            if self._found > 1:
                words = self.tr("It answers and offers {count} models. Choose those for the chat.")
                words = words.format(count=self._found)
        self._state.setText(words)
        if failure is not None and self._failure.isHidden():
            self._announce(translate(failure))
        self._failure.show_sentences(*([failure] if failure else []))

    def _announce(self, words: str) -> None:
        """For screen readers: the keyboard is elsewhere when this appears."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self, words))
