"""What becomes of an answer's figures: kept, scored against what was predicted, and acted upon when slow."""

from __future__ import annotations

import time

from engine import events
from engine.chat.conversation import AnswerStats
from engine.host.audience import Audience
from engine.host.pack_speed import PackSpeed
from engine.host.policy import Policy
from engine.host.recorder import Recorder
from engine.host.resident import Job, Resident
from engine.host.scoring import Moment, undisturbed
from engine.host.tuned import roll_back
from engine.messages import Sentence, sentence
from engine.paths import Paths


class Assessing:
    """Called from the threads of the models' supervisors."""

    def __init__(self, paths: Paths, policy: Policy, recorder: Recorder, audience: Audience) -> None:
        self._paths = paths
        self._policy = policy
        self._recorder = recorder
        self._audience = audience
        self._pack_speed = PackSpeed(paths)

    def answered(self, resident: Resident, job: Job, stats: AnswerStats) -> None:
        self._recorder.answered(resident.wish.model, stats)
        forecast, facts = resident.forecast, resident.facts
        if forecast is None or facts is None:
            return
        quiet = undisturbed(job.began, Moment.now(facts.pid))
        records = forecast.score_answer(stats, quiet, time.time())
        self._recorder.scored(records)
        if resident.watch is not None and resident.watch.says_slow(records):
            roll_back(self._paths, resident.watch.entry)
            self._notice(resident, sentence("tuning_rolled_back", model=resident.name))
        if resident.request is not None and self._policy.keep_history():
            left = self._pack_speed.answered(resident.wish.model, resident.request, facts, records)
            if left is not None:
                self._notice(resident, left)

    def _notice(self, resident: Resident, notice: Sentence) -> None:
        self._audience.tell_all(resident, events.Noticed(resident.load_job, notice))
