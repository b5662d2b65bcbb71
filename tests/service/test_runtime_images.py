"""Images through the real worker: SmolLM2 and toys, with invented projectors."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine import events
from engine.chat.image_file import MOST_IMAGES
from engine.runtime.values import IMAGE_MARK, GenerationRequest, Sampling, StopReason, TokenLogprob, Turn
from tests.models import tiny
from tests.pictures import GEMMA3, JANUS, QWEN2VL, SMOLLM2_WIDTH, TOKENS, bomb, png, png_of, write_projector
from tests.service.runtime_bench import Bench, starter

EXACT = Sampling(temperature=0, top_logprobs=4)
TOY_WIDTH = 64
CLOSE = 0.05  # of logarithms: batches of other shapes add up in another order


@contextmanager
def worker(folder: Path, kind: str = JANUS, model: Path | None = None, **settings: object) -> Iterator[Bench]:
    folder.mkdir(exist_ok=True)
    width = SMOLLM2_WIDTH if model is None else TOY_WIDTH
    made = Bench(folder)
    projector = folder / "mmproj-toy.gguf"
    if not projector.exists():
        write_projector(projector, kind, width)
    try:
        made.loaded(model, projector=str(projector), **settings)
        yield made
    finally:
        made.client.close()


def ask(*parts: str | bytes, conversation: str = "", max_tokens: int = 8) -> GenerationRequest:
    return GenerationRequest((turn(*parts),), EXACT, max_tokens, conversation=conversation)


def turn(*parts: str | bytes) -> Turn:
    text = "".join(IMAGE_MARK if isinstance(part, bytes) else part for part in parts)
    return Turn("user", text, images=tuple(part for part in parts if isinstance(part, bytes)))


def answer(bench: Bench, request: GenerationRequest) -> tuple[str, events.GenerationFinished, float]:
    """Also the first token's logarithm."""
    job = bench.ask(request)
    ending = bench.ending(job)
    assert isinstance(ending, events.JobFinished), ending
    drawn: Sequence[TokenLogprob] = bench.of(job, events.TokenDelta)[0].logprobs
    return bench.text(job), bench.first(job, events.GenerationFinished), drawn[0].drawn.logprob


def refused(bench: Bench, request: GenerationRequest) -> str:
    ending = bench.ending(bench.ask(request))
    assert isinstance(ending, events.JobFailed), ending
    return ending.message.code


@pytest.fixture(scope="module")
def seeing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    with worker(tmp_path_factory.mktemp("seeing"), n_sequences=3) as bench:
        yield bench


def test_images_are_told_apart_and_known_again(seeing: Bench) -> None:
    facts = seeing.client.facts
    assert facts is not None and facts.sees and facts.of("projector") > 100_000
    red, blue = png(seed=1), png(seed=2)
    parts = ("Look at this: ", red, " What is it?")
    first, finished, value = answer(seeing, ask(*parts, conversation="a"))
    _, text_only, _ = answer(seeing, ask("Look at this:  What is it?"))
    assert abs(finished.stats.prompt_tokens - text_only.stats.prompt_tokens - TOKENS[JANUS]) <= 2
    assert finished.stats.reused_tokens < TOKENS[JANUS]
    # another image is another prompt, and is read from where it begins
    _, other, other_value = answer(seeing, ask(parts[0], blue, parts[2], conversation="b"))
    assert other.stats.evaluated_tokens > TOKENS[JANUS]
    assert abs(other_value - value) > CLOSE
    # the same one is found in the cache, by whoever asks
    again, finished, same_value = answer(seeing, ask(*parts, conversation="c"))
    assert finished.stats.reused_tokens > TOKENS[JANUS]
    assert again == first
    assert same_value == pytest.approx(value, abs=CLOSE)
    # a follow-up reads only what is new, and the image stays where it was
    turns = (turn(*parts), Turn("assistant", first), Turn("user", "Are you sure?"))
    follow_up = GenerationRequest(turns, EXACT, 4, conversation="a")
    _, finished, _ = answer(seeing, follow_up)
    assert finished.stats.reused_tokens > TOKENS[JANUS] + 8
    assert finished.stats.evaluated_tokens < 30


def test_order_and_number_of_images_matter(seeing: Bench) -> None:
    red, blue = png(seed=1), png(seed=2)
    _, one, _ = answer(seeing, ask("First ", red, " then nothing."))
    _, two, forth = answer(seeing, ask("First ", red, " then ", blue, "."))
    _, _, back = answer(seeing, ask("First ", blue, " then ", red, "."))
    _, twice, _ = answer(seeing, ask("First ", red, red, "."))
    assert two.stats.prompt_tokens - one.stats.prompt_tokens > TOKENS[JANUS] - 3
    assert twice.stats.prompt_tokens > 2 * TOKENS[JANUS]
    assert abs(forth - back) > CLOSE


def test_a_conversation_beside_it_is_not_disturbed(seeing: Bench) -> None:
    request = GenerationRequest((Turn("user", "Count to twenty."),), EXACT, 40, conversation="text")
    alone, _, _ = answer(seeing, request)
    seeing.client.forget("text")
    seen_alone, _, _ = answer(seeing, ask("What is ", png(seed=7), "?", conversation="seen", max_tokens=12))
    seeing.client.forget("seen")
    text = seeing.ask(request)
    seeing.first(text, events.TokenDelta)
    image = seeing.ask(ask("What is ", png(seed=7), "?", conversation="again", max_tokens=12))
    assert isinstance(seeing.ending(image), events.JobFinished)
    assert isinstance(seeing.ending(text), events.JobFinished)
    assert seeing.text(text) == alone
    assert seeing.text(image) == seen_alone


def test_a_cancel_ends_it_and_others_go_on(seeing: Bench) -> None:
    many = [png(seed=100 + number) for number in range(MOST_IMAGES)]
    job = seeing.ask(ask("All of these: ", *many, max_tokens=0))
    seeing.client.cancel(job)
    seeing.ending(job)
    finished = seeing.of(job, events.GenerationFinished)
    assert not finished or finished[0].reason is StopReason.CANCELLED
    text, _, _ = answer(seeing, ask("What is ", png(seed=3), "?"))
    assert text


@pytest.mark.parametrize(
    ("image", "code"),
    [
        (b"GET / HTTP/1.1", "image_unknown"),
        (b"", "image_unknown"),
        (png()[:-20], "image_damaged"),
        (png()[:40] + b"\0" + png()[41:], "image_damaged"),
        (bomb(), "image_pixels"),
        (b"\x89PNG\r\n\x1a\n" + bytes(11 << 20), "image_bytes"),
        (png_of((b"IHDR", bytes(13)), (b"IEND", b"")), "image_damaged"),
        # whole by its checksums, but with no pixels inside
        (png_of((b"IHDR", png()[16:29]), (b"IDAT", b"x"), (b"IEND", b"")), "image_damaged"),
        (b"RIFF\x24\0\0\0WAVEfmt ", "image_unknown"),
        (b"RIFF\x24\0\0\0WEBPVP8 ", "image_unknown"),
    ],
)
def test_what_is_no_image_is_refused_with_a_sentence(seeing: Bench, image: bytes, code: str) -> None:
    assert refused(seeing, ask("What is ", image, "?")) == code


def test_marks_without_images_and_images_without_marks(seeing: Bench) -> None:
    image = png(seed=1)
    lost = GenerationRequest((Turn("user", "Where?", images=(image,)),), EXACT, 4)
    assert refused(seeing, lost) == "image_places"
    assert refused(seeing, ask(*[png(seed=number) for number in range(MOST_IMAGES + 1)])) == "image_many"
    # who writes such marks writes text
    digits = "0123456789abcdef" * 2
    stray = f"A {IMAGE_MARK}{digits}{IMAGE_MARK} in a text"
    _, plain, _ = answer(seeing, GenerationRequest((Turn("user", stray),), EXACT, 4))
    assert plain.stats.prompt_tokens < TOKENS[JANUS] + 60
    raw = GenerationRequest((), EXACT, 4, prompt=stray)
    _, finished, _ = answer(seeing, raw)
    assert finished.stats.generated_tokens == 4


def test_a_model_without_projector_says_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    try:
        bench.loaded()
        assert refused(bench, ask("What is ", png(), "?")) == "model_blind"
        maps = Path(f"/proc/{bench.client.pid}/maps").read_text()
        assert "libmtmd" not in maps
    finally:
        bench.client.close()


def test_no_library_is_loaded_twice(seeing: Bench) -> None:
    maps = Path(f"/proc/{seeing.client.pid}/maps").read_text().splitlines()
    for name in ("libmtmd", "libllama.", "libggml.", "libggml-base", "libggml-cpu"):
        inodes = {line.split()[4] for line in maps if name in line}
        assert len(inodes) == 1, name


@pytest.mark.parametrize("fault", ["another model's", "cut", "no file", "not one", "unknown kind"])
def test_a_projector_of_no_use_leaves_a_model_that_reads(tmp_path: Path, fault: str) -> None:
    path = tmp_path / "mmproj.gguf"
    code = "projector_refused"
    if fault == "another model's":
        write_projector(path, width=64)
        code = "projector_foreign"
    elif fault == "cut":
        write_projector(path)
        os.truncate(path, path.stat().st_size // 2)
    elif fault == "not one":
        path.write_bytes(starter().read_bytes()[: 1 << 20])
    elif fault == "unknown kind":
        write_projector(path)
        path.write_bytes(path.read_bytes().replace(b"janus_pro", b"janus_pr0"))
    bench = Bench(tmp_path)
    try:
        job = bench.loaded(projector=str(path))
        told = [event.message.code for event in bench.of(job, events.Noticed)]
        assert told == [code]
        assert bench.client.facts is not None and not bench.client.facts.sees
        text, _, _ = answer(bench, ask("Hello"))
        assert text
        assert refused(bench, ask("What is ", png(), "?")) == told[0]
    finally:
        bench.client.close()


def test_an_image_is_found_again_after_a_restart(tmp_path: Path) -> None:
    parked = {"park_folder": str(tmp_path / "parked"), "park_budget_bytes": 1 << 30}
    question = ask("Once upon a time. " * 20, png(seed=1), " What was it?", conversation="kept")
    other = ask("Once upon a time. " * 20, png(seed=2), " What was it?", conversation="other")
    with worker(tmp_path, **parked) as bench:
        text, first, value = answer(bench, question)
        assert first.stats.reused_tokens == 0
    with worker(tmp_path, **parked) as bench:
        again, finished, same = answer(bench, question)
        assert finished.stats.restored_tokens > TOKENS[JANUS] + 60
        assert again == text
        assert same == pytest.approx(value, abs=CLOSE)
        _, finished, _ = answer(bench, other)
        assert finished.stats.evaluated_tokens > TOKENS[JANUS]


@pytest.mark.parametrize("unified", [False, True])
@pytest.mark.parametrize(("kind", "model"), [(GEMMA3, ""), (QWEN2VL, "qwen2vl"), (JANUS, "lfm2")])
def test_what_is_reused_gives_the_answer_that_is_read_anew(
    tmp_path: Path, kind: str, model: str, unified: bool
) -> None:
    """Without causal masks, with places in two dimensions, and in a model with a state."""
    path = tiny(tmp_path, model) if model else None
    image = png(96, 160, seed=5)
    parts = ("Before it. ", image, " Behind it.")
    turns = (turn(*parts), Turn("assistant", "A picture."), turn("And this? ", png(seed=6), " Same?"))
    settings = {"n_sequences": 2, "kv_unified": unified}
    with worker(tmp_path / "warm", kind, path, **settings) as bench:
        text_before, _, _ = answer(bench, ask("Say something.", conversation="t"))
        answer(bench, ask(*parts, conversation="a", max_tokens=1))
        _, warm, warm_value = answer(bench, GenerationRequest(turns, EXACT, 8, conversation="a"))
        bench.client.forget("t")
        text_after, _, _ = answer(bench, ask("Say something.", conversation="u"))
    with worker(tmp_path / "cold", kind, path, **settings) as bench:
        _, cold, cold_value = answer(bench, GenerationRequest(turns, EXACT, 8, conversation="a"))
    assert cold.stats.reused_tokens == 0
    if model != "lfm2":  # whose state cannot go back
        assert warm.stats.reused_tokens > 16
        assert warm.stats.evaluated_tokens < cold.stats.evaluated_tokens
    assert warm.stats.prompt_tokens == cold.stats.prompt_tokens
    assert warm_value == pytest.approx(cold_value, abs=CLOSE)
    assert text_after == text_before


def test_states_with_places_in_two_dimensions_are_not_parked(tmp_path: Path) -> None:
    parked = {"park_folder": str(tmp_path / "parked"), "park_budget_bytes": 1 << 30}
    path = tiny(tmp_path, "qwen2vl")
    seen = ask("Once upon a time. " * 30, png(128, 128, seed=1), " What was it?", conversation="seen")
    read = ask("Once upon a time. " * 30, "What was it?", conversation="read")
    with worker(tmp_path, QWEN2VL, path, n_sequences=2, **parked) as bench:
        text, _, _ = answer(bench, seen)
        answer(bench, read)
    with worker(tmp_path, QWEN2VL, path, n_sequences=2, **parked) as bench:
        again, finished, _ = answer(bench, seen)
        assert finished.stats.restored_tokens < finished.stats.prompt_tokens - 16
        assert again == text
        _, finished, _ = answer(bench, dataclasses.replace(read, conversation="read"))
        assert finished.stats.reused_tokens > 100


def test_a_library_that_aborts_ends_the_worker_and_nothing_else(tmp_path: Path) -> None:
    broken = write_projector(tmp_path / "mmproj.gguf", patches=63)
    bench = Bench(tmp_path)
    try:
        ending = bench.ending(bench.load(projector=str(broken)))
        assert isinstance(ending, events.JobFailed)
        assert ending.message.code.startswith("worker_")
        bench.loaded()
        text, _, _ = answer(bench, ask("Hello"))
        assert text
    finally:
        bench.client.close()


@pytest.mark.parametrize(("kind", "model"), [(JANUS, ""), (GEMMA3, ""), (QWEN2VL, "qwen2vl")])
def test_tokens_of_images_are_told_before_they_are_sent(tmp_path: Path, kind: str, model: str) -> None:
    """What is told of an image's size is what its question has more than the same without it."""
    path = tiny(tmp_path, model) if model else None
    small = png(64, 64, seed=1)
    sizes = [(64, 64), (1, 1), (37, 300), (96, 160), (333, 77), (640, 400)]
    with worker(tmp_path / "seen", kind, path) as bench:
        facts = bench.client.facts
        assert facts is not None and facts.image_rule is not None
        _, without, _ = answer(bench, ask("Look: ", small, " What is it?", max_tokens=1))
        told, counted = [], []
        for number, (width, height) in enumerate(sizes, 2):
            image = png(width, height, seed=number)
            _, finished, _ = answer(bench, ask("Look: ", small, image, " What is it?", max_tokens=1))
            told.append(facts.image_rule.tokens(width, height))
            counted.append(finished.stats.prompt_tokens - without.stats.prompt_tokens)
    assert told == counted
    assert (len(set(told)) == 1) is (kind != QWEN2VL)  # which takes images in their own size
