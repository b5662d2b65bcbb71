"""What an answer takes in batches of several tokens, logits of all of them included. Prints JSON."""

from __future__ import annotations

import json
import statistics
import sys
import time
from array import array

from engine.runtime.values import LoadRequest
from engine.runtime.worker.batch import Portion
from engine.runtime.worker.context import Context, Outcome
from engine.runtime.worker.load import load_model
from engine.runtime.worker.native import Native
from engine.runtime.worker.variants import avoided_variants
from tests.bench.engine.models import bench_model

SIZES = (1, 4, 8, 16)
_FROM, _TO = 520, 1016  # tokens before the answer of the bench, and at its end
_ROUNDS = 2


def main(name: str, threads: int) -> None:
    request = LoadRequest(str(bench_model(name).path), 4096, threads)
    native = Native(avoided_variants(request))
    context = load_model(native, request, lambda _: None, lambda: False).context
    spent: dict[int, list[float]] = {size: [] for size in SIZES}
    for _ in range(_ROUNDS):
        for size in SIZES:
            context.truncate(0, _TO + size, 0)
            _decode(context, 0, context.batch_size, drafted=False)
            _decode(context, context.batch_size, _FROM - context.batch_size, drafted=False)
            began = time.perf_counter()
            for start in range(_FROM, _TO, size):
                _decode(context, start, size, drafted=size > 1)
            spent[size].append(time.perf_counter() - began)
    print(json.dumps({size: statistics.median(each) for size, each in spent.items()}))


def _decode(context: Context, start: int, size: int, drafted: bool) -> None:
    tokens = array("i", [number * 7 % 500 for number in range(start, start + size)])
    outcome, _ = context.decode([Portion(0, start, tokens, True, drafted)])
    assert outcome is Outcome.DONE


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
