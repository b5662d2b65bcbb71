"""Where things are kept: XDG on Linux, the platform's own folders elsewhere."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from engine.errors import DataFolderError


@dataclass(frozen=True, slots=True)
class Paths:
    """The program's folders. Only verified models end in `.gguf` inside `data`."""

    data: Path  # models and conversations
    config: Path  # settings
    state: Path  # logs, journals of downloads, the last hardware report

    @property
    def models(self) -> Path:
        return self.data / "models"

    @property
    def chats(self) -> Path:
        return self.data / "chats.sqlite3"

    @property
    def chat_index(self) -> Path:
        """Made from the chats; may be deleted at any time."""
        return self.state / "chat-index.sqlite3"

    @property
    def settings(self) -> Path:
        return self.config / "settings.json"

    @property
    def shelf(self) -> Path:
        """Prompts and presets."""
        return self.config / "prompts.json"

    @property
    def parked(self) -> Path:
        """States of idle conversations."""
        return self.state / "parked"

    @property
    def history(self) -> Path:
        """What answers and the machine did: figures, no text."""
        return self.state / "history.sqlite3"

    @property
    def runtimes(self) -> Path:
        """Packs of the engine for graphics cards (engine/packs)."""
        return self.data / "runtimes"

    @property
    def log(self) -> Path:
        return self.state / "deskside.log"


def default_paths() -> Paths:
    """The folders of this user, from the environment (XDG_DATA_HOME and so on); or those of a stick."""
    portable = portable_folder()
    if portable is not None:
        return Paths(portable / "data", portable / "config", portable / "state")
    folders = platformdirs.PlatformDirs("deskside", appauthor=False)
    return Paths(Path(folders.user_data_dir), Path(folders.user_config_dir), Path(folders.user_state_dir))


def portable_folder() -> Path | None:
    """Where everything is kept when a person made a folder `deskside-data` beside the frozen program; on
    macOS beside the app, whose inside belongs to its signature."""
    if not getattr(sys, "frozen", False):
        return None
    program = Path(os.environ.get("APPIMAGE") or sys.executable).resolve()
    app = next((folder for folder in program.parents if folder.suffix == ".app"), program)
    folder = app.parent / "deskside-data"
    return folder if folder.is_dir() else None


def prepare(paths: Paths) -> None:
    """Makes the folders and proves that they can be written.

    Raises: DataFolderError, saying which folder, why, and what moves it elsewhere.
    """
    for folder, variable in (
        (paths.data, "XDG_DATA_HOME"),
        (paths.models, "XDG_DATA_HOME"),
        (paths.config, "XDG_CONFIG_HOME"),
        (paths.state, "XDG_STATE_HOME"),
    ):
        probe = folder / f".write-test-{os.getpid()}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            probe.write_bytes(b"x")
            probe.unlink()
        except OSError as error:
            reason = error.strerror or str(error)
            if sys.platform == "linux" and portable_folder() is None:
                raise DataFolderError.of(
                    "folder_unwritable", path=str(folder), reason=reason, variable=variable
                ) from error
            raise DataFolderError.of("folder_unwritable_here", path=str(folder), reason=reason) from error
