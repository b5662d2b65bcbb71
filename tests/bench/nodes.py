"""Two machines over 1 and 10 Gbit/s: the same tokens, the speed that was predicted, a node that dies.

    python -m tests.bench.nodes [--rates 1000,10000] [--tokens 96]      (root: it makes network namespaces)

Each node is `deskside worker` in a namespace of its own, behind a pair of virtual cables with `tc`; all of
them share this computer's cores, so a node is no quicker than the machine that asks it. The prediction is the
time that the same layers take on nodes without a network (the loopback), measured, and what the planner adds
for the network.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from engine import events
from engine.hardware.check import quick_report
from engine.hardware.report_json import save_report
from engine.host.nodes import KeptNode, write_nodes
from engine.host.surroundings import report_path
from engine.paths import Paths
from engine.planning.speed import ROUND_TRIPS
from engine.runtime.node_calls import Distance, measure_distance
from engine.runtime.node_words import NodeDevice
from tests.service.host_bench import Guest, engine_room, wish_for
from tests.service.lending_bench import Lender
from tests.service.runtime_bench import GREEDY, question

MIB = 1 << 20
_MARGIN = 512 * MIB
_TEXT = "Write a long story about a fox who finds a lamp."
_VOCABULARY, _WIDTH = 49_152, 576  # of SmolLM2


@contextlib.contextmanager
def networks(megabits: int, count: int) -> Iterator[list[tuple[str, tuple[str, ...]]]]:
    """(address, words that start a program there) of each."""
    made: list[tuple[str, tuple[str, ...]]] = []
    limit = f"tbf rate {megabits}mbit burst {max(64, megabits * 5 // 4)}kb latency 50ms"
    try:
        for number in range(count):
            name, ours, theirs = f"desk{number}", f"dsk{number}", f"dsk{number}b"
            net = f"10.77.{number}"
            for words in (
                f"ip netns add {name}",
                f"ip link add {ours} type veth peer name {theirs}",
                f"ip link set {theirs} netns {name}",
                f"ip addr add {net}.1/24 dev {ours}",
                f"ip link set {ours} up",
                f"ip -n {name} addr add {net}.2/24 dev {theirs}",
                f"ip -n {name} link set {theirs} up",
                f"ip -n {name} link set lo up",
                f"tc qdisc add dev {ours} root {limit}",
                f"ip netns exec {name} tc qdisc add dev {theirs} root {limit}",
            ):
                subprocess.run(words.split(), check=True)
            made.append((f"{net}.2", ("ip", "netns", "exec", name)))
        yield made
    finally:
        for number in range(count):
            subprocess.run(["ip", "netns", "del", f"desk{number}"], check=False, stderr=subprocess.DEVNULL)
            subprocess.run(["ip", "link", "del", f"dsk{number}"], check=False, stderr=subprocess.DEVNULL)


def _keep(paths: Paths, lenders: list[Lender], distances: list[Distance], megabytes: int) -> None:
    save_report(report_path(paths), replace(quick_report([paths.models]), gpus=()))
    device = NodeDevice("a node", _MARGIN + megabytes * MIB, 900e9)
    nodes = [
        KeptNode(one.address, one.key, 47_700 + number, (device,), away.round_trip_s, away.rate, time.time())
        for number, (one, away) in enumerate(zip(lenders, distances, strict=True))
    ]
    write_nodes(paths, tuple(nodes))


def _run(
    lenders: list[Lender], distances: list[Distance], megabytes: int, tokens: int, kill: bool = False
) -> tuple[str, float, float, str]:
    """(text, seconds a token, seconds to be back after a node was killed, layers)."""
    with engine_room() as paths:
        _keep(paths, lenders, distances, megabytes)
        guest = Guest(paths)
        began = time.monotonic()
        guest.loaded(wish_for(n_sequences=1))
        load_s = time.monotonic() - began
        layers = "+".join(str(each.layers) for each in guest.look().models[0].request.devices)
        best, text = 1e9, ""
        for _ in range(3):
            job = guest.ask(replace(question(_TEXT, max_tokens=tokens, sampling=GREEDY), drafts=False))
            guest.ending(job)
            best = min(best, 1 / guest.first(job, events.GenerationFinished).stats.generation_tps)
            text = guest.text(job)
        back_s = 0.0
        if kill:
            job = guest.ask(question(_TEXT, max_tokens=400, sampling=GREEDY))
            guest.first(job, events.TokenDelta)
            lenders[-1].kill()
            died = time.monotonic()
            guest.ending(job)
            guest.ending(guest.ask(question("Yes?", max_tokens=1)))
            back_s = time.monotonic() - died
            print(f"  killed node: back after {back_s:.1f} s; the first load took {load_s:.1f} s", flush=True)
        guest.client.close()
        return text, best, back_s, layers


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.nodes")
    parser.add_argument("--rates", default="1000,10000", help="Mbit/s")
    parser.add_argument("--tokens", type=int, default=96)
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        near = [Lender(Path(folder) / f"near{number}") for number in range(2)]
        stack.callback(lambda: [one.kill() for one in near])
        no_distance = [measure_distance(one.address, one.key) for one in near]
        text, token_s, _, layers = _run(near, no_distance, 100, wish.tokens)
        one_text, one_s, _, _ = _run(near[:1], no_distance[:1], 400, wish.tokens)
        print(f"loopback: two nodes ({layers}) {1 / token_s:.1f} tokens/s, one {1 / one_s:.1f}")
        for one in near:
            one.kill()
        for megabits in map(int, wish.rates.split(",")):
            _over(megabits, Path(folder), token_s, no_distance, one_text, wish.tokens)
    return 0 if text == one_text else 1


def _over(
    megabits: int, folder: Path, loopback_s: float, near: list[Distance], expected: str, tokens: int
) -> None:
    with networks(megabits, 2) as places:
        lenders = [
            Lender(folder / f"{megabits}-{number}", host, inside)
            for number, (host, inside) in enumerate(places)
        ]
        try:
            away = [measure_distance(one.address, one.key) for one in lenders]
            text, token_s, _, layers = _run(lenders, away, 100, tokens, kill=True)
        finally:
            for one in lenders:
                one.kill()
    added = sum(_added(one, number == 1) for number, one in enumerate(away))
    added -= sum(_added(one, number == 1) for number, one in enumerate(near))
    predicted = loopback_s + added
    print(
        f"{megabits} Mbit/s ({layers}): {1 / token_s:.1f} tokens/s, predicted {1 / predicted:.1f}: "
        f"{predicted / token_s:.2f} of it; tokens {'the same' if text == expected else 'DIFFERENT'}; "
        f"{', '.join(f'{1e3 * one.round_trip_s:.2f} ms, {one.rate * 8e-6:.0f} Mbit/s' for one in away)}",
        flush=True,
    )


def _added(distance: Distance, output: bool) -> float:
    """As the planner adds it for a node."""
    sent = 4 * (_WIDTH + (_VOCABULARY if output else _WIDTH))
    return ROUND_TRIPS * distance.round_trip_s + sent / distance.rate


if __name__ == "__main__":
    sys.exit(main())
