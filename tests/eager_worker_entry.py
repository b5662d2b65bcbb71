"""A worker in which a smaller model writes ahead whatever it takes: for tests of what then comes out."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.runtime.worker import ahead
from engine.runtime.worker.main import main
from engine.runtime.worker.speculation import Speculation

if __name__ == "__main__":
    ahead.LEAST_GAIN = 0.0
    ahead._FIRST_STAKE = 1e9
    ahead._MOST_STAKE = 1e9
    Speculation.may_lose = lambda self, slot: 1e9  # type: ignore[method-assign]
    raise SystemExit(main(sys.argv[2:]))
