"""How long models stay and how much is kept on disk: the user's settings, as they are now."""

from __future__ import annotations

from engine.host.start import HostOptions
from engine.paths import Paths
from engine.settings import Settings, load_settings


class Policy:
    """Reads the settings again when their file has changed. Any thread."""

    def __init__(self, paths: Paths, options: HostOptions) -> None:
        self._path = paths.settings
        self._options = options
        self._read_at = -1  # mtime, ns
        self._settings = Settings()
        self.most_ram = options.memory_bytes

    def keep_loaded_s(self) -> float:
        """0 keeps an idle model until the last client has left."""
        chosen = self._options.keep_loaded_s
        return self._now().keep_loaded_minutes * 60.0 if chosen is None else chosen

    def park_bytes(self) -> int:
        chosen = self._options.park_bytes
        return self._now().park_gib << 30 if chosen is None else chosen

    def keep_history(self) -> bool:
        return self._now().keep_history

    def _now(self) -> Settings:
        try:
            changed = self._path.stat().st_mtime_ns
        except OSError:
            return self._settings  # none was ever saved, or it is being replaced
        if changed != self._read_at:
            self._settings, _ = load_settings(self._path)
            self._read_at = changed
        return self._settings
