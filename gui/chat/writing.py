"""What stands in the composer: the draft of the conversation that is shown, or a question that is edited."""

from __future__ import annotations

from PySide6.QtCore import QObject, Qt

from engine.chat.attachments import AttachedFile
from engine.events import Event
from engine.jobs.desk import Desk
from gui.chat.attaching import Attaching
from gui.chat.composer import Composer
from gui.chat.drafts import Drafts
from gui.chat.edit_notice import EditNotice
from gui.chat.model import ChatModel


class Writing(QObject):
    def __init__(
        self,
        desk: Desk,
        model: ChatModel,
        composer: Composer,
        editing: EditNotice,
        attaching: Attaching,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._model = model
        self._composer = composer
        self._editing = editing
        self._attaching = attaching
        self._before_edit = ""
        self._drafts = Drafts(desk, self)
        self._drafts.came.connect(self._show_earlier)
        editing.cancelled.connect(self.leave_edit)
        model.sending_failed.connect(self._give_back)

    def on_event(self, event: Event) -> None:
        self._drafts.on_event(event)

    # drafts
    def note(self) -> None:
        """Something was typed."""
        if self.edited is None:
            self._drafts.note(self._model.conversation_id, self._composer.text)

    def put_away(self) -> None:
        """Before another conversation is shown."""
        self.end_edit()
        self.note()

    def take_out(self) -> None:
        """The draft of the conversation that is shown."""
        self._composer.set_text(self._drafts.of(self._model.conversation_id))

    def keep(self) -> None:
        """On disk, at once."""
        self.note()
        self._drafts.keep()

    def begin(self) -> None:
        """What was typed since sending belongs to the conversation that has begun."""
        self._drafts.note(None, "")
        self.note()

    def _show_earlier(self) -> None:
        """Those of an earlier start have come."""
        if not self._composer.text:
            self.take_out()

    def _give_back(self, conversation_id: int | None, text: str, files: tuple[AttachedFile, ...]) -> None:
        """Sending failed: the words return to where they came from, before what was typed since."""
        if conversation_id == self._model.conversation_id:
            for file in files:
                self._attaching.give_back(file)
            since = self._composer.text
            self._composer.set_text(f"{text}\n{since}" if since else text)
        else:
            since = self._drafts.of(conversation_id)
            self._drafts.note(conversation_id, f"{text}\n{since}" if since else text)

    # editing
    @property
    def edited(self) -> int | None:
        """The question that is edited."""
        return self._editing.message_id

    def edit(self, message_id: int) -> None:
        """The question comes into the composer; what was being typed there waits."""
        question = next(message for message in self._model.messages if message.id == message_id)
        if self.edited is None:
            self._before_edit = self._composer.text
        self._editing.show_edit(message_id)
        self._composer.show_purpose(self._editing.words.text())
        self._composer.set_text(question.text())
        self._composer.draft.setFocus(Qt.FocusReason.OtherFocusReason)

    def end_edit(self) -> None:
        if self.edited is not None:
            self._editing.show_edit(None)
            self._composer.show_purpose("")
            self._composer.set_text(self._before_edit)

    def leave_edit(self) -> None:
        """As it was before; the keyboard stays in the composer."""
        self._composer.draft.setFocus(Qt.FocusReason.OtherFocusReason)
        self.end_edit()
