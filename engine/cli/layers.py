"""`--gpu-layers` and `--experts` of several commands."""

from __future__ import annotations

import argparse

_MOST = 10_000
_IN_RAM = {"ram": True, "layers": False}


def add_layers(parser: argparse.ArgumentParser) -> None:
    """None where it is left to the planner."""
    parser.add_argument(
        "--gpu-layers",
        metavar="N",
        type=_layers,
        help="layers beside the processor, or as many of them as fit; 0 uses the processor only",
    )


def add_experts(parser: argparse.ArgumentParser) -> None:
    """None where it is left to the planner."""
    parser.add_argument(
        "--experts",
        choices=list(_IN_RAM),
        help="of a mixture: in main memory, wherever their layers are, or with their layers",
    )


def in_ram(experts: str | None) -> bool | None:
    return None if experts is None else _IN_RAM[experts]


def _layers(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text[:6]) <= _MOST:
        raise argparse.ArgumentTypeError(f"must be a whole number of layers, at most {_MOST}")
    return int(text)
