"""Models elsewhere, known by their headers: by an address or a repository's name to what there is to plan."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engine.cancellation import CancelToken
from engine.catalog.gguf import GgufHeader, shape_of, weights_of
from engine.catalog.hollow import write_hollow
from engine.catalog.model import ModelSpec, Quantization
from engine.download.endpoints import is_address
from engine.download.names import model_name_of, quantization_of
from engine.download.remote_header import header_at, header_of_plan
from engine.download.repositories import parse_reference
from engine.download.sources import plan_download
from engine.errors import LoadError, UsageError, WorkerError
from engine.host.knowing import known_machine
from engine.jobs.checking import last_report
from engine.jobs.exact_memory import refused, with_exact_memory
from engine.paths import Paths
from engine.planning.placement import plan_on, spec_of_file
from engine.planning.plan import RunPlan

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RemoteModel:
    """A model that is not here, as exactly known as one that is."""

    spec: ModelSpec
    quantization: Quantization
    header: GgufHeader


def remote_model(text: str, quantization: str, endpoint: str, token: CancelToken) -> RemoteModel:
    """`text` is an https address of a file, or OWNER/NAME[:QUANT] on the hub at `endpoint`.

    Raises: UsageError, DownloadError, ModelFileError, Cancelled.
    """
    if is_address(text):
        header = header_at(text, token)
        name = unquote(urlsplit(text).path.rpartition("/")[2])
        return _described(header, name, quantization_of(name), "")
    repository, named = parse_reference(text)
    plan = plan_download(endpoint, repository, named or quantization, Path())
    header = header_of_plan(plan, token)
    return _described(header, plan.files[0].path, plan.quantization, repository)


def plan_remote(
    paths: Paths,
    command: Sequence[str],
    endpoint: str,
    repository: str,
    quantization: str,
    token: CancelToken,
) -> RunPlan:
    """How that model would run on this machine as it was checked last; its memory by llama.cpp's own
    account, where it can be asked (`command` starts this program).

    Raises: UsageError, also before the first check; DownloadError, ModelFileError, Cancelled.
    """
    report = last_report(paths)
    if report is None:
        raise UsageError.of("machine_not_checked")
    found = remote_model(repository, quantization, endpoint, token)
    plan = plan_on(known_machine(paths, report), found.spec, found.quantization)
    try:
        with hollow_file(found.header, found.spec.shape.vocabulary, paths.state) as path:
            return with_exact_memory(plan, path, command, paths.state / "probe.log")
    except (LoadError, WorkerError) as error:
        log.warning("%s is planned by formula: %s", repository, error)
        return refused(plan, error)
    except OSError as error:
        log.warning("%s is planned by formula: %s", repository, error)
        return plan


@contextmanager
def hollow_file(header: GgufHeader, vocabulary: int, folder: Path) -> Iterator[Path]:
    """That model with a hole for its weights, as long as it is needed. Raises: OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="planning-", dir=folder) as place:
        yield write_hollow(header, vocabulary, Path(place) / "model.gguf")


def _described(header: GgufHeader, name: str, quantization: str, repository: str) -> RemoteModel:
    spec, quant = spec_of_file(
        shape_of(header),
        model_name_of(name.rpartition("/")[2]),
        header.file_size,
        weights_of(header),
        quantization,
        repository,
    )
    return RemoteModel(spec, quant, header)
