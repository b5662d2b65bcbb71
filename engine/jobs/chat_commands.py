"""The part of the desk that is about kept conversations."""

from __future__ import annotations

from typing import Protocol

from engine.events import JobId


class ChatCommands(Protocol):
    """As `Desk`. What changes the list ends with ConversationsListed."""

    def list_conversations(self) -> JobId:
        """ConversationsListed."""

    def open_conversation(self, conversation_id: int, message_id: int | None = None) -> JobId:
        """ConversationOpened, with the branch of that message, which is the one that is shown from now on."""

    def rename_conversation(self, conversation_id: int, title: str) -> JobId:
        """ConversationsListed."""

    def pin_conversation(self, conversation_id: int, pinned: bool) -> JobId:
        """ConversationsListed."""

    def move_conversation(self, conversation_id: int, folder_id: int | None) -> JobId:
        """ConversationsListed. None: out of all folders."""

    def make_folder(self, name: str, conversation_id: int | None = None) -> JobId:
        """ConversationsListed. With that conversation in it."""

    def rename_folder(self, folder_id: int, name: str) -> JobId:
        """ConversationsListed."""

    def remove_folder(self, folder_id: int) -> JobId:
        """ConversationsListed. What is in it stays, outside."""

    def delete_conversation(self, conversation_id: int) -> JobId:
        """ConversationsListed. The conversation goes to the trash, nothing is erased; its answers end."""

    def restore_conversation(self, conversation_id: int) -> JobId:
        """ConversationsListed. Undoes a deletion."""

    def purge_conversations(self, conversation_ids: tuple[int, ...] = ()) -> JobId:
        """ConversationsListed. Erases what is in the trash, of these or all of it, with what the engine has
        read of it. Happens by itself after 30 days."""

    def search_conversations(self, words: str) -> JobId:
        """ChatsSearched."""

    def export_conversations(self, path: str, conversation_ids: tuple[int, ...] = ()) -> JobId:
        """ChatsExported. All of them for (); as JSON, Markdown (.md) or a page (.html), by the file's ending.
        Several that are no JSON become a zip file."""

    def import_conversations(self, path: str) -> JobId:
        """ChatsImported, ConversationsListed. From an export of ours or of ChatGPT, zipped or not."""

    def go_on_from_copy(self) -> JobId:
        """Noticed, ConversationsListed. Puts a damaged chat database aside and goes on with its copy."""
