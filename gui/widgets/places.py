"""Where a model computes: on this machine, or at an endpoint elsewhere."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication

from engine.catalog.model import InstalledModel
from engine.remote.address import SOURCE, host_of


def host_of_model(model: InstalledModel | None) -> str:
    """Host of the endpoint, and its port where that is written; "" for a model of this machine."""
    if model is None or model.source != SOURCE:
        return ""
    return host_of(model.path.partition("#")[0])


def place_of_model(model: InstalledModel) -> str:
    """The file, or the address of the endpoint."""
    return model.path.partition("#")[0] if model.source == SOURCE else model.path


def model_words(model: InstalledModel) -> str:
    """Name, quantisation and, for a model elsewhere, the host, in one line."""
    name = f"{model.name} · {model.quantization}" if model.quantization else model.name
    host = host_of_model(model)
    if not host:
        return name
    return QCoreApplication.translate("Place", "{model} on {host}").format(model=name, host=host)
