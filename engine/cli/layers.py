"""`--gpu-layers` and `--experts` of several commands."""

from __future__ import annotations

import argparse

from engine.settings import EVERY_LAYER

_IN_RAM = {"ram": EVERY_LAYER, "layers": 0}


def add_layers(parser: argparse.ArgumentParser) -> None:
    """None where it is left to the planner."""
    parser.add_argument(
        "--gpu-layers",
        metavar="N",
        type=_layers,
        help="layers beside the processor, or as many of them as fit; 0 uses the processor only",
    )


def add_experts(parser: argparse.ArgumentParser) -> None:
    """The number of layers whose experts are wanted in main memory; None where it is left to the planner."""
    parser.add_argument(
        "--experts",
        metavar="ram|layers|N",
        type=_experts,
        help="of a mixture: in main memory, wherever their layers are, or with their layers, or those of N "
        "layers in main memory and the others with their layers",
    )


def _experts(text: str) -> int:
    if text in _IN_RAM:
        return _IN_RAM[text]
    try:
        return _layers(text)
    except argparse.ArgumentTypeError as error:
        raise argparse.ArgumentTypeError(f"must be ram, layers or a number of layers: {error}") from error


def _layers(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text[:6]) <= EVERY_LAYER:
        raise argparse.ArgumentTypeError(f"must be a whole number of layers, at most {EVERY_LAYER}")
    return int(text)
