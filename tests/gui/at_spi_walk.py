"""Shows a chat under Xvfb and prints what an AT-SPI client finds of it: run on a session bus of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from jeepney import DBusAddress, HeaderFields, MatchRule, message_bus, new_method_call
from jeepney.io.blocking import DBusConnection, open_dbus_connection

ROOT = Path(__file__).resolve().parents[2]
A11Y = "org.a11y.atspi"
Place = tuple[str, str]  # (bus name, object path)


def accessibility_bus() -> DBusConnection:
    session = open_dbus_connection("SESSION")
    where = DBusAddress("/org/a11y/bus", "org.a11y.Bus", "org.a11y.Bus")
    (address,) = session.send_and_get_reply(new_method_call(where, "GetAddress"), timeout=20).body
    return open_dbus_connection(address)


class Client:
    def __init__(self) -> None:
        self.bus = accessibility_bus()

    def ask(self, place: Place, interface: str, method: str, signature: str = "", body: tuple = ()) -> object:
        address = DBusAddress(place[1], place[0], interface)
        reply = self.bus.send_and_get_reply(new_method_call(address, method, signature, body), timeout=20)
        return reply.body[0] if reply.body else None

    def children(self, place: Place) -> list[Place]:
        return self.ask(place, f"{A11Y}.Accessible", "GetChildren")  # type: ignore[return-value]

    def name(self, place: Place) -> str:
        body = (f"{A11Y}.Accessible", "Name")
        return str(self.ask(place, "org.freedesktop.DBus.Properties", "Get", "ss", body)[1])  # type: ignore[index]

    def role(self, place: Place) -> str:
        return str(self.ask(place, f"{A11Y}.Accessible", "GetRoleName"))

    def walk(self, place: Place, depth: int = 0) -> Iterator[str]:
        yield f"{'  ' * depth}{self.role(place)}: {self.name(place)}"
        for child in self.children(place):
            yield from self.walk(tuple(child), depth + 1)  # type: ignore[arg-type]


def listen(heard: list[str]) -> None:
    """Announcements, on a connection of its own."""
    bus = accessibility_bus()
    rule = MatchRule(type="signal", interface=f"{A11Y}.Event.Object", member="Announcement")
    bus.send_and_get_reply(message_bus.AddMatch(rule), timeout=20)
    registry = DBusAddress("/org/a11y/atspi/registry", f"{A11Y}.Registry", f"{A11Y}.Registry")
    wish = ("object:announcement", [], "")
    bus.send_and_get_reply(new_method_call(registry, "RegisterEvent", "sass", wish), timeout=20)
    while True:
        signal = bus.receive()
        if signal.header.fields.get(HeaderFields.member) == "Announcement":
            heard.append(str(signal.body[3][1]))


def program() -> Place:
    client = Client()
    root = ("org.a11y.atspi.Registry", "/org/a11y/atspi/accessible/root")
    for _ in range(200):
        found = client.children(root)
        if found:
            return tuple(found[0])  # type: ignore[return-value]
        time.sleep(0.2)
    raise SystemExit("no program came to the accessibility bus")


def wait_for_an_announcement(window: subprocess.Popen[bytes], heard: list[str]) -> None:
    """Has an answer written until one is heard: who listens is known to the window after a while only.
    Nothing is written any more once this has returned."""
    assert window.stdin is not None and window.stdout is not None
    for _ in range(20):
        window.stdin.write(b"w")
        window.stdin.flush()
        window.stdout.readline()
        for _ in range(15):
            if any("scattered" in words for words in heard):
                return
            time.sleep(0.2)


def main() -> None:
    read_end, write_end = os.pipe()
    server = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write_end), "-noreset", "-screen", "0", "1000x800x24"],
        pass_fds=[write_end],
        stderr=subprocess.DEVNULL,
    )
    os.close(write_end)
    with os.fdopen(read_end) as ready:
        display = f":{ready.readline().strip()}"
    heard: list[str] = []
    threading.Thread(target=listen, args=(heard,), daemon=True).start()
    window = subprocess.Popen(
        [sys.executable, "-m", "tests.gui.at_spi_window"],
        cwd=ROOT,
        env={**os.environ, "DISPLAY": display, "QT_QPA_PLATFORM": "xcb"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        place = program()
        wait_for_an_announcement(window, heard)
        for line in Client().walk(place):
            print(line)
        for words in heard:
            print(f"announced: {words}")
        window.terminate()
        print(f"ended: {window.wait(30)}")
    finally:
        for process in (window, server):
            process.kill()
            process.wait(60)


if __name__ == "__main__":
    main()
