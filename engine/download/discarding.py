"""Deletes what is there of downloads that are not finished."""

from __future__ import annotations

from pathlib import Path

from engine.download.disk_errors import disk_error
from engine.download.names import quantization_of, shard_of
from engine.download.partfile import PartPaths, destination_lock
from engine.download.projectors import is_projector
from engine.download.pull import destination
from engine.download.records import read_record, record_path
from engine.download.repositories import repository_folder
from engine.download.values import DownloadPlan


def discard(folder: Path, repository: str, quantization: str) -> int:
    """Deletes what is unfinished of a quantisation ("" for all) of a repository in the models folder.

    Returns how many downloads were forgotten. Finished models stay; finished shards of an
    unfinished one go. Raises: DownloadError while it is being fetched; UsageError; DataFolderError.
    """
    root = repository_folder(folder, repository)
    try:
        finals = {
            left.with_name(left.name.removesuffix(suffix))
            for suffix in (".part", ".quarantine")
            for left in root.rglob(f"*.gguf{suffix}")
        }
        chosen = [
            final
            for final in sorted(finals)
            if quantization.upper() in ("", quantization_of(final.relative_to(root).as_posix()))
        ]
        for final in chosen:
            first = final.with_name(_first_shard(final.name))
            with destination_lock(PartPaths(first).lock, final.name):
                PartPaths(final).remove_unfinished()
                _remove_finished_shards(final)
    except OSError as error:
        raise disk_error(str(folder), error) from error
    return len(chosen)


def discard_plan(plan: DownloadPlan) -> None:
    """Deletes what is there of a plan that is not finished: parts, and shards that are complete.

    Raises: DownloadError while it is being fetched; DataFolderError.
    """
    paths = [destination(plan, file) for file in plan.files]
    try:
        if not paths[0].final.parent.is_dir():
            return
        with destination_lock(paths[0].lock, plan.files[0].path):
            unfinished = any(read_record(each.final) is None for each in paths)
            for each in paths:
                each.remove_unfinished()
                shared = is_projector(each.final.name)  # it may be another model's as well
                if unfinished and not shared and read_record(each.final) is not None:
                    each.final.unlink()
                    record_path(each.final).unlink(missing_ok=True)
    except OSError as error:
        raise disk_error(plan.folder, error) from error


def _first_shard(name: str) -> str:
    shard = shard_of(name)
    return name if shard.count == 1 else f"{shard.stem}-00001-of-{shard.count:05d}.gguf"


def _remove_finished_shards(final: Path) -> None:
    shard = shard_of(final.name)
    for number in range(1, shard.count + 1) if shard.count > 1 else ():
        finished = final.with_name(f"{shard.stem}-{number:05d}-of-{shard.count:05d}.gguf")
        if read_record(finished) is not None:
            finished.unlink()
            record_path(finished).unlink(missing_ok=True)
