"""`deskside nodes`: other machines whose devices are used."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.download.sizes import size_text
from engine.host.nodes import KeptNode, add_node, kept_nodes, remove_node
from engine.planning.wording import rate_text

_NONE = "No other machines are used. Start `deskside worker` on one, and add it as it says there."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = (
        "Machines that run `deskside worker`; their devices are planned with like cards here."
    )
    parser.add_argument("action", choices=("list", "add", "remove"), nargs="?", default="list")
    parser.add_argument("address", metavar="HOST:PORT", nargs="?", default="")
    parser.add_argument("--key", metavar="KEY", default="", help="that `deskside worker` shows there")


def run(arguments: argparse.Namespace, context: Context) -> int:
    output, paths = context.output, context.paths
    if arguments.action == "add":
        node = add_node(paths, arguments.address, arguments.key)
        output.record("node_added", **_record(node))
        output.text(f"Added. {_line(node)}")
    elif arguments.action == "remove":
        remove_node(paths, arguments.address)
        output.record("node_removed", address=arguments.address)
        output.text("Removed.")
    else:
        nodes = kept_nodes(paths)
        output.record("nodes", nodes=[_record(node) for node in nodes])
        for line in [_line(node) for node in nodes] or [_NONE]:
            output.text(line)
    return 0


def _record(node: KeptNode) -> dict[str, object]:
    """Without its key."""
    return {
        "address": node.address,
        "devices": node.devices,
        "round_trip_s": node.round_trip_s,
        "bytes_per_second": node.rate,
        "added": node.added,
    }


def _line(node: KeptNode) -> str:
    devices = ", ".join(f"{one.name} ({size_text(one.memory_bytes)})" for one in node.devices)
    away = f"{1000 * node.round_trip_s:.2f} ms away at {rate_text(node.rate)}"
    return f"{node.address}: {devices}; {away}"
