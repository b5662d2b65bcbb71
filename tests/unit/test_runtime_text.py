"""Characters, stop strings, endings: the parts of a worker that need no model."""

from __future__ import annotations

import itertools
import signal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.reasoning import Phase, Piece
from engine.errors import ModelFileError, UsageError
from engine.messages import english
from engine.runtime.endings import describe_ending, last_words
from engine.runtime.transitions import FOLLOWERS, IllegalTransition, check_transition
from engine.runtime.values import RuntimeState, Sampling
from engine.runtime.worker.answer_text import AnswerText
from engine.runtime.worker.detokenize import Utf8Stream
from engine.runtime.worker.modelfile import check_model_file
from engine.runtime.worker.sampling import check_sampling
from engine.runtime.worker.stops import StopFilter


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=8))
def test_bytes_become_the_same_text_in_any_chunks(raw: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(raw)]
    stream = Utf8Stream()
    pieces = [stream.feed(raw[start:end]) for start, end in itertools.pairwise(edges)]
    assert "".join(pieces) + stream.finish() == raw.decode("utf-8", "replace")


def test_no_piece_holds_half_a_character() -> None:
    stream = Utf8Stream()
    pieces = [stream.feed(bytes([byte])) for byte in "é日😀".encode()]
    assert [piece for piece in pieces if piece] == ["é", "日", "😀"]


def stopped(chunks: list[str], stops: tuple[str, ...]) -> tuple[str, bool]:
    stop_filter = StopFilter(stops)
    shown = "".join(stop_filter.feed(chunk) for chunk in chunks)
    return shown + stop_filter.finish(), stop_filter.hit


ABC = st.text(alphabet="abc", max_size=12)


@given(ABC, st.lists(st.text(alphabet="abc", min_size=1, max_size=4), max_size=3).map(tuple))
def test_the_first_stop_string_ends_the_text(text: str, stops: tuple[str, ...]) -> None:
    shown, hit = stopped(list(text), stops)
    assert hit == any(stop in text for stop in stops)
    assert text.startswith(shown)
    assert not any(stop in shown for stop in stops)
    assert hit or shown == text
    # Nothing is lost in front of the stop string that came to its end first.
    if hit:
        assert any(text[len(shown) :].startswith(stop) for stop in stops)


def test_a_stop_string_is_held_back_until_it_is_certain() -> None:
    stop_filter = StopFilter(("<end>", ""))
    assert stop_filter.feed("one <e") == "one "
    assert stop_filter.feed("lse <en") == "<else "
    assert stop_filter.feed("d> never") == ""
    assert stop_filter.hit
    assert stop_filter.feed("shown") == ""


def test_stop_strings_count_in_the_answer_only() -> None:
    text = AnswerText(Phase.UNDECIDED, ("\n\n",))
    pieces = text.feed(b"<think>a\n\nb</think>c")
    assert not text.stopped
    pieces += text.feed(b"\n\nd")
    assert text.stopped
    assert [(piece.text, piece.is_reasoning) for piece in pieces] == [("a\n\nb", True), ("c", False)]


@pytest.mark.parametrize(
    "bad",
    [
        Sampling(temperature=-1),
        Sampling(top_p=1.5),
        Sampling(min_p=-0.1),
        Sampling(top_k=-1),
        Sampling(repeat_penalty=0),
        Sampling(seed=-1),
        Sampling(seed=2**32),
    ],
)
def test_sampling_out_of_range_is_named(bad: Sampling) -> None:
    with pytest.raises(UsageError, match="Choose a value between"):
        check_sampling(bad)
    check_sampling(Sampling())


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (None, "model_missing"),
        (b"", "not_gguf"),
        (b"<html>404", "not_gguf"),
        (b"GGUF\3\0", "gguf_damaged"),
        (b"GGUF" + (9).to_bytes(4, "little") + bytes(16), "gguf_version"),
        (b"GGUF" + (3).to_bytes(4, "big") + bytes(16), "gguf_big_endian"),
        (b"GGUF" + (3).to_bytes(4, "little") + b"\xff" * 16, "gguf_damaged"),
    ],
)
def test_files_that_are_no_models(tmp_path: Path, raw: bytes | None, code: str) -> None:
    path = tmp_path / "m.gguf"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(ModelFileError) as error:
        check_model_file(path)
    assert error.value.message.code == code


def test_a_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        check_model_file(tmp_path)


@pytest.mark.parametrize("number", [*signal.Signals, 64])
def test_every_ending_has_a_sentence(tmp_path: Path, number: int) -> None:
    for status in (-number, 0, 1, 0xC0000005, -0x3FFFFFFB):
        for loading in (True, False):
            made = describe_ending(
                status,
                loading=loading,
                model="M",
                log=tmp_path / "log",
                last_words="",
                memory_ran_out=loading,
            )
            assert "M" in english(made)


def test_last_words_are_those_of_this_worker(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("old: GGML_ASSERT(one) failed\n")
    start = log.stat().st_size
    with log.open("a") as file:
        file.write("noise\n/build/src/file.cpp:3: GGML_ASSERT(two) failed\nmore noise\n")
    assert last_words(log, start) == "file.cpp:3: GGML_ASSERT(two) failed"
    assert last_words(log, log.stat().st_size) == ""
    assert "could not be read" in last_words(tmp_path / "none", 0)


def test_the_table_of_states_is_complete() -> None:
    assert set(FOLLOWERS) == set(RuntimeState)
    check_transition(RuntimeState.READY, RuntimeState.GENERATING)
    with pytest.raises(IllegalTransition):
        check_transition(RuntimeState.STOPPED, RuntimeState.READY)


def test_an_answer_that_was_cut_inside_a_character_ends_before_it() -> None:
    cut = AnswerText(Phase.ANSWER, ())
    shown = [*cut.feed("好".encode() + "的".encode()[:2]), *cut.finish(complete=False)]
    assert "".join(piece.text for piece in shown if isinstance(piece, Piece)) == "好"
    ended = AnswerText(Phase.ANSWER, ())
    shown = [*ended.feed("的".encode()[:2]), *ended.finish()]
    assert "".join(piece.text for piece in shown if isinstance(piece, Piece)) == "\ufffd"
