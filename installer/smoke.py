"""Whether an installed program comes up on this system: python installer/smoke.py PROGRAM

Beside it a folder `deskside-data` is made, so that it keeps everything there and leaves a person's folders
alone. The window opens, a second start hands itself over to it, and the engine says what it computes on.
Needs a desktop, or QT_QPA_PLATFORM=offscreen.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

_LONG_S = 180.0


def main(program: Path) -> None:
    app = next((folder for folder in program.parents if folder.suffix == ".app"), None)
    kept = (app or program).parent / "deskside-data"
    kept.mkdir()
    print(_said(program, "--version"))
    window = subprocess.Popen([program])
    try:
        _wait_for(kept / "state" / "window.json", window)
        print("the window is there")
        subprocess.run([program], timeout=_LONG_S, check=True)
        if window.poll() is not None:
            raise SystemExit("the window went away when the program was started once more")
        print("a second start was handed over")
    finally:
        window.kill()
        window.wait()
    findings = json.loads(_said(program, "doctor", "--json").splitlines()[-1])["findings"]
    for each in findings:
        print(each["text"])
    if not any(each["good"] and each["text"].startswith("computes on ") for each in findings):
        raise SystemExit("the engine does not start")
    if not all(
        str(kept) in each["text"] for each in findings if each["text"].startswith(("data in", "state in"))
    ):
        raise SystemExit("it does not keep its data beside itself")


def _said(program: Path, *words: str) -> str:
    """`doctor` ends with 1 on a fresh machine, which has no model."""
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=_LONG_S, check=False)
    if done.returncode not in (0, 1) or not done.stdout:
        raise SystemExit(f"{words}: exit code {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout.strip()


def _wait_for(path: Path, window: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _LONG_S
    while not path.exists():
        if window.poll() is not None:
            raise SystemExit(f"the window ended with {window.returncode}")
        if time.monotonic() > deadline:
            raise SystemExit("the window does not come up")
        time.sleep(0.2)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
