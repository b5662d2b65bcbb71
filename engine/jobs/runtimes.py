"""Runtime packs, from a place that offers them to the next worker: list, fetch, verify, unpack, try, use."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import resources
from engine.cancellation import CancelToken
from engine.download.disk_errors import disk_error
from engine.download.endpoints import checked_endpoint, shown
from engine.download.lines import TROUBLES
from engine.download.pull import pull
from engine.download.values import DownloadPlan, DownloadProgress, Place, RemoteFile, Way
from engine.download.wire import Wire
from engine.errors import PackError, WorkerError
from engine.hardware.report import DeviceFacts
from engine.messages import Sentence, english
from engine.packs.abi import engine_abi
from engine.packs.manifest import (
    BACKENDS,
    LARGEST_MANIFEST,
    MANIFEST,
    SIGNATURE,
    Pack,
    read_manifest,
    trusted_keys,
)
from engine.packs.shelf import BUILT_IN, Shelf
from engine.packs.unpack import unpack
from engine.paths import Paths
from engine.runtime.probe import list_devices

log = logging.getLogger(__name__)

_TRIAL_S: Final = 30.0  # a driver builds its shaders at the first start
_STALL_S: Final = 20.0


@dataclass(frozen=True, slots=True)
class RuntimeOnShelf:
    """A pack on this machine, or what the program brings (`name` ""), as it is shown."""

    name: str
    backend: str
    in_use: bool
    aside: Sentence | None = None  # why it was put aside


class Runtimes:
    """All methods block: run them on a job's thread."""

    def __init__(self, paths: Paths, command: Sequence[str]) -> None:
        """`command` starts this program."""
        self._paths = paths
        self._command = tuple(command)
        self._shelf = Shelf(paths.runtimes, engine_abi())

    def here(self) -> tuple[RuntimeOnShelf, ...]:
        """What can be chosen: packs, the best backend first, then what the program brings."""
        in_use, aside = self._shelf.in_use(), self._shelf.choice().aside
        packs = [
            RuntimeOnShelf(pack.name, pack.backend, pack.name == in_use, aside.get(pack.name))
            for pack in self._shelf.packs()
        ]
        return (*packs, RuntimeOnShelf(BUILT_IN, "cpu", in_use == BUILT_IN))

    def offered(self, place: str) -> tuple[Pack, ...]:
        """Those for this machine and this build, at an address or in a folder.

        Raises: PackError, DownloadError for an address that is none.
        """
        if not place:
            raise PackError.of("pack_no_source")
        keys = trusted_keys(resources.path("runtimes", "keys.txt"), self._paths.config / "runtime-keys.txt")
        packs = read_manifest(_fetch(place, MANIFEST), _fetch(place, SIGNATURE), keys)
        return tuple(pack for pack in packs if pack.fits_system and pack.abi == self._shelf.abi)

    def install(
        self, place: str, name: str, progress: Callable[[DownloadProgress], None], token: CancelToken
    ) -> tuple[DeviceFacts, ...]:
        """Fetches, verifies, unpacks and tries a pack, and uses it from the next load on.

        `name` is the pack's, or its backend's. Until the trial was passed nothing is changed. Returns the
        devices that it computes on. Raises: PackError, DownloadError, DiskFull, DataFolderError, Cancelled.
        """
        offered = self.offered(place)
        pack = next((pack for pack in offered if name in (pack.name, pack.backend)), None)
        if pack is None:
            known = ", ".join(pack.name for pack in offered) or "none"
            raise PackError.of(
                "pack_not_offered", name=name, abi=self._shelf.abi, place=shown(place), known=known
            )
        try:
            with self._shelf.workbench() as work:
                archive = Path(pull(_plan(place, pack, self._shelf.folder / "fetched"), progress, token).path)
                unpacked = work / pack.name
                unpacked.mkdir()
                unpack(archive, unpacked, pack.unpacked)
                devices = self._tried(pack, unpacked)
                self._shelf.add(pack, unpacked)
                shutil.rmtree(archive.parent, ignore_errors=True)
            self._shelf.use(pack.name)
        except OSError as error:
            raise disk_error(str(self._shelf.folder), error) from error
        return devices

    def install_best(
        self, place: str, progress: Callable[[DownloadProgress], None], token: CancelToken
    ) -> tuple[DeviceFacts, ...]:
        """The first for graphics cards that passes its trial. Raises: as `install`, for the last."""
        offered = [pack for pack in self.offered(place) if pack.backend != "cpu"]
        offered.sort(key=lambda pack: BACKENDS.index(pack.backend))
        for pack in offered[:-1]:
            try:
                return self.install(place, pack.name, progress, token)
            except PackError as error:
                log.warning("%s is passed over: %s", pack.name, error)
        return self.install(place, offered[-1].name if offered else "", progress, token)

    def use(self, name: str) -> None:
        """From the next load on; "" is what the program brings. Raises: PackError, DataFolderError."""
        if name != BUILT_IN:
            self._known(name)
        try:
            self._shelf.use(name)
        except OSError as error:
            raise disk_error(str(self._shelf.folder), error) from error

    def roll_back(self) -> str:
        """Returns what is in use now. Raises: DataFolderError."""
        try:
            return self._shelf.roll_back()
        except OSError as error:
            raise disk_error(str(self._shelf.folder), error) from error

    def remove(self, name: str) -> None:
        """Raises: PackError."""
        self._known(name)
        try:
            self._shelf.remove(name)
        except OSError as error:
            raise PackError.of("pack_in_the_way", name=name, reason=error.strerror or str(error)) from error

    def _known(self, name: str) -> None:
        names = [pack.name for pack in self._shelf.packs()]
        if name not in names:
            raise PackError.of("pack_unknown", name=name, known=", ".join(names) or "none")

    def _tried(self, pack: Pack, folder: Path) -> tuple[DeviceFacts, ...]:
        """The devices that it adds, by a worker that may crash or halt. Raises: PackError."""
        command = (*self._command, "_pack", str(folder))
        try:
            devices = list_devices(command, _TRIAL_S, self._paths.state / "probe.log")
        except WorkerError as error:
            reason = english(error.message).rstrip(".")
            raise PackError.of("pack_failed_trial", name=pack.name, reason=reason) from error
        own = tuple(device for device in devices if (device.kind == "cpu") == (pack.backend == "cpu"))
        if not own:
            raise PackError.of("pack_without_device", name=pack.name)
        return own


def _is_address(place: str) -> bool:
    return place.startswith(("https://", "http://"))


def _place_of(place: str, file: str) -> Place:
    if _is_address(place):
        return Place(Way.PLAIN, f"{place.rstrip('/')}/{file}")
    return Place(Way.FOLDER, str(Path(place).expanduser().absolute() / file))


def _fetch(place: str, file: str) -> bytes:
    """A small file of that place. Raises: PackError, DownloadError."""
    at = _place_of(place, file)
    try:
        if at.way is Way.FOLDER:
            with Path(at.url).open("rb") as opened:
                return opened.read(LARGEST_MANIFEST)
        return _fetch_address(checked_endpoint(at.url))
    except TROUBLES as error:
        raise PackError.of(
            "pack_source_silent", place=shown(place), reason=shown(str(error)) or type(error).__name__
        ) from error


def _fetch_address(url: str) -> bytes:
    wire = Wire(url, None, _STALL_S, is_hub=False)
    try:
        answer, body = wire.get(url, 0, LARGEST_MANIFEST, None)
        if answer.status not in (200, 206):
            raise OSError(f"the server answers {answer.status}")
        pieces = b""
        while len(pieces) < LARGEST_MANIFEST and (piece := body.piece(LARGEST_MANIFEST - len(pieces))):
            pieces += piece
        return pieces
    finally:
        wire.close()


def _plan(place: str, pack: Pack, folder: Path) -> DownloadPlan:
    file = RemoteFile(pack.file, pack.size, pack.sha256, (_place_of(place, pack.file),))
    return DownloadPlan(place, pack.name, "", "", (file,), str(folder))
