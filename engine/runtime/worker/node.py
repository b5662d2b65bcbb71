"""Lends the devices of this machine through llama.cpp's own protocol, on loopback.

That protocol trusts everybody who reaches it: only our end of an encrypted connection does
(runtime/node_listener.py), and other programs of this machine.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable

from engine.errors import LoadError
from engine.hardware.report import DeviceFacts
from engine.runtime.protocol import ServeDevices
from engine.runtime.worker.native import Native

_CARDS = ("gpu",)


def serve_devices(
    native: Native, order: ServeDevices, tell: Callable[[tuple[DeviceFacts, ...]], None]
) -> None:
    """Graphics cards, or the processor where there are none. `tell` is called before it begins; it ends
    only when llama.cpp cannot go on. Raises: LoadError."""
    found = native.devices()
    chosen = [one for one in found if one.kind in _CARDS] or [one for one in found if one.kind == "cpu"]
    pointers = [native.device_named(one.name) for one in chosen]
    if not pointers or None in pointers:
        raise LoadError.of("engine_missing", reason="no device to lend")
    size = ctypes.c_size_t
    serve = native.node_function(
        "ggml_backend_rpc_start_server", None, ctypes.c_char_p, ctypes.c_char_p, size, size, ctypes.c_void_p
    )
    tell(tuple(chosen))
    devices = (ctypes.c_void_p * len(pointers))(*pointers)
    serve(f"127.0.0.1:{order.port}".encode("ascii"), None, order.threads, len(pointers), devices)
