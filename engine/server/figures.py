"""What an answer took, in OpenAI's `usage` and llama-server's `timings`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.chat.conversation import AnswerStats


def usage(stats: Sequence[AnswerStats], answers: int = 1) -> dict[str, object]:
    """Of all answers to a request together. A prompt with several `answers` counts once, as with
    OpenAI; `stats` holds the answers to each prompt side by side."""
    prompts = stats[::answers]
    prompt = sum(each.prompt_tokens for each in prompts)
    generated = sum(each.generated_tokens for each in stats)
    return {
        "prompt_tokens": prompt,
        "completion_tokens": generated,
        "total_tokens": prompt + generated,
        "prompt_tokens_details": {"cached_tokens": sum(each.reused_tokens for each in prompts)},
        "completion_tokens_details": {"reasoning_tokens": sum(each.reasoning_tokens for each in stats)},
    }


def timings(stats: AnswerStats) -> dict[str, object]:
    """Of one answer, by llama-server's names; `queue_ms` is ours."""
    read = stats.prompt_tokens - stats.reused_tokens
    drafts = {"draft_n": stats.drafted_tokens, "draft_n_accepted": stats.accepted_tokens}
    return {
        **(drafts if stats.drafted_tokens else {}),
        "cache_n": stats.reused_tokens,
        "prompt_n": read,
        "prompt_ms": _ms(stats.prompt_s),
        "prompt_per_second": round(stats.prompt_tps, 2),
        "predicted_n": stats.generated_tokens,
        "predicted_ms": _ms(stats.generation_s),
        "predicted_per_second": round(stats.generation_tps, 2),
        "first_token_ms": _ms(stats.time_to_first_token_s),
        "queue_ms": _ms(stats.queue_s),
    }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
