"""What `deskside.py` does with the word `_worker`, and nothing else, for tests of the runtime."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from engine.runtime.process import WORKER_WORD
from engine.runtime.worker.main import main

if __name__ == "__main__":
    assert sys.argv[1] == WORKER_WORD
    raise SystemExit(main(sys.argv[2:]))
