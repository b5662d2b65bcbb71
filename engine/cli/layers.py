"""`--gpu-layers` of several commands."""

from __future__ import annotations

import argparse

_MOST = 10_000


def add_layers(parser: argparse.ArgumentParser) -> None:
    """None where it is left to the planner."""
    parser.add_argument(
        "--gpu-layers",
        metavar="N",
        type=_layers,
        help="layers beside the processor, or as many of them as fit; 0 uses the processor only",
    )


def _layers(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text[:6]) <= _MOST:
        raise argparse.ArgumentTypeError(f"must be a whole number of layers, at most {_MOST}")
    return int(text)
