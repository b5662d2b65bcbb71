"""`chat --remote` as another program would use it; which key is shown to whom."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.endpoint import Endpoint, Line, Request, reply
from tests.service.test_cli import deskside, environment, records
from tests.service.test_remote_answers import answers_both

__all__ = ["environment"]


@pytest.fixture
def without_keyring(environment: dict[str, str], tmp_path: Path) -> dict[str, str]:
    environment["PYTHON_KEYRING_BACKEND"] = "keyring.backends.fail.Keyring"
    environment.pop("DESKSIDE_REMOTE_KEY", None)
    environment.pop("DESKSIDE_API_KEY", None)
    return environment


def test_an_endpoint_answers_with_its_own_key(without_keyring: dict[str, str]) -> None:
    keys = {"DESKSIDE_REMOTE_KEY": "theirs", "DESKSIDE_API_KEY": "of-our-own-server"}
    words = ("chat", "--json", "--remote", "URL", "--model", "m", "--temperature", "0.7", "-p", "Hello")
    with Endpoint(answers_both) as endpoint:
        asked = [endpoint.url if word == "URL" else word for word in words]
        done = deskside({**without_keyring, **keys}, *asked)
        (request,) = endpoint.requests
    assert done.returncode == 0, done.stderr
    answer = records(done.stdout)[-1]
    assert (answer["text"], answer["reasoning"]) == ("Hello!", "They greet me.")
    assert request.headers["authorization"] == "Bearer theirs"
    assert request.body["temperature"] == 0.7 and "top_p" not in request.body


def test_the_key_of_our_own_server_is_shown_to_nobody(without_keyring: dict[str, str]) -> None:
    def wants_a_key(request: Request, line: Line) -> None:
        line.send(reply(401, {"error": "no key"}))

    with Endpoint(wants_a_key) as endpoint:
        done = deskside(
            {**without_keyring, "DESKSIDE_API_KEY": "of-our-own-server"},
            "chat", "--remote", endpoint.url, "--model", "m", "-p", "Hello",
        )  # fmt: skip
        (request,) = endpoint.requests
    assert "authorization" not in request.headers
    assert done.returncode == 12
    assert "wants a key" in done.stderr and "DESKSIDE_REMOTE_KEY" in done.stderr
