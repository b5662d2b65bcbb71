"""Which slot an answer gets, where the beginning of its prompt comes from, how large batches are."""

from __future__ import annotations

from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.runtime.values import MemoryShare, part_bytes
from engine.runtime.worker.batch import Batch, Portion
from engine.runtime.worker.buffers import memory_shares
from engine.runtime.worker.embedding import groups, normalised
from engine.runtime.worker.pace import Pace, share_out
from engine.runtime.worker.slots import (
    Beginning,
    Slot,
    choose_beginning,
    choose_slot,
    common_prefix,
    usable,
)

TOKENS = st.lists(st.integers(0, 2), max_size=40).map(lambda tokens: array("i", tokens))


def tokens(*values: int) -> array[int]:
    return array("i", values)


class Movable:
    def keeps(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        return min(held, length)


class Recurrent:
    def keeps(self, sequence: int, held: int, length: int, shift: int = 0) -> int:
        return held if length >= held else 0


# slots
def test_a_nameless_conversation_finds_its_slot_by_its_tokens() -> None:
    first = Slot(0, tokens(1, 2, 3, 4), last_used=9)
    second = Slot(1, tokens(1, 7, 8), last_used=3)
    empty = Slot(2)
    slots = [first, second, empty]
    assert choose_slot(slots, [], tokens(1, 2, 3, 4, 5), "") is first
    assert choose_slot(slots, [], tokens(1, 7, 8, 9), "") is second
    assert choose_slot(slots, [], tokens(1, 9), "") is empty  # no other conversation is lost
    assert choose_slot([first, second], [], tokens(5), "") is second  # unused for longest


def test_a_named_conversation_keeps_its_slot_and_leaves_those_of_others() -> None:
    mine = Slot(0, tokens(1, 2, 3, 4), conversation="mine", last_used=1)
    yours = Slot(1, tokens(1, 2, 3, 4, 5, 6), conversation="yours", last_used=2)
    assert choose_slot([mine, yours], [], tokens(1, 2, 3, 4, 5, 6, 7), "mine") is mine
    assert choose_slot([mine, yours], [], tokens(9), "mine") is mine  # edited from its first word
    assert choose_slot([mine, yours, Slot(2)], [], tokens(1, 2, 3, 4, 5), "third").sequence == 2


def test_an_empty_slot_next_to_a_busy_one_comes_first() -> None:
    busy = [Slot(4, tokens(1))]
    assert choose_slot([Slot(0), Slot(1), Slot(3), Slot(7)], busy, tokens(5), "").sequence == 3


@given(st.lists(st.tuples(TOKENS, st.sampled_from(["", "a", "b"]), st.integers(0, 9)), min_size=1), TOKENS)
def test_a_conversation_is_given_up_only_when_no_slot_is_empty(
    held: list[tuple[array[int], str, int]], prompt: array[int]
) -> None:
    free = [Slot(number, *one[:1], conversation=one[1], last_used=one[2]) for number, one in enumerate(held)]
    chosen = choose_slot(free, [], prompt, "a")
    if chosen.tokens and chosen.conversation != "a":
        assert all(slot.tokens for slot in free)
        assert all(slot.conversation != "a" for slot in free)
        assert chosen.last_used == min(slot.last_used for slot in free)


@given(TOKENS, TOKENS)
def test_common_prefix(left: array[int], right: array[int]) -> None:
    length = common_prefix(left, right)
    assert left[:length] == right[:length]
    assert left[length : length + 1] != right[length : length + 1] or length == len(left) == len(right)


@given(st.integers(0, 5000), st.integers(1, 300))
def test_a_long_common_prefix(length: int, more: int) -> None:
    left, right = array("i", range(length + more)), array("i", range(length + more))
    right[length] = -1
    assert common_prefix(left, right) == common_prefix(right, left) == length


@given(TOKENS, TOKENS.filter(len))
def test_one_token_is_always_left_to_compute(held: array[int], prompt: array[int]) -> None:
    slot = Slot(0, held)
    for reach in (Movable(), Recurrent()):
        length = usable(reach, slot, prompt)
        assert 0 <= length < len(prompt)
        assert held[:length] == prompt[:length]
    if usable(Recurrent(), slot, prompt):
        assert usable(Recurrent(), slot, prompt) == len(held)  # all or nothing


# beginnings
def test_the_beginning_that_saves_most_time() -> None:
    own = Beginning(100, 0.0, Slot(0))
    copy, file = Beginning(400, 0.1, Slot(1)), Beginning(2000, 1.0, state="name")
    assert choose_beginning(own, [copy, file], 0.01, 32) is file
    assert choose_beginning(own, [copy, file], 0.0005, 32) is copy  # reading 1600 tokens is quicker
    assert choose_beginning(own, [copy, file], 0.0001, 32) is own
    assert choose_beginning(own, [Beginning(120, 0.0, Slot(1))], 0.01, 32) is own  # not worth it
    assert choose_beginning(own, [], 0.01, 32) is own
    assert choose_beginning(own, [copy], 0.0, 32) is copy  # nothing was measured yet


@given(
    st.integers(0, 100),
    st.lists(st.tuples(st.integers(0, 100), st.floats(0, 1)), max_size=6),
    st.floats(0.0001, 0.1),
)
def test_no_beginning_costs_more_than_it_saves(
    own_length: int, others: list[tuple[int, float]], token_s: float
) -> None:
    own = Beginning(own_length, 0.0)
    best = choose_beginning(own, [Beginning(*other) for other in others], token_s, 1)
    assert best.length >= own.length
    assert (best.length - own.length) * token_s >= best.seconds or best is own


# pace
@given(st.integers(0, 600), st.lists(st.integers(1, 1000), max_size=12))
def test_room_is_shared_out_fairly(room: int, wanted: list[int]) -> None:
    shares = share_out(room, wanted)
    assert all(0 <= share <= want for share, want in zip(shares, wanted, strict=True))
    assert sum(shares) == min(room, sum(wanted))
    unfinished = [share for share, want in zip(shares, wanted, strict=True) if share < want]
    if unfinished:  # nobody got much more than those who could have used it
        assert max(shares) <= min(unfinished) + 1
    finished = [share for share, want in zip(shares, wanted, strict=True) if share == want]
    assert not (finished and unfinished) or max(finished) <= min(unfinished) + 1


def test_a_slow_model_gets_small_batches() -> None:
    pace = Pace(512, can_stop=True)
    assert pace.prompt_room(answers=0) == 128  # carefully, at first
    for _ in range(20):
        pace.learn(0, 4, 0.030)
        pace.learn(128, 4, 0.030 + 128 * 0.004)
    assert pace.token_s == pytest.approx(0.004)
    assert pace.prompt_room(answers=4) == 20  # 80 ms
    assert pace.prompt_room(answers=4, prompts=4) == 20
    assert pace.prompt_room(answers=1, prompts=3) == 60  # more wait than write
    assert pace.prompt_room(answers=1, prompts=60) == 150  # but no gap of more than 0.6 s
    assert pace.prompt_room(answers=0) == 512  # it can be stopped
    assert pace.short_batch() == 20
    unstoppable = Pace(512, can_stop=False)
    unstoppable.learn(512, 0, 512 * 0.0005)
    assert unstoppable.prompt_room(answers=0) in (199, 200)  # 0.1 s
    very_slow = Pace(512, can_stop=True)
    very_slow.learn(0, 1, 0.5)
    very_slow.learn(32, 0, 32 * 0.1)
    assert very_slow.prompt_room(answers=1) == 8  # half of the time would be 5
    assert very_slow.prompt_room(answers=0) == 60


def test_small_batches_teach_nothing_of_prompts() -> None:
    pace = Pace(512, can_stop=True)
    pace.learn(3, 0, 0.5)
    assert pace.token_s == 0


# batches
class Native:
    """Stands for the module of the bindings; the batch only needs its structure."""

    def __init__(self) -> None:
        from llama_cpp.llama_cpp import llama_batch

        self.llama_batch = llama_batch


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.integers(0, 5000), TOKENS.filter(len), st.booleans()),
        min_size=1,
        max_size=5,
    )
)
def test_a_batch_holds_what_was_put_in(parts: list[tuple[int, int, array[int], bool]]) -> None:
    batch = Batch(Native(), 256, 4)
    portions = [Portion(*part) for part in parts]
    for _ in range(2):  # nothing is left of the one before
        ends = batch.fill(portions)
        native = batch.native
        assert native.n_tokens == sum(len(portion.tokens) for portion in portions)
        index = 0
        for portion, end in zip(portions, ends, strict=True):
            count = len(portion.tokens)
            assert end == index + count - 1
            assert native.token[index : index + count] == list(portion.tokens)
            assert native.pos[index : index + count] == list(range(portion.start, portion.start + count))
            assert [native.seq_id[at][0] for at in range(index, index + count)] == [portion.sequence] * count
            flags = [bool(flag) for flag in native.logits[index : index + count]]
            assert flags == [False] * (count - 1) + [portion.wants_logits]
            index += count
        batch.want_all()
        assert native.logits[: native.n_tokens] == [1] * native.n_tokens


# memory
LOG = [
    "load_tensors:   CPU_Mapped model buffer size =    92.10 MiB",
    "load_tensors:   CPU_REPACK model buffer size =    10.50 MiB",
    "load_tensors:        CUDA0 model buffer size =   500.00 MiB",
    "llama_kv_cache:        CPU KV buffer size =    45.00 MiB",
    "llama_kv_cache:        CPU KV buffer size =     1.00 MiB",
    "llama_kv_cache:      CUDA0 KV buffer size =     2.00 MiB",
    "sched_reserve:        CPU compute buffer size =    20.00 MiB",
    "sched_reserve:        CPU compute buffer size =    14.00 MiB",
    "sched_reserve:  CUDA_Host compute buffer size =     3.00 MiB",
    "llama_context:        CPU  output buffer size =     0.50 MiB",
]
MIB = 1024 * 1024


def test_log_lines_become_bytes() -> None:
    shares = memory_shares(LOG, ["CUDA0", "CPU"])
    assert part_bytes(shares, "kv_cache") == 48 * MIB
    assert part_bytes(shares, "repack") == int(10.5 * MIB)
    assert part_bytes(shares, "compute") == 17 * MIB  # announced twice, counted as it was at last
    assert part_bytes(shares, "output") == MIB // 2


def test_memory_is_told_by_device_and_part() -> None:
    shares = {(share.device, share.part): share.size_bytes for share in memory_shares(LOG, ["CUDA0", "CPU"])}
    assert shares == {
        ("CPU", "weights"): round(92.1 * MIB),
        ("CPU", "repack"): int(10.5 * MIB),
        ("CUDA0", "weights"): 500 * MIB,
        ("CPU", "kv_cache"): 46 * MIB,
        ("CUDA0", "kv_cache"): 2 * MIB,
        ("CPU", "compute"): 17 * MIB,
        ("CPU", "output"): MIB // 2,
    }
    many = ["load_tensors:   Vulkan10 model buffer size =    1.00 MiB"]
    assert memory_shares(many, ["Vulkan1", "Vulkan10", "CPU"]) == (MemoryShare("Vulkan10", "weights", MIB),)


# embeddings
@given(st.lists(st.integers(1, 9), max_size=20), st.integers(9, 30), st.integers(1, 5))
def test_texts_are_grouped_into_batches(lengths: list[int], most: int, count: int) -> None:
    texts = [array("i", [number] * length) for number, length in enumerate(lengths)]
    made = list(groups(texts, most, count))
    assert [text for group in made for text in group] == texts
    assert all(0 < len(group) <= count and sum(map(len, group)) <= most for group in made)


def test_vectors_have_the_length_one() -> None:
    assert normalised([3.0, 4.0]) == (0.6, 0.8)
    assert normalised([0.0, 0.0]) == (0.0, 0.0)
    assert normalised([float("nan"), 2.0]) == (0.0, 1.0)
