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
from engine.host.surroundings import last_report
from engine.messages import Sentence, english
from engine.packs.abi import engine_abi
from engine.packs.fitting import Card, best_first, fitting, old_driver
from engine.packs.manifest import (
    LARGEST_MANIFEST,
    MANIFEST,
    SIGNATURE,
    Pack,
    read_manifest,
    trusted_keys,
)
from engine.packs.outlived import clear_out
from engine.packs.shelf import BUILT_IN, Shelf
from engine.packs.unpack import unpack
from engine.paths import Paths
from engine.runtime.probe import list_devices

log = logging.getLogger(__name__)

_TRIAL_S: Final = 30.0  # a driver builds its shaders at the first start
_STALL_S: Final = 20.0
Progress = Callable[[DownloadProgress], None]


@dataclass(frozen=True, slots=True)
class RuntimeOnShelf:
    """A pack on this machine, or what the program brings (`name` ""), as it is shown."""

    name: str
    backend: str
    in_use: bool
    aside: Sentence | None = None  # why it was put aside
    before: bool = False  # going back leads to it


class Runtimes:
    """All methods block: run them on a job's thread. A `place` is an address or a folder that offers packs;
    "" is the one that this version names, if it does."""

    def __init__(self, paths: Paths, command: Sequence[str]) -> None:
        """`command` starts this program."""
        self._paths = paths
        self._command = tuple(command)
        self._shelf = Shelf(paths.runtimes, engine_abi())

    @property
    def published(self) -> str:
        """Where packs for this version are offered; "" where there is no such place yet."""
        return resources.address("runtimes")

    def here(self) -> tuple[RuntimeOnShelf, ...]:
        """What can be chosen: packs, the best backend first, then what the program brings."""
        choice, in_use = self._shelf.choice(), self._shelf.in_use()
        before = self._shelf.before() if choice.chosen else in_use
        backends = {pack.name: pack.backend for pack in self._shelf.packs()}
        return tuple(
            RuntimeOnShelf(
                name, backend, name == in_use, choice.aside.get(name), name == before and name != in_use
            )
            for name, backend in (*backends.items(), (BUILT_IN, "cpu"))
        )

    def offered(self, place: str) -> tuple[Pack, ...]:
        """Those for this machine and this build, the best first.

        Raises: PackError, DownloadError for an address that is none.
        """
        place = place or self.published
        if not place:
            raise PackError.of("pack_no_source")
        keys = trusted_keys(resources.path("runtimes", "keys.txt"), self._paths.config / "runtime-keys.txt")
        packs = read_manifest(_fetch(place, MANIFEST), _fetch(place, SIGNATURE), keys)
        return best_first(pack for pack in packs if pack.fits_system and pack.abi == self._shelf.abi)

    def install(
        self, place: str, name: str, progress: Progress, token: CancelToken
    ) -> tuple[DeviceFacts, ...]:
        """Fetches, verifies, unpacks and tries a pack, and uses it from the next load on. What it replaces
        goes (packs/outlived.py).

        `name` is the pack's, or its backend's. Until the trial was passed nothing is changed. Returns the
        devices that it computes on. Raises: PackError, DownloadError, DiskFull, DataFolderError, Cancelled.
        """
        place = place or self.published
        offered = self.offered(place)
        pack = next((pack for pack in offered if name in (pack.name, pack.backend)), None)
        if pack is None:
            known = ", ".join(pack.name for pack in offered) or "none"
            raise PackError.of(
                "pack_not_offered", name=name, abi=self._shelf.abi, place=shown(place), known=known
            )
        return self._take(place, pack, progress, token)

    def install_best(
        self,
        place: str,
        progress: Progress,
        token: CancelToken,
        passed_over: Callable[[Sentence], None] = lambda why: None,
    ) -> tuple[DeviceFacts, ...]:
        """The first for the graphics cards of this machine that passes its trial; `passed_over` is told why
        others did not. Raises: as `install`, for the last of them."""
        place = place or self.published
        cards = self._cards()
        chosen = fitting(self.offered(place), cards)
        if not chosen:
            known = ", ".join(sorted({card.maker for card in cards or ()} - {""})) or "none"
            raise PackError.of("pack_none_fits", place=shown(place), cards=known, abi=self._shelf.abi)
        for pack in chosen[:-1]:
            try:
                return self._take(place, pack, progress, token)
            except PackError as error:
                log.warning("%s is passed over: %s", pack.name, error)
                passed_over(error.message)
        return self._take(place, chosen[-1], progress, token)

    def _take(
        self, place: str, pack: Pack, progress: Progress, token: CancelToken
    ) -> tuple[DeviceFacts, ...]:
        if old := old_driver(pack, self._cards()):
            raise PackError.of("pack_driver_old", name=pack.name, needed=pack.driver, have=old)
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
        clear_out(self._shelf)
        return devices

    def _cards(self) -> tuple[Card, ...] | None:
        """By the last check; None where there was none."""
        report = last_report(self._paths)
        if report is None:
            return None
        return tuple(
            # Others than NVIDIA's own library tell other numbers: the kernel's, or those of Windows.
            Card(gpu.vendor, gpu.driver_version if "nvml" in gpu.found_by else "")
            for gpu in report.gpus
            if gpu.link is None
        )

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
