from __future__ import annotations

import pytest

from engine.chat.reasoning import Phase
from engine.runtime.values import GenerationRequest, Sampling, Turn
from engine.runtime.worker.prompt import write_prompt
from engine.runtime.worker.templates import CHATML_STOPS, ChatTemplate, TemplateFailure, render_chatml

USER = Turn("user", "Hi <b>&</b>")
TURNS = (Turn("system", "Be kind."), USER)


def render(source: str, turns: tuple[Turn, ...] = TURNS) -> str:
    return ChatTemplate(source, "<s>", "</s>").render(turns)


def test_renders_as_hugging_face_does() -> None:
    source = """{{ bos_token }}
    {%- for message in messages %}
        {% if message['role'] == 'user' %}
{{ message.content | tojson }}|{{ message.get('tool_calls') is none }}
        {% elif message.role == 'system' -%}
[{{ message.content | trim }}]
        {%- endif %}
    {% endfor %}
{% if add_generation_prompt %}A:{% generation %}{% endgeneration %}{% endif %}"""
    assert render(source) == '<s>[Be kind.]"Hi <b>&</b>"|True\nA:'


def test_the_date_and_loop_controls_are_there() -> None:
    source = "{{ strftime_now('%Y') | length }}{% for m in messages %}{{ m.role }}{% break %}{% endfor %}"
    assert render(source) == "4system"


def test_a_refused_system_message_goes_into_the_first_question() -> None:
    source = (
        "{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
        "{% for m in messages %}<{{ m.role }}>{{ m.content }}{% endfor %}"
    )
    assert render(source) == "<user>Be kind.\n\nHi <b>&</b>"
    with pytest.raises(TemplateFailure, match="roles"):
        render("{{ raise_exception('roles must alternate') }}")


GROWING = "{% set n = namespace(x='aaaaaaaaaa') %}{% for i in range(99) %}{% set n.x = STEP %}{% endfor %}x"
HOSTILE = {
    "endless loop": "{% for a in range(99999) %}{% for b in range(99999) %}{% endfor %}{% endfor %}x",
    "endless recursion": "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "huge range": "{{ range(10**9) | list }}",
    "range without power": "{{ range(1000000000) | list }}",
    "repeated text": "{{ 'a' * 10000000000 }}",
    "repeated list": "{{ [1] * 10000000000 }}",
    "power": "{{ 9 ** 9 ** 9 }}",
    "doubling": GROWING.replace("STEP", "n.x ~ n.x"),
    "adding": GROWING.replace("STEP", "n.x + n.x"),
    "growing number": GROWING.replace("STEP", "n.x * n.x").replace("'aaaaaaaaaa'", "9"),
    "replace": "{% set a = 'a' * 100000 %}{{ a | replace('a', a) }}",
    "wide format": "{{ '%09999999999d' % 1 }}",
    "format filter": "{{ '%09999999999d' | format(1) }}",
    "wide centre": "{{ 'a' | center(9999999999) }}",
    "wide justify": "{{ 'a'.ljust(9999999999) }}",
    "writes without end": "{% for a in range(99999) %}{{ 'aaaaaaaaaa' * 1000 }}{% endfor %}",
    "attribute escape": "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "globals escape": "{{ raise_exception.__globals__['__builtins__'] }}",
    "format escape": "{{ '{0.__class__.__init__.__globals__}'.format(messages) }}",
    "attr filter": "{{ messages | attr('__class__') | attr('__base__') }}",
    "import": "{% import 'os' as os %}{{ os }}",
    "mutation": "{{ messages.append(1) }}{{ messages.clear() }}",
    "lipsum": "{{ lipsum(100000000) }}",
    "bad syntax": "{% for %}",
    "unclosed": "{{ messages",
    "division": "{{ 1 / 0 }}",
    "unknown function": "{{ open('/etc/passwd') }}",
    "missing": "{{ messages[99].content.strip() }}",
    "nothing": "   ",
    "deep nesting": "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "huge source": "a" * 2_000_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_templates_fail_and_nothing_else_does(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.worker.templates._RENDER_LIMIT_S", 0.3)
    with pytest.raises(TemplateFailure) as failure:
        render(HOSTILE[name])
    assert str(failure.value)
    assert len(str(failure.value)) < 300


def test_a_failing_template_falls_back_with_a_notice() -> None:
    request = GenerationRequest(TURNS, Sampling(), 0)
    prompt = write_prompt(ChatTemplate("{{ 1 / 0 }}", "", ""), request, "M")
    assert prompt.text == render_chatml(TURNS)
    assert prompt.stops == CHATML_STOPS
    assert prompt.notice is not None
    assert prompt.notice.code == "template_failed"
    without = write_prompt(None, request, "M")
    assert without.notice is not None
    assert without.notice.code == "no_chat_template"


OPENING = "{% for m in messages %}{{ m.content }}{% endfor %}<A><think>\n"
PLAIN = "{% for m in messages %}{{ m.content }}{% endfor %}<A>"


@pytest.mark.parametrize(
    ("source", "reasoning", "answer", "written", "phase"),
    [
        (PLAIN, "", "", "", Phase.UNDECIDED),
        (PLAIN, "", "So", "So", Phase.ANSWER),
        (PLAIN, "Hm", "", "<think>\nHm", Phase.REASONING),
        (PLAIN, "Hm", "So", "<think>\nHm\n</think>\n\nSo", Phase.ANSWER),
        (OPENING, "", "", "", Phase.OPENED),
        (OPENING, "Hm", "", "Hm", Phase.REASONING),
        (OPENING, "Hm", "So", "Hm\n</think>\n\nSo", Phase.ANSWER),
        (OPENING, "", "So", "\n</think>\n\nSo", Phase.ANSWER),
    ],
)
def test_an_answer_is_carried_on_where_it_was(
    source: str, reasoning: str, answer: str, written: str, phase: Phase
) -> None:
    request = GenerationRequest((USER,), Sampling(), 0, answer, reasoning)
    prompt = write_prompt(ChatTemplate(source, "", ""), request, "M")
    assert prompt.text == ChatTemplate(source, "", "").render((USER,)) + written
    assert prompt.phase is phase
