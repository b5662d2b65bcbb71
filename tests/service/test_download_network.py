"""Proxies, certificates of a company, and the test of a connection: over real TLS and real proxies."""

from __future__ import annotations

import json
import random
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.cancellation import CancelToken
from engine.download.dialing import proxy_for
from engine.download.network import DIRECT, Network, parse_proxy, use_network
from engine.download.pull import pull
from engine.download.reaching import Reached, reach
from engine.download.sources import plan_download
from engine.errors import HubUnreachable
from engine.jobs.proxy_login import ProxyLogin
from engine.messages import english
from engine.settings import Settings, load_settings, save_settings
from tests.endpoint import Endpoint, reply
from tests.hub import Faults, StandInHub
from tests.proxy import StandInProxy
from tests.service.remote_bench import LockedRing, MemoryRing
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]

_NAMES = ("hub.test", "cdn.test", "huggingface.co", "hf-mirror.com", "modelscope.cn")
REPOSITORY, NAME = "owner/Tiny-GGUF", "Tiny-Q4_K_M.gguf"
CONTENT = random.Random(4).randbytes((3 << 20) + 5)


@pytest.fixture(autouse=True)
def network() -> Iterator[None]:
    yield
    use_network(Network())


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """The certificate of a company, which no system knows, for hub.test and cdn.test."""
    if not shutil.which("openssl"):
        pytest.skip("no openssl command")
    folder = tmp_path_factory.mktemp("authority")
    certificate, key = folder / "company.pem", folder / "key.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-nodes", "-days", "2", "-subj", "/CN=Company"),
            *("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"),
            *("-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in _NAMES)),
            *("-keyout", str(key), "-out", str(certificate)),
        ],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return certificate, context


@pytest.fixture
def hub(authority: tuple[Path, ssl.SSLContext]) -> Iterator[StandInHub]:
    with StandInHub(tls=authority[1]) as hub:
        hub.add_file(REPOSITORY, NAME, CONTENT)
        yield hub


@pytest.mark.parametrize("kind", ["http", "socks5", "socks4"])
@pytest.mark.parametrize("login", [None, ("me", "se:cret")], ids=["open", "login"])
def test_downloads_go_through_a_proxy_and_trust_the_company(
    hub: StandInHub,
    authority: tuple[Path, ssl.SSLContext],
    tmp_path: Path,
    kind: str,
    login: tuple[str, str] | None,
) -> None:
    with StandInProxy(kind, login) as proxy:
        use_network(Network(proxy.url.replace("se:cret", "se%3Acret"), str(authority[0])))
        plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path, hub_token="hf_x")
        model = pull(plan, lambda _: None, CancelToken(), hub_token="hf_x")
        assert Path(model.path).read_bytes() == CONTENT
        assert {host for host, _ in proxy.asked} == {"hub.test", "cdn.test"}
        assert {origin for origin, _ in hub.served.authorizations} == {hub.endpoint}


@pytest.mark.parametrize(
    ("mirrors", "others"),
    [([], set()), (["none"], set()), (["usual"], {"hf-mirror.com", "modelscope.cn"})],
    ids=["default", "none", "usual"],
)
def test_who_is_asked_by_the_real_program(
    hub: StandInHub,
    authority: tuple[Path, ssl.SSLContext],
    environment: dict[str, str],
    mirrors: list[str],
    others: set[str],
) -> None:
    """Of search, headers and downloads with the settings as they come: the hub, where it sends on to, and
    mirrors only once they were asked for."""
    environment.pop("HF_HUB_OFFLINE", None)
    config = Path(environment["XDG_CONFIG_HOME"]) / "deskside"
    config.mkdir(parents=True, exist_ok=True)
    with StandInProxy("http") as proxy:
        proxy.leads_to = dict.fromkeys(("huggingface.co", "hf-mirror.com", "modelscope.cn"), hub.port)
        settings = {"proxy": proxy.url, "certificates": str(authority[0]), "mirrors": mirrors}
        (config / "settings.json").write_text(json.dumps(settings))
        assert deskside(environment, "models", "--search", "tiny").returncode == 0
        deskside(environment, "plan", "--gguf", REPOSITORY)  # that it is no real model is not the point
        deskside(environment, "models")
        assert {"huggingface.co"} <= {host for host, _ in proxy.asked} <= {"huggingface.co", "cdn.test"}
        done = deskside(environment, "pull", REPOSITORY, "--json")
        assert done.returncode == 0, done.stderr
        assert {host for host, _ in proxy.asked} == {"huggingface.co", "cdn.test"} | others


def test_the_password_of_a_proxy_is_told_by_who_keeps_it(
    hub: StandInHub, authority: tuple[Path, ssl.SSLContext], tmp_path: Path
) -> None:
    ring, secret = MemoryRing(), "se:c@ret"
    with StandInProxy("socks5", ("me", secret)) as proxy:
        bare = proxy.url.replace(f":{secret}", "")
        given = Settings(proxy=bare.replace("me@", "me:se%3Ac%40ret@"), certificates=str(authority[0]))
        login = ProxyLogin(ring)
        settings = login.take(given)
        assert settings.proxy == bare and login.keep(settings) is None
        assert list(ring.entries.values()) == [secret]
        use_network(ProxyLogin(ring).network(settings))  # of the next start
        assert reached(hub.endpoint).good
        use_network(ProxyLogin(LockedRing()).network(settings))
        refused = reached(hub.endpoint).message
        assert refused.code == "connection_proxy_password" and secret not in english(refused)


def test_a_password_in_the_settings_moves_into_the_keyring_where_there_is_one(
    tmp_path: Path,
) -> None:
    path, ring = tmp_path / "settings.json", MemoryRing()
    old = Settings(proxy="http://me:secret@proxy.example:3128", theme="dark")
    save_settings(path, old)
    assert ProxyLogin(LockedRing()).moved(path, old) == old
    assert "secret" in path.read_text()
    moved = ProxyLogin(ring).moved(path, old)
    assert moved == Settings(proxy="http://me@proxy.example:3128", theme="dark")
    assert load_settings(path)[0] == moved and "secret" not in path.read_text()
    assert ProxyLogin(ring).moved(path, moved) == moved


@pytest.mark.parametrize(
    "text", ["", "direct", "socks5://", "http://:@x", "ftp://a:b@c", "me:pw@host", "[::1]:80"]
)
def test_whatever_stands_for_a_proxy_only_a_password_is_taken_out(text: str) -> None:
    login = ProxyLogin(MemoryRing())
    assert "pw" not in login.take(Settings(proxy=text)).proxy
    if "pw" not in text:
        assert login.take(Settings(proxy=text)).proxy == text


def test_the_proxy_of_the_system_is_used(
    hub: StandInHub,
    authority: tuple[Path, ssl.SSLContext],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with StandInProxy("socks5") as proxy:
        monkeypatch.setenv("all_proxy", proxy.url.replace("socks5", "socks5h"))
        use_network(Network(certificates=str(authority[0])))
        plan = plan_download(hub.endpoint, REPOSITORY, "", tmp_path)
        pull(plan, lambda _: None, CancelToken())
        assert len(proxy.asked) > 2
        monkeypatch.setenv("no_proxy", "hub.test")
        assert proxy_for("https://hub.test/x") is None
        assert proxy_for("https://cdn.test/x") is not None
        use_network(Network(proxy=DIRECT))
        assert proxy_for("https://cdn.test/x") is None


def reached(source: str) -> Reached:
    return reach(source, CancelToken())


def test_a_connection_that_is_good(hub: StandInHub, authority: tuple[Path, ssl.SSLContext]) -> None:
    with StandInProxy("socks5") as proxy:
        use_network(Network(proxy.url, str(authority[0])))
        found = reached(hub.endpoint)
        assert found.good and found.proxy == proxy.url
        assert english(found.message) == f"{hub.endpoint} answers."
        assert reached(f"modelscope+{hub.endpoint}").good
        hub.faults = Faults(api_status=503)
        assert reached(hub.endpoint).message.code == "connection_busy"
        hub.faults = Faults(api_status=403)
        assert reached(hub.endpoint).message.code == "connection_not_allowed"
        hub.faults = Faults(api_body=b"<html>log in</html>")
        assert reached(hub.endpoint).message.code == "connection_other_page"


def test_what_is_wrong_with_a_certificate(hub: StandInHub, authority: tuple[Path, ssl.SSLContext]) -> None:
    with StandInProxy("http") as proxy:
        use_network(Network(proxy.url))
        assert reached(hub.endpoint).message.code == "connection_certificate_unknown"
        use_network(Network(proxy.url, str(authority[0])))
        assert reached(hub.endpoint.replace("hub.", "login.")).message.code == "connection_certificate_name"
        use_network(Network(proxy.url, "/nowhere.pem"))
        assert reached(hub.endpoint).message.code == "connection_certificates_file"
        with pytest.raises(HubUnreachable):
            plan_download(hub.endpoint, REPOSITORY, "", Path())


@pytest.mark.parametrize(
    ("refusal", "reason"),
    [
        (b"HTTP/1.1 407 Log in\r\n\r\n", "user name"),
        (b"HTTP/1.1 403 No\r\n\r\n", "HTTP 403"),
        (b"SSH-2.0-OpenSSH\r\n\r\n", "not that of an HTTP proxy"),
        (b"x" * 20_000, "not that of an HTTP proxy"),
        (b"HTTP/1.1 \xff\r\n\r\n", "not that of an HTTP proxy"),
    ],
)
def test_what_is_wrong_with_a_proxy(hub: StandInHub, refusal: bytes, reason: str) -> None:
    with StandInProxy("http", refusal=refusal) as proxy:
        use_network(Network(proxy.url))
        found = reached(hub.endpoint)
        assert found.message.code == "connection_proxy_refused"
        assert reason in english(found.message)


def test_proxies_that_refuse_in_other_ways(hub: StandInHub) -> None:
    with StandInProxy("socks5", refusal=b"\x05\x05\x00\x01" + bytes(6)) as proxy:
        use_network(Network(proxy.url))
        assert "refused its connection" in english(reached(hub.endpoint).message)
        use_network(Network(proxy.url.replace("socks5", "socks4")))
        assert reached(hub.endpoint).message.code == "connection_proxy_refused"
    with StandInProxy("socks5", ("me", "right")) as proxy:
        use_network(Network(proxy.url.replace("right", "wrong")))
        assert "user name" in english(reached(hub.endpoint).message)
        use_network(Network(proxy.url.replace("me:right@", "")))
        assert reached(hub.endpoint).message.code == "connection_proxy_refused"
        gone = proxy.url
    use_network(Network(gone))
    assert reached(hub.endpoint).message.code == "connection_proxy_away"
    use_network(Network("ftp://127.0.0.1:1"))
    assert reached(hub.endpoint).message.code == "connection_proxy_unusable"


def test_servers_that_cannot_be_reached() -> None:
    use_network(Network(DIRECT))
    assert reached("https://no-such-name.invalid").message.code == "connection_name_unknown"
    assert reached("http://example.com").message.code == "endpoint_refused"
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert reached(f"http://127.0.0.1:{port}").message.code == "connection_refused"
    with Endpoint(lambda request, line: line.send(reply(200, b"<html>"))) as plain:
        base = plain.url.removesuffix("/v1")
        assert reached(base).message.code == "connection_other_page"
    with StandInHub() as plainly:
        base = plainly.endpoint.replace("http:", "https:")
        assert reached(base).message.code == "connection_not_encrypted"
    with Endpoint(lambda request, line: line.reset()) as rude:
        assert reached(rude.url.removesuffix("/v1")).message.code == "connection_no_answer"


@pytest.mark.parametrize(
    "text", ["ftp://x:1", "http://", "socks5://a b", "https://x", "http://x:99999", "\n"]
)
def test_proxies_that_are_none(text: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        parse_proxy(text)


def test_the_command_tells_each_source(environment: dict[str, str]) -> None:
    with StandInHub() as hub, StandInHub() as mirror:
        settings = Path(environment["XDG_CONFIG_HOME"]) / "deskside" / "settings.json"
        settings.parent.mkdir(parents=True)
        settings.write_text(json.dumps({"endpoint": hub.endpoint, "mirrors": [mirror.endpoint, "/mnt/disk"]}))
        online = {name: value for name, value in environment.items() if name != "HF_HUB_OFFLINE"}
        done = deskside(online, "connection", "--json")
        assert done.returncode == 0
        told = [record["reached"] for record in records(done.stdout)]
        assert [(each["endpoint"], each["good"]) for each in told] == [
            (hub.endpoint, True),
            (mirror.endpoint, True),
        ]
        hub.close()
        mirror.close()
        done = deskside(online, "connection")
        assert done.returncode == 1 and "was not reached" in done.stdout
