"""New versions of this program: told of where that is wanted, fetched and verified, never started.

<state>/releases.signed     the list as it came, signature and all; believed anew each time it is read
<state>/releases.asked      when it was asked for last, in seconds since the epoch
<data>/updates/VERSION/     a fetched installer
"""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import resources
from engine import __version__
from engine.cancellation import CancelToken
from engine.download.disk_errors import disk_error
from engine.download.endpoints import checked_endpoint, shown
from engine.download.lines import TROUBLES
from engine.download.pull import pull
from engine.download.segments import sha256_of
from engine.download.values import DownloadPlan, DownloadProgress, Place, RemoteFile, Way
from engine.download.wire import Wire
from engine.errors import UpdateError
from engine.messages import Sentence, sentence
from engine.paths import Paths
from engine.releases.here import installed_as, installer_of
from engine.releases.listing import LARGEST_LIST, Installer, Release, ReleaseList, read_list, version_number
from engine.settings import Settings
from engine.signatures import keys_in
from engine.whole_file import replace_file

log = logging.getLogger(__name__)

EVERY_S: Final = 86_400.0  # between two requests that nobody made by hand
_LATEST_S: Final = 1e12
_STALL_S: Final = 12.0
_MOST_S: Final = 30.0  # for the whole list
_LOOK_S: Final = 0.1


@dataclass(frozen=True, slots=True)
class Outlook:
    """What is known of new versions."""

    version: str  # of this program
    place: str  # that is asked; "" where nobody is
    trusts: bool  # there is a key by which the list could be believed
    newer: Release | None = None
    installer: Installer | None = None  # of the newer one that replaces this program
    asked_at: float = 0.0  # seconds since the epoch; 0: never

    @property
    def possible(self) -> bool:
        """Whether anything can be learnt at all."""
        return bool(self.place) and self.trusts

    @property
    def host(self) -> str:
        """That is asked, for people; "" where nobody can be."""
        return shown(self.place).partition("://")[2].partition("/")[0] if self.possible else ""


@dataclass(frozen=True, slots=True)
class Fetched:
    path: str
    message: Sentence  # what to do with it


class Updates:
    """All methods block: run them on a job's thread."""

    def __init__(self, paths: Paths, version: str = __version__, kind: str | None = None) -> None:
        """`kind`: what this program was installed by, where that is not to be found out."""
        self._paths = paths
        self._version = version
        self._kind = installed_as() if kind is None else kind

    def look(self, settings: Settings) -> Outlook:
        """What the last answer said; asks nobody. Raises: UpdateError, for keys that cannot be read."""
        self._tidy()
        keys = self._keys()
        place = settings.releases_from.strip() or resources.address("releases")
        known = self._kept(keys)
        newer = known.newer_than(self._version) if known else None
        installer = installer_of(newer, self._kind) if newer else None
        return Outlook(self._version, place, bool(keys), newer, installer, self._asked_at())

    def look_if_due(self, settings: Settings) -> Outlook:
        """Asks where that is switched on and possible, and was not done within a day. Raises: as `ask`."""
        outlook = self.look(settings)
        # A clock that was set back must not silence it for ever.
        due = abs(time.time() - outlook.asked_at) >= EVERY_S
        return self.ask(settings) if settings.look_for_updates and outlook.possible and due else outlook

    def ask(self, settings: Settings) -> Outlook:
        """One request, now. Raises: UpdateError, DownloadError, DataFolderError; what was known stays."""
        outlook = self.look(settings)
        if not outlook.possible:
            raise UpdateError.of("release_no_place")
        try:
            # First: a request that fails counts, too.
            replace_file(self._paths.state / "releases.asked", b"%d\n" % time.time())
        except OSError as error:
            raise disk_error(str(self._paths.state), error) from error
        document = _fetch(outlook.place)
        keys = self._keys()
        fresh, known = read_list(document, keys), self._kept(keys)
        if known is not None and fresh.made < known.made:
            raise UpdateError.of("release_list_older")
        self._keep(document)
        return self.look(settings)

    def fetch(
        self, settings: Settings, progress: Callable[[DownloadProgress], None], token: CancelToken
    ) -> Fetched:
        """The installer of the newer version, verified. It is not started.

        Raises: UpdateError, DownloadError, DiskFull, DataFolderError, Cancelled.
        """
        outlook = self.look(settings)
        if outlook.newer is None:
            raise UpdateError.of("update_none", version=self._version)
        installer = outlook.installer
        if installer is None:
            raise UpdateError.of("update_no_installer", version=outlook.newer.version)
        folder = self._paths.data / "updates" / outlook.newer.version
        url = f"{checked_endpoint(outlook.place).rpartition('/')[0]}/{installer.file}"
        _reach(url, token)  # a transfer waits for its network for as long as it takes; this does not
        file = RemoteFile(installer.file, installer.size, installer.sha256, (Place(Way.PLAIN, url),))
        plan = DownloadPlan(outlook.place, f"Deskside {outlook.newer.version}", "", "", (file,), str(folder))
        path = Path(pull(plan, progress, token).path)
        try:
            self._verify_once_more(path, installer)
            if installer.kind == "appimage":
                path.chmod(0o755)
        except OSError as error:
            raise disk_error(str(path), error) from error
        return Fetched(str(path), sentence(f"update_ready_{installer.kind}", path=str(path)))

    def _verify_once_more(self, path: Path, installer: Installer) -> None:
        """One fetched earlier may have been changed on the disk since. Raises: UpdateError, OSError."""
        if sha256_of(path, lambda _: None) != installer.sha256:
            shutil.rmtree(path.parent, ignore_errors=True)
            raise UpdateError.of("update_changed", path=str(path))

    def _keys(self) -> tuple[bytes, ...]:
        keys: list[bytes] = []
        for file in (resources.path("releases", "keys.txt"), self._paths.config / "release-keys.txt"):
            try:
                keys += keys_in(file)
            except (OSError, ValueError) as error:
                raise UpdateError.of("pack_key_unusable", path=str(file), reason=str(error)) from error
        return tuple(keys)

    def _kept(self, keys: tuple[bytes, ...]) -> ReleaseList | None:
        """The last list that was believed; None where there is none, or it is believed no more."""
        try:
            with (self._paths.state / "releases.signed").open("rb") as file:
                return read_list(file.read(LARGEST_LIST + 1), keys)
        except FileNotFoundError:
            return None
        except (OSError, UpdateError) as error:
            log.warning("the list of versions that was kept does not count: %s", error)
            return None

    def _keep(self, document: bytes) -> None:
        """Raises: DataFolderError and its like."""
        path = self._paths.state / "releases.signed"
        try:
            replace_file(path, document)
        except OSError as error:
            raise disk_error(str(path), error) from error

    def _asked_at(self) -> float:
        try:
            at = float((self._paths.state / "releases.asked").read_text("utf-8"))
        except FileNotFoundError:
            return 0.0
        except (OSError, ValueError) as error:
            log.warning("when versions were asked for last cannot be read: %s", error)
            return 0.0
        return at if 0 <= at < _LATEST_S else 0.0

    def _tidy(self) -> None:
        """Installers of this version and of older ones have done their work."""
        for folder in (self._paths.data / "updates").glob("*.*.*"):
            try:
                done = version_number(folder.name) <= version_number(self._version)
            except ValueError:
                continue  # not ours
            if done:
                shutil.rmtree(folder, ignore_errors=True)


def _fetch(place: str) -> bytes:
    """Raises: UpdateError; DownloadError, for an address that is none."""
    url = checked_endpoint(place)
    with _wire_to(url) as wire:
        status, body = wire.read(url, LARGEST_LIST, _MOST_S)
    if status != 200:
        raise UpdateError.of("release_silent", place=shown(place), reason=f"HTTP {status}")
    return body


def _reach(url: str, token: CancelToken) -> None:
    """Raises: UpdateError, unless a file is given out there, by redirects that may be followed; Cancelled."""
    with _wire_to(url) as wire:
        over = threading.Event()
        threading.Thread(target=_cut_when_cancelled, args=(wire, token, over), daemon=True).start()
        try:
            found = wire.locate(url)
        except TROUBLES:
            token.raise_if_cancelled()
            raise
        finally:
            over.set()
    if not found.url:
        raise UpdateError.of("release_silent", place=shown(url), reason=f"HTTP {found.answer.status}")


def _cut_when_cancelled(wire: Wire, token: CancelToken, over: threading.Event) -> None:
    while not over.is_set():
        if token.wait(_LOOK_S):
            wire.cut()
            return


@contextlib.contextmanager
def _wire_to(url: str) -> Iterator[Wire]:
    """Raises: UpdateError, for all that may go wrong on it."""
    wire = Wire(url, None, _STALL_S, is_hub=False)
    try:
        yield wire
    except TROUBLES as error:
        reason = shown(str(error)) or type(error).__name__
        raise UpdateError.of("release_silent", place=shown(url), reason=reason) from error
    finally:
        wire.close()
