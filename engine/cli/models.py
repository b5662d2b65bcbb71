"""`deskside models`: what is installed."""

from __future__ import annotations

import argparse

from engine.cli.context import Context
from engine.download.sizes import size_text


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.description = "Lists the models on this machine."


def run(arguments: argparse.Namespace, context: Context) -> int:
    models = context.library().installed()
    for model in models:
        verified = "verified" if model.verified else "not verified"
        context.output.text(
            f"{model.name:<40} {model.quantization:<10} {size_text(model.size_bytes):>10}  ", ""
        )
        context.output.text(f"{verified:<13} {model.path}")
    context.output.record("models", models=models)
    return 0
