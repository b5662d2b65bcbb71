"""What `deskside.py` does with the words `_worker`, `_engine` and `_vulkan`, and nothing else, for tests."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.hardware.vulkan import VULKAN_WORD
from engine.host.start import HOST_WORD
from engine.runtime.process import WORKER_WORD


def main(words: list[str]) -> int:
    if words[0] == HOST_WORD:
        from engine.host.main import main as host

        return host(words[1:], (sys.executable, str(Path(__file__).resolve())))
    if words[0] == VULKAN_WORD:
        from engine.hardware.vulkan import main as vulkan

        return vulkan()
    assert words[0] == WORKER_WORD
    from engine.runtime.worker.main import main as work

    return work(words[1:])


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
