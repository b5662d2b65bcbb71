"""Which devices hold which layers: the planner's decision in llama.cpp's parameters."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import LoadError
from engine.hardware.nodes import is_node, parse_node
from engine.runtime.node_greeting import greet
from engine.runtime.values import LoadRequest
from engine.runtime.worker.native import Native


@dataclass(frozen=True, slots=True)
class Chosen:
    """Both arrays have to live until the model is loaded."""

    pointers: Any  # of devices, ended by NULL
    split: Any  # floats, one a device, as many as llama.cpp can know


def choose_devices(native: Native, request: LoadRequest) -> Chosen | None:
    """None leaves the choice to llama.cpp. Raises: LoadError."""
    if not request.devices:
        return None
    entries = [entry for entry in request.devices if entry.layers]
    nodes = register_nodes(native, [entry.device for entry in entries if is_node(entry.device)])
    most = int(native.llama.llama_max_devices())
    if len(entries) > most:
        raise LoadError.of("bad_load_setting", name="devices", value=len(entries), low=1, high=most)
    found = [nodes.get(entry.device) or native.device_named(entry.device) for entry in entries]
    for entry, pointer in zip(entries, found, strict=True):
        if not pointer:
            name = Path(request.path).name
            raise LoadError.of("device_missing", model=name, device=entry.device)
    # llama.cpp gives layer i of n to the first device whose part of all before and itself exceeds i/n.
    # With whole layers as parts both sides are the same quotients, so that the counts come out exactly.
    split = (ctypes.c_float * most)(*(float(entry.layers) for entry in entries))
    return Chosen((ctypes.c_void_p * (len(found) + 1))(*found, None), split)


def register_nodes(native: Native, devices: list[str]) -> Mapping[str, int]:
    """llama.cpp's device for each of those; from then on `native.devices` lists all of their nodes'.

    Each node is greeted first: llama.cpp ends the process where one does not answer. Raises: LoadError.
    """
    if not devices:
        return {}
    add_server = native.node_function("ggml_backend_rpc_add_server", ctypes.c_void_p, ctypes.c_char_p)
    register = native.function("ggml_backend_register", None, ctypes.c_void_p)
    count = native.function("ggml_backend_reg_dev_count", ctypes.c_size_t, ctypes.c_void_p)
    get = native.function("ggml_backend_reg_dev_get", ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
    found = {}
    for device in devices:
        endpoint, number = parse_node(device)
        if endpoint not in native.nodes:
            greet(endpoint)
            native.nodes[endpoint] = add_server(endpoint.encode("ascii"))
            register(native.nodes[endpoint])
        known = native.nodes[endpoint]
        if number < count(known):
            found[device] = int(get(known, number))
    return found
