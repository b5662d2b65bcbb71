"""The commands of the window in words, as the palette and the page of shortcuts show them."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication


def command_words(name: str) -> str:
    """In the language of the window. Raises: KeyError, for a command that is none."""
    return {
        "new_chat": _tr("New chat"),
        "palette": _tr("All commands"),
        "find": _tr("Find in this chat"),
        "search": _tr("Search all chats"),
        "trash": _tr("Show the trash"),
        "next_chat": _tr("Next chat"),
        "previous_chat": _tr("Previous chat"),
        "message": _tr("Go to the message field"),
        "transcript": _tr("Go to the conversation"),
        "attach": _tr("Attach files"),
        "options": _tr("Settings of this chat"),
        "regenerate": _tr("Ask for another answer"),
        "carry_on": _tr("Carry the last answer on"),
        "stop": _tr("Stop the answer"),
        "copy_answer": _tr("Copy the last answer"),
        "model": _tr("Switch models"),
        "models": _tr("Models"),
        "settings": _tr("Settings"),
        "shortcuts": _tr("Keyboard shortcuts"),
        "prompts": _tr("Your prompts"),
        "advice": _tr("What to buy"),
        "history": _tr("Speed and memory over time"),
        "graphs": _tr("Show or hide the graphs"),
        "check": _tr("Check this machine"),
        "free_memory": _tr("Free the memory of the model"),
        "quit": _tr("Quit"),
        "use_model": _tr("Use {model}"),
        "use_prompt": _tr("Prompt: {prompt}"),
        "open_chat": _tr("Chat: {title}"),
    }[name]


def _tr(text: str) -> str:
    return QCoreApplication.translate("Commands", text)
