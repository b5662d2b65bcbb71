"""Set-up where the network is not as it should be: the real script, the real pip."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.hub import StandInHub

ROOT = Path(__file__).parents[2]


@pytest.mark.skipif(sys.platform == "win32", reason="there it is not set up by a shell")
def test_a_certificate_that_python_does_not_trust_is_named(tmp_path: Path) -> None:
    """As a company's network shows one. pip's last lines say only that it found no such package."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command")
    certificate, key = tmp_path / "company.pem", tmp_path / "key.pem"
    asked = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=localhost", "-newkey", "rsa:2048"]
    subprocess.run([*asked, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    python = tmp_path / "venv" / "bin" / "python"  # whose folder takes the log
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
    script = f'here="{ROOT}"; . "$here/installer/setup.sh"; pip_lock "the packages" install deskside-none'
    with StandInHub(tls=context) as server:
        done = subprocess.run(
            ["sh", "-c", script],
            env={
                **kept,
                "DESKSIDE_VENV": str(tmp_path / "venv"),
                "PIP_CONFIG_FILE": os.devnull,
                "PIP_INDEX_URL": f"https://localhost:{server.port}/simple",
                "PIP_RETRIES": "0",
            },
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 1
    assert "the packages could not be installed" in done.stderr and "PIP_CERT" in done.stderr


# In place of Python: makes a virtual environment of itself, fetches nothing, and builds until it is ended.
_ENDLESS = """#!/bin/sh
case "$*" in
    "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
    *wheel*) echo $$ >"$BEGUN"; exec sleep 600 ;;
esac
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there it is not set up by a shell")
def test_an_interrupted_build_leaves_nothing_and_ends(tmp_path: Path) -> None:
    """Ctrl+C in the longest step: what was half built takes more than 100 MB, and the shell has its child
    ignore the key."""
    python, begun, cache = tmp_path / "python", tmp_path / "begun", tmp_path / "cache"
    python.write_text(_ENDLESS)
    python.chmod(0o755)
    cache.mkdir()
    sourced = f'here="{ROOT}"; . "$here/installer/setup.sh"'
    script = f'{sourced}; python="{python}"; need_system() {{ :; }}; build_llama x'
    building = subprocess.Popen(
        ["sh", "-c", script],
        env={**os.environ, "DESKSIDE_CACHE": str(cache), "BEGUN": str(begun)},
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    assert building.stderr is not None
    assert any("(preparing)" in line for line in building.stderr), "it ended"  # it knows its child by now
    while not begun.exists() or not begun.read_text().strip():
        assert building.poll() is None
        time.sleep(0.05)
    os.killpg(building.pid, signal.SIGINT)
    _, told = building.communicate(timeout=300)
    assert building.returncode == 130 and "stopped" in told
    assert not list(cache.glob("build.*/"))
    assert not psutil.pid_exists(int(begun.read_text()))
