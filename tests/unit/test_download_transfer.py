"""The transfer machine against a server that does everything a server can do wrong."""

from __future__ import annotations

import heapq
import itertools

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from engine.download.answers import Answer, Verdict, is_strong, judge
from engine.download.steps import Failure, Fetch, Resolution, Resolve, Stop, Wait
from engine.download.transfer import TRANSITIONS, Transfer
from engine.download.values import TransferState

SIZE, SEGMENT, LANES = 1000, 130, 3
GOOD, BAD = "a" * 64, "b" * 64
TRUTH = bytes((7 * k + k // 256) % 251 for k in range(SIZE))
OTHER = bytes(255 - value for value in TRUTH)
LENGTHS = [min(SEGMENT, SIZE - start) for start in range(0, SIZE, SEGMENT)]


def fresh(done: list[int] | None = None) -> Transfer:
    return Transfer(SIZE, GOOD, SEGMENT, list(done or [0] * len(LENGTHS)), jitter=lambda: 0.5)


def partial(fetch: Fetch, etag: str = '"e"') -> Answer:
    return Answer(206, f"bytes {fetch.start}-{fetch.stop - 1}/{SIZE}", fetch.stop - fetch.start, etag)


class TransferMachine(RuleBasedStateMachine):
    """Lanes, a file and some sources, all in memory. They may replace the file under its name, go
    away for good, and send wrong bytes."""

    @initialize(
        shares=st.lists(st.sampled_from([0, 0, 7, 1000]), min_size=8, max_size=8),
        ranges=st.booleans(),
        sources=st.sampled_from([1, 2, 3]),
    )
    def begin(self, shares: list[int], ranges: bool, sources: int) -> None:
        self.now = 0.0
        self.sources = sources
        self.corrupt = False
        self.file = bytearray(SIZE)
        done = [min(share, length) for share, length in zip(shares, LENGTHS, strict=True)]
        for segment, have in enumerate(done):
            start = segment * SEGMENT
            self.file[start : start + have] = TRUTH[start : start + have]
        self.content, self.hub_sha256, self.etag = TRUTH, GOOD, '"e"'
        self.ranges = ranges
        self.begin_run(done)

    def begin_run(self, done: list[int]) -> None:
        self.transfer = Transfer(
            SIZE,
            GOOD,
            SEGMENT,
            list(done),
            jitter=lambda: 0.5,
            sources=self.sources,
            reserve=self.sources // 3,
        )
        self.transfer.start()
        self.former: dict[int, bytes] = {}
        self.pending: dict[int, Resolve | Fetch] = {}
        self.bodies: dict[int, tuple[int, bytes]] = {}  # lane: position, content

    lanes = st.integers(0, LANES - 1)

    @rule(seconds=st.sampled_from([0.0, 0.2, 5.0, 400.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule(lane=lanes)
    def ask(self, lane: int) -> None:
        if lane in self.pending or lane in self.bodies:
            return
        action = self.transfer.next_action(lane, self.now)
        if isinstance(action, Resolve | Fetch):
            self.pending[lane] = action
        elif isinstance(action, Wait):
            assert action.seconds > 0
        else:
            assert isinstance(action, Stop) and not self.transfer.running

    @rule(lane=lanes, pieces=st.lists(st.integers(1, 400), max_size=6))
    def work(self, lane: int, pieces: list[int]) -> None:
        """The usual course, so that runs get far enough for the unusual to matter."""
        self.ask(lane)
        self.answer(lane, "right")
        for count in pieces:
            self.body(lane, count)

    @rule(
        lane=lanes,
        kind=st.sampled_from(
            ["right", "right", "right", "shifted", "stale", "busy", "html", "gone", "drop", "on"]
        ),
    )
    def answer(self, lane: int, kind: str) -> None:
        action = self.pending.pop(lane, None)
        if action is None:
            return
        if kind == "drop":
            self.transfer.dropped(lane, self.now)
        elif kind == "on":
            self.transfer.redirected(lane, self.now)
        elif isinstance(action, Resolve):
            self.answer_resolve(lane, kind)
        else:
            self.answer_fetch(lane, action, kind)

    def answer_resolve(self, lane: int, kind: str) -> None:
        if kind == "busy":
            self.transfer.resolve_refused(lane, Answer(503), False, self.now)
        elif kind == "gone":
            self.transfer.resolve_refused(lane, Answer(404), False, self.now)
        else:
            self.transfer.resolved(lane, Resolution(SIZE, self.hub_sha256))

    def answer_fetch(self, lane: int, fetch: Fetch, kind: str) -> None:
        answer, position = partial(fetch, self.etag), fetch.start
        if kind == "shifted":
            answer = Answer(206, f"bytes {fetch.start + 1}-{fetch.stop - 1}/{SIZE}", None, self.etag)
        elif kind in ("stale", "busy", "gone"):
            answer = Answer({"stale": 403, "busy": 503, "gone": 404}[kind], retry_after_seconds=2)
        elif kind == "html":
            answer = Answer(200, length=77)
        elif not self.ranges or fetch.if_range not in (None, self.etag):
            answer, position = Answer(200, length=SIZE, etag=self.etag), 0
        if self.transfer.answered(lane, answer, self.now):
            assert kind == "right", f"took the body of {kind}"
            self.bodies[lane] = position, self.content

    @rule(lane=lanes, count=st.integers(1, 400))
    def body(self, lane: int, count: int) -> None:
        """Some bytes of a body arrive; a server may send more than was asked for."""
        if lane not in self.bodies:
            return
        if self.transfer.finished(lane):
            del self.bodies[lane]
            return
        position, content = self.bodies[lane]
        piece = content[position : position + count]
        spans = self.transfer.place(lane, len(piece))
        if not piece or spans is None:
            self.transfer.dropped(lane, self.now)
            del self.bodies[lane]
            return
        for span in spans:
            if self.transfer.suspects.is_compared(span.segment):
                self.former.setdefault(span.segment, self.segment(span.segment))
            self.file[span.offset : span.offset + span.length] = piece[span.skip : span.skip + span.length]
        assert self.transfer.received(lane, len(piece), spans)
        self.bodies[lane] = position + len(piece), content
        for span in spans:
            if self.transfer.suspects.is_compared(span.segment) and self.transfer.is_full(span.segment):
                same = self.former.pop(span.segment) == self.segment(span.segment)
                self.transfer.compared(span.segment, same)

    def segment(self, number: int) -> bytes:
        return bytes(self.file[number * SEGMENT : number * SEGMENT + LENGTHS[number]])

    @rule(lane=lanes, at=st.integers(0, SIZE - 1))
    def a_body_is_wrong_in_one_byte(self, lane: int, at: int) -> None:
        if lane in self.bodies:
            position, content = self.bodies[lane]
            self.corrupt = True
            self.bodies[lane] = position, content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :]

    @rule(lane=lanes)
    def cut(self, lane: int) -> None:
        if self.bodies.pop(lane, None) is not None:
            self.transfer.dropped(lane, self.now)

    @rule(ranges=st.booleans())
    def the_server_changes_its_mind_on_ranges(self, ranges: bool) -> None:
        self.ranges = ranges

    @rule()
    def another_server_with_other_etags(self) -> None:
        self.etag = '"f"' if self.etag == '"e"' else '"e"'

    @rule()
    def the_file_is_replaced_on_the_hub(self) -> None:
        self.content, self.hub_sha256, self.etag = OTHER, BAD, '"new"'

    @rule(pick=st.integers(0, 100))
    def the_disk_rots(self, pick: int) -> None:
        full = [segment for segment in range(len(LENGTHS)) if self.transfer.is_full(segment)]
        if self.transfer.running and full:
            segment = full[pick % len(full)]
            start = segment * SEGMENT
            self.file[start : start + LENGTHS[segment]] = bytes(LENGTHS[segment])
            self.transfer.rotten(segment)

    @rule()
    def killed_and_begun_again(self) -> None:
        self.begin_run(self.transfer.done)

    @rule()
    def pause_and_resume(self) -> None:
        if self.transfer.running:
            self.transfer.pause()
            assert self.transfer.waiting_for == ""
            for lane in self.bodies:
                assert self.transfer.place(lane, 1) is None
            self.begin_run(self.transfer.done)

    @precondition(lambda self: self.transfer.state is TransferState.VERIFYING)
    @rule()
    def checksum(self) -> None:
        self.transfer.hashed(GOOD if bytes(self.file) == TRUTH else BAD)

    @invariant()
    def counts_are_true(self) -> None:
        done = self.transfer.done
        assert all(0 <= have <= length for have, length in zip(done, LENGTHS, strict=True))
        assert self.transfer.done_bytes == sum(done)
        busy = [lane.cursor // SEGMENT for lane in self.transfer._lanes.values() if lane.busy]
        assert len(busy) == len(set(busy)), "two lanes write one segment"
        assert (self.transfer.failure is not None) == (self.transfer.state is TransferState.FAILED)

    @invariant()
    def what_counts_is_in_the_file(self) -> None:
        for segment, have in enumerate(self.transfer.done):
            start = segment * SEGMENT
            piece = bytes(self.file[start : start + have])
            assert self.corrupt or self.content is OTHER or piece == TRUTH[start : start + have]

    @invariant()
    def complete_means_right(self) -> None:
        if self.transfer.state is TransferState.COMPLETE:
            assert bytes(self.file) == TRUTH

    def teardown(self) -> None:
        """From wherever it got to, an honest server brings it to the end."""
        if not hasattr(self, "transfer"):
            return
        self.content, self.hub_sha256, self.etag, self.ranges = TRUTH, GOOD, '"e"', True
        self.bodies = {lane: (position, TRUTH) for lane, (position, _) in self.bodies.items()}
        self.run_honestly()  # the same run first: it must not hang
        assert not self.transfer.running
        if self.transfer.state is not TransferState.COMPLETE:
            self.begin_run(self.transfer.done)
            self.run_honestly()
        assert self.transfer.state is TransferState.COMPLETE

    def run_honestly(self) -> None:
        for _ in range(200):
            self.now += 20
            for lane in range(LANES):
                self.ask(lane)
                self.answer(lane, "right")
                while lane in self.bodies:
                    self.body(lane, 100)
            if self.transfer.state is TransferState.VERIFYING:
                self.checksum()
            if not self.transfer.running:
                return


TransferMachine.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)
TestTransferMachine = TransferMachine.TestCase


def located(done: list[int] | None = None) -> Transfer:
    transfer = fresh(done)
    transfer.start()
    assert transfer.next_action(0, 0) == Resolve()
    transfer.resolved(0, Resolution(SIZE, GOOD))
    return transfer


def fetch_of(transfer: Transfer, lane: int, now: float = 0) -> Fetch:
    action = transfer.next_action(lane, now)
    assert isinstance(action, Fetch)
    return action


def test_lanes_take_different_segments_front_first() -> None:
    transfer = located()
    starts = [fetch_of(transfer, lane).start for lane in range(3)]
    assert starts == [0, SEGMENT, 2 * SEGMENT]


def test_an_unfinished_segment_is_continued() -> None:
    assert fetch_of(located([SEGMENT, 30, *[0] * 6]), 0) == Fetch(SEGMENT + 30, 2 * SEGMENT, None)


def test_later_requests_carry_the_etag() -> None:
    transfer = located()
    assert transfer.answered(0, partial(fetch_of(transfer, 0)), 0)
    assert fetch_of(transfer, 1).if_range == '"e"'


def test_one_lane_resolves_while_the_others_wait() -> None:
    transfer = fresh()
    transfer.start()
    assert transfer.next_action(0, 0) == Resolve()
    assert isinstance(transfer.next_action(1, 0), Wait)
    transfer.dropped(0, 0)
    assert transfer.next_action(1, 0) == Resolve()


@pytest.mark.parametrize(
    "resolution", [Resolution(SIZE, BAD), Resolution(SIZE + 1, GOOD), Resolution(SIZE + 1, None)]
)
def test_a_file_that_changed_on_the_hub_is_noticed(resolution: Resolution) -> None:
    transfer = fresh()
    transfer.start()
    transfer.next_action(0, 0)
    transfer.resolved(0, resolution)
    assert transfer.failure is Failure.CHANGED


def test_a_changed_etag_asks_the_hub_again_and_its_word_counts() -> None:
    transfer = located()
    assert transfer.answered(0, partial(fetch_of(transfer, 0)), 0)
    assert not transfer.answered(1, partial(fetch_of(transfer, 1), '"f"'), 0)
    assert transfer.next_action(1, 0) == Resolve()
    transfer.resolved(1, Resolution(SIZE, GOOD))
    fetch = fetch_of(transfer, 1)
    assert fetch.if_range is None
    assert transfer.answered(1, partial(fetch, '"f"'), 0)


def test_network_loss_is_waited_out_with_growing_delays() -> None:
    transfer, now, delays = located(), 0.0, []
    for _ in range(40):
        action = transfer.next_action(0, now)
        if isinstance(action, Wait):
            delays.append(action.seconds)
            now += action.seconds
        else:
            transfer.dropped(0, now)
    assert transfer.running and transfer.waiting_for == "network"
    assert delays[:7] == pytest.approx([0.1, 0.5, 1.0, 2.0, 4.0, 8.0, 10.0])
    assert delays[-1] == pytest.approx(10.0)


def test_retry_after_is_honoured_up_to_a_limit() -> None:
    transfer = located()
    fetch_of(transfer, 0)
    transfer.answered(0, Answer(429, retry_after_seconds=60), 0)
    assert transfer.next_action(0, 0) == Wait(60)
    transfer = located()
    fetch_of(transfer, 0)
    transfer.answered(0, Answer(429, retry_after_seconds=10**9), 0)
    assert transfer.next_action(0, 0) == Wait(300)


def test_links_that_are_always_refused_end_in_a_failure() -> None:
    transfer, now = located(), 0.0
    for _ in range(40):
        action = transfer.next_action(0, now)
        if isinstance(action, Resolve):
            transfer.resolved(0, Resolution(SIZE, GOOD))
        elif isinstance(action, Fetch):
            transfer.answered(0, Answer(403), now)
        now += 20
    assert transfer.failure is Failure.REFUSED


def test_one_expired_link_is_one_refusal_however_many_lanes_it_turns_down() -> None:
    transfer = located()
    lanes = range(5)
    for lane in lanes:
        fetch_of(transfer, lane)
    for lane in lanes:
        transfer.answered(lane, Answer(403), 0)
    assert transfer.running
    assert transfer.next_action(0, 0) == Resolve()


def test_a_gated_model_is_told_from_a_refused_one() -> None:
    for gated, failure in ((True, Failure.GATED), (False, Failure.REFUSED)):
        transfer = fresh()
        transfer.start()
        transfer.next_action(0, 0)
        transfer.resolve_refused(0, Answer(403), gated, 0)
        assert transfer.failure is failure


def fetched_again(transfer: Transfer, wrong: int, sources: list[int] | None = None) -> int:
    """How many segments are fetched after a wrong checksum until all is right, if `wrong` arrived wrong;
    and the sources that are asked for them."""
    sources = [] if sources is None else sources
    transfer.start()
    assert transfer.state is TransferState.VERIFYING
    transfer.hashed(BAD)
    count = 0
    while transfer.state is TransferState.FETCHING:
        action = transfer.next_action(0, count)
        if isinstance(action, Resolve):
            sources.append(action.source)
            transfer.resolved(0, Resolution(SIZE, GOOD))
            continue
        assert isinstance(action, Fetch)
        assert transfer.answered(0, partial(action), count)
        spans = transfer.place(0, action.stop - action.start)
        assert spans is not None and transfer.received(0, action.stop - action.start, spans)
        count += 1
        transfer.compared(spans[0].segment, same=spans[0].segment != wrong)
    return count


def test_a_wrong_segment_is_found_by_fetching_again_until_one_differs() -> None:
    transfer = fresh(LENGTHS)
    assert fetched_again(transfer, wrong=2) == 3
    transfer.hashed(GOOD)
    assert transfer.state is TransferState.COMPLETE


def test_what_a_source_sent_is_compared_with_what_another_one_sends() -> None:
    transfer = Transfer(SIZE, GOOD, SEGMENT, list(LENGTHS), sources=2, source=1)
    transfer.suspects.sources = dict.fromkeys(range(8), 1) | {5: 0, 6: 0}
    asked: list[int] = []
    assert fetched_again(transfer, wrong=0, sources=asked) == 3  # 5 and 6 of the source at work, then 0
    assert asked == [1, 0]


def test_a_segment_that_came_in_pieces_is_the_first_suspect() -> None:
    dropped = located([SEGMENT] * 5 + [0] * 3)
    fetch = fetch_of(dropped, 0)
    assert dropped.answered(0, partial(fetch), 0)
    dropped.dropped(0, 0)
    transfer = Transfer(SIZE, GOOD, SEGMENT, list(LENGTHS), suspects=dropped.suspects)
    assert fetched_again(transfer, wrong=5) == 1


def test_segments_of_parts_that_differ_are_the_first_suspects_and_those_that_do_not_the_last() -> None:
    transfer = fresh(LENGTHS)
    transfer.suspects.interrupted(0)
    transfer.suspects.tell(frozenset({5, 6}), frozenset({0, 1, 2}))
    assert fetched_again(transfer, wrong=6) == 2
    transfer = fresh(LENGTHS)
    transfer.suspects.tell(frozenset({5, 6}), frozenset({0, 1, 2}))
    assert fetched_again(transfer, wrong=1) == 7  # what they said was wrong, too: 5, 6, 3, 4, 7, 0, 1


def test_what_the_source_itself_calls_wrong_is_fetched_again_at_once() -> None:
    transfer = located()
    fetch = fetch_of(transfer, 0)
    assert transfer.answered(0, partial(fetch), 0)
    spans = transfer.place(0, 100)
    assert spans is not None and transfer.received(0, 100, spans)
    transfer.arrived_wrong(0, 0)
    assert transfer.done[0] == 0 and transfer.done_bytes == 0
    assert transfer.next_action(0, 20) == Resolve()
    transfer.resolved(0, Resolution(SIZE, GOOD))
    assert fetch_of(transfer, 0, 20) == Fetch(0, SEGMENT, '"e"')


def test_a_source_that_never_sends_what_it_says_it_sends_is_given_up() -> None:
    transfer, now = located(), 0.0
    while transfer.running:
        action = transfer.next_action(0, now)
        if isinstance(action, Resolve):
            transfer.resolved(0, Resolution(SIZE, GOOD))
        elif isinstance(action, Fetch):
            assert transfer.answered(0, partial(action), now)
            transfer.arrived_wrong(0, now)
        now += 20
        assert now < 1000
    assert transfer.failure is Failure.NONSENSE


def test_a_source_that_sends_on_where_nobody_may_follow_is_left_for_another_and_given_up_in_the_end() -> None:
    transfer, now, asked = Transfer(SIZE, GOOD, SEGMENT, [0] * 8, sources=2), 0.0, []
    transfer.start()
    while transfer.running:
        action = transfer.next_action(0, now)
        if isinstance(action, Resolve):
            asked.append(action.source)
            transfer.redirected(0, now)
        now += 20
        assert now < 1000
    assert set(asked) == {0, 1}
    assert transfer.failure is Failure.REDIRECTED


def test_one_such_answer_among_good_ones_is_forgiven() -> None:
    transfer, now = located(), 0.0
    for segment in range(8):
        fetch_of(transfer, 0, now)
        transfer.redirected(0, now)
        now += 20
        assert transfer.next_action(0, now) == Resolve()
        transfer.resolved(0, Resolution(SIZE, GOOD))
        assert transfer.answered(0, partial(fetch_of(transfer, 0, now)), now)
        length = transfer.length(segment)
        spans = transfer.place(0, length)
        assert spans is not None and transfer.received(0, length, spans)
    assert transfer.state is TransferState.VERIFYING


def test_when_all_segments_were_compared_a_wrong_checksum_is_final() -> None:
    transfer = fresh(LENGTHS)
    assert fetched_again(transfer, wrong=-1) == len(LENGTHS)
    transfer.hashed(BAD)
    assert transfer.failure is Failure.MISMATCH


def test_another_source_takes_over_and_reserves_only_when_all_others_refuse() -> None:
    transfer = Transfer(SIZE, GOOD, SEGMENT, [0] * len(LENGTHS), sources=3, reserve=1, jitter=lambda: 0.5)
    transfer.start()
    seen, now = [], 0.0
    for _ in range(6):  # both are away: their turns alternate
        action = transfer.next_action(0, now)
        if isinstance(action, Resolve):
            seen.append(action.source)
            transfer.dropped(0, now)
        now += 20
    assert set(seen) == {0, 1}
    while transfer.running:
        action = transfer.next_action(0, now)
        assert isinstance(action, Resolve)
        seen.append(action.source)
        transfer.resolve_refused(0, Answer(403 if action.source == 0 else 404), False, now)
    assert seen[-1] == 2 and seen.count(2) == 1
    assert transfer.failure is Failure.REFUSED  # what the first source says counts


def test_a_location_of_a_source_whose_turn_is_over_is_not_used() -> None:
    transfer = Transfer(SIZE, GOOD, SEGMENT, [0] * len(LENGTHS), sources=2)
    transfer.start()
    assert transfer.next_action(0, 0) == Resolve(0)
    transfer.give_up_source(0, Failure.CERTIFICATE)
    assert not transfer.resolved(0, Resolution(SIZE, GOOD))
    assert transfer.next_action(0, 0) == Resolve(1)


def test_the_table_knows_every_state_and_ends_are_ends() -> None:
    assert set(TRANSITIONS) == set(TransferState)
    assert not TRANSITIONS[TransferState.COMPLETE] and not TRANSITIONS[TransferState.FAILED]
    transfer = fresh()
    with pytest.raises(ValueError, match="no way"):
        transfer.hashed(GOOD)


answers = st.builds(
    Answer,
    status=st.sampled_from([200, 206, 302, 304, 400, 403, 416, 500]) | st.integers(100, 999),
    content_range=st.sampled_from(["bytes 10-19/100", "bytes 10-19/*", "bytes 11-19/100", ""])
    | st.text(max_size=30),
    length=st.none() | st.sampled_from([10, 100]) | st.integers(-5, 10**20),
    etag=st.sampled_from(["", '"e"', '"f"']),
    encoding=st.sampled_from(["", "identity", "gzip"]),
)


@given(answers, st.sampled_from([None, '"e"']))
def test_only_the_exact_range_is_taken(answer: Answer, etag: str | None) -> None:
    verdict = judge(answer, 10, 20, 100, etag)
    if verdict is Verdict.PARTIAL:
        assert answer.status == 206 and answer.content_range.strip() == "bytes 10-19/100"
        assert answer.length in (None, 10)
    if verdict is Verdict.WHOLE:
        assert answer.status == 200 and answer.length == 100
    if verdict in (Verdict.PARTIAL, Verdict.WHOLE):
        assert answer.encoding != "gzip" and not (etag and answer.etag == '"f"')


def test_weak_etags_are_not_sent_in_if_range() -> None:
    assert is_strong('"abc"')
    assert not any(map(is_strong, ['W/"abc"', "abc", "", '"', '"a\r\nX: y"']))


AWAY_SECONDS = 3600.0


@settings(max_examples=12, deadline=None)
@example(
    jitters=[0.999] * 5, trouble=6.0, offset=0.5, sources=1
)  # all lanes wait together, as long as they may
@example(jitters=[0.999] * 5, trouble=12.0, offset=13.0, sources=1)
@given(
    jitters=st.lists(st.floats(0, 1, exclude_max=True), min_size=5, max_size=50),
    trouble=st.sampled_from([0.0, 0.05, 6.0, 12.0]),
    offset=st.floats(0, 30),
    sources=st.sampled_from([1, 2]),
)
def test_after_an_hour_away_it_is_asked_again_within_fifteen_seconds_and_was_not_pestered(
    jitters: list[float], trouble: float, offset: float, sources: int
) -> None:
    """Eight lanes in compressed time. `trouble`: how long a try takes to fail: a connection is refused at
    once, or nothing answers until the time limit of a connection or of an answer is over."""
    drawn = itertools.cycle(jitters)
    transfer = Transfer(SIZE, GOOD, SEGMENT, [0] * len(LENGTHS), jitter=lambda: next(drawn), sources=sources)
    transfer.start()
    back, tries = AWAY_SECONDS + offset, 0
    due = [(0.0, lane) for lane in range(8)]
    failing: dict[int, bool] = {}
    while True:
        now, lane = heapq.heappop(due)
        if failing.pop(lane, False):
            transfer.dropped(lane, now)
        action = transfer.next_action(lane, now)
        if isinstance(action, Wait):
            heapq.heappush(due, (now + action.seconds, lane))
            continue
        assert isinstance(action, Resolve | Fetch)
        tries += 1
        if now >= back:
            break
        failing[lane] = True
        heapq.heappush(due, (now + trouble + 1e-6, lane))
    assert now - back <= 15
    assert tries <= 1.1 * back  # a second, all eight lanes together
    transfer.resolved(lane, Resolution(SIZE, GOOD))
    assert isinstance(transfer.next_action(lane, now), Fetch)
