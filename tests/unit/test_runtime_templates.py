from __future__ import annotations

import json
import re
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.chat.reasoning import Phase
from engine.errors import UsageError
from engine.runtime.values import GenerationRequest, Sampling, Tool, ToolCall, Turn
from engine.runtime.worker.answer_format import answer_format
from engine.runtime.worker.plain_text import MARK, PlainText
from engine.runtime.worker.prompt import write_prompt
from engine.runtime.worker.shortening import shortened
from engine.runtime.worker.template_options import template_options
from engine.runtime.worker.templates import CHATML_STOPS, ChatTemplate, TemplateFailure, render_chatml

NOTHING = PlainText(())
USER = Turn("user", "Hi <b>&</b>")
TURNS = (Turn("system", "Be kind."), USER)


def render(source: str, turns: tuple[Turn, ...] = TURNS) -> str:
    return ChatTemplate(source, "<s>", "</s>", NOTHING).render(turns)


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
    prompt = write_prompt(ChatTemplate("{{ 1 / 0 }}", "", "", NOTHING), NOTHING, request, "M")
    assert prompt.text == render_chatml(TURNS, NOTHING)
    assert prompt.stops == CHATML_STOPS
    assert prompt.notice is not None
    assert prompt.notice.code == "template_failed"
    without = write_prompt(None, NOTHING, request, "M")
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
    prompt = write_prompt(ChatTemplate(source, "", "", NOTHING), NOTHING, request, "M")
    assert prompt.text == ChatTemplate(source, "", "", NOTHING).render((USER,)) + written
    assert prompt.phase is phase


# control tokens in people's words
CONTROL = ("<|end|>", "<|user|>", "</s>", "[INST]", "x")


@given(st.lists(st.sampled_from([*CONTROL, "<|", "|>", "end", "a", "[", "\ufdd0"]), max_size=12))
def test_no_control_token_is_left_in_what_people_wrote(parts: list[str]) -> None:
    text = "".join(parts)
    marked = PlainText(CONTROL).marked(text)
    assert marked.replace(MARK, "") == text.replace(MARK, "\ufffd")
    for piece in marked.split(MARK):
        assert not any(control in piece for control in CONTROL if len(control) > 1)


def test_marks_go_where_a_template_puts_the_words() -> None:
    source = (
        "{% for m in messages %}<|{{ m.role }}|>{{ m.content | trim }}<|end|>"
        "{{ m.content.split('</think>')[-1] | upper | tojson }}{% endfor %}<|assistant|>"
    )
    turns = (Turn("user", " a<|end|>b "), Turn("assistant", "<think>h</think>c</s>"))
    text = ChatTemplate(source, "<s>", "</s>", PlainText(CONTROL)).render(turns)
    expected = (
        f'<|user|>a<{MARK}|end|>b<|end|>" A<{MARK}|END|>B "<|assistant|><think>h</think>c<{MARK}/s><|end|>'
    )
    assert text == expected + f'"C<{MARK}/S>"<|assistant|>'


# switches and tools
TOOL = Tool("weather", "of a <|end|> city", '{"type": "object", "properties": {"city": {"type": "string"}}}')
ROUND = (
    Turn("user", "Rain?"),
    Turn("assistant", "", (ToolCall("call_1", "weather", '{"city": "Køge"}'),)),
    Turn("tool", "yes", tool_call_id="call_1"),
)
WITH_TOOLS = (
    "{% if tools %}{{ tools | tojson }}\n{% endif %}{% for m in messages %}[{{ m.role }}]"
    "{% if m.content is none %}NONE{% else %}{{ m.content }}{% endif %}"
    "{% for call in m.tool_calls or [] %}{{ call.id }}:{{ call.function.name }}:CALL{% endfor %}"
    "{% if m.role == 'tool' %}{{ m.tool_call_id }}={{ m.name }}{% endif %}{% endfor %}"
)


@pytest.mark.parametrize(
    ("arguments", "written"),
    [
        ("{{ call.function.arguments | tojson }}", '{"city": "Køge"}'),
        ("{{ 'a ' + call.function.arguments + ' b' }}", 'a {"city": "Køge"} b'),
        ("{{ call.function.arguments }}", '{"city": "Køge"}'),
        (
            "{% for k, v in call.function.arguments.items() %}{{ k }}={{ v }}{% endfor %}",
            "city=Køge",
        ),
    ],
)
def test_tools_and_calls_are_written_as_the_template_wants(arguments: str, written: str) -> None:
    template = ChatTemplate(WITH_TOOLS.replace("CALL", arguments), "", "", PlainText(CONTROL))
    assert template.knows_tools
    text = template.render(ROUND, (TOOL,))
    head, _, rest = text.partition("\n")
    (described,) = json.loads(head.replace(MARK, ""))
    assert described["function"] == {
        "name": "weather",
        "description": "of a <|end|> city",
        "parameters": json.loads(TOOL.parameters),
    }
    assert f"<{MARK}|end|>" in head
    assert rest == f"[user]Rain?[assistant]NONEcall_1:weather:{written}[tool]yescall_1=weather"


def test_mistrals_templates_get_short_ids() -> None:
    source = WITH_TOOLS.replace("CALL", "[TOOL_CALLS]")
    text = ChatTemplate(source, "", "", NOTHING).render(ROUND, (TOOL,))
    (first,) = re.findall("NONE(.*?):weather", text)
    assert len(first) == 9
    assert f"yes{first}=weather" in text


def test_a_template_without_tools_is_told_of_them_in_words() -> None:
    source = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}"
    template = ChatTemplate(source, "", "", NOTHING)
    assert not template.knows_tools
    turns = (Turn("system", "Be kind."), *ROUND, Turn("tool", "no", tool_call_id="call_2"))
    text = template.render(turns, (TOOL,))
    assert text.startswith("[system]Be kind.\n\nYou may call")
    assert '"name": "weather"' in text
    call = '<tool_call>\n{"name": "weather", "arguments": {"city": "Køge"}}\n</tool_call>'
    results = "<tool_response>\nyes\n</tool_response>\n<tool_response>\nno\n</tool_response>"
    assert text.endswith(f"[user]Rain?[assistant]{call}[user]{results}")
    with pytest.raises(UsageError):
        template.render(turns, (Tool("bad", "", "[]"),))


def options(source: str, **wanted: object) -> tuple[dict[str, object], tuple[str, ...]]:
    request = GenerationRequest(TURNS, Sampling(), 0, **wanted)  # type: ignore[arg-type]
    found = template_options(request, source, answer_format(source), PlainText(["<|end|>"]))
    return dict(found.values), found.unknown


def test_the_switch_for_thinking_reaches_the_template() -> None:
    source = "x{{ enable_thinking if enable_thinking is defined else 'own' }}{{ thinking is defined }}"
    template = ChatTemplate(source, "", "", NOTHING)
    told = [options(source, thinking=switch)[0] for switch in (None, True, False)]
    assert [template.render(TURNS, (), values) for values in told] == ["xownFalse", "xTrueTrue", "xFalseTrue"]


SWITCHED = "{{ enable_thinking }}"
EFFORT = "{{ reasoning_effort }}"
HARMONY = EFFORT + "<|channel|>final<|message|>"


@pytest.mark.parametrize(
    ("source", "wanted", "values", "unknown"),
    [
        (SWITCHED, {"effort": "none"}, {"enable_thinking": False, "thinking": False}, ()),
        (SWITCHED, {"effort": "low"}, {"enable_thinking": True, "thinking": True}, ()),
        (SWITCHED, {"effort": "high", "thinking": False}, {"enable_thinking": False, "thinking": False}, ()),
        (
            EFFORT,
            {"effort": "max"},
            {"reasoning_effort": "max", "enable_thinking": True, "thinking": True},
            (),
        ),
        (
            HARMONY,
            {"effort": "none"},
            {"reasoning_effort": "low", "enable_thinking": False, "thinking": False},
            (),
        ),
        (
            "{{ messages }}",
            {"effort": "low"},
            {"enable_thinking": True, "thinking": True},
            ("reasoning_effort",),
        ),
        (
            "{{ budget }}",
            {"template_arguments": '{"budget": 3, "bud": ["<|end|>"], "enable_thinking": true}'},
            {"budget": 3, "bud": [f"<{MARK}|end|>"], "enable_thinking": True},
            ("bud",),
        ),
    ],
)
def test_options_reach_templates_that_know_them(
    source: str, wanted: dict[str, object], values: dict[str, object], unknown: tuple[str, ...]
) -> None:
    assert options(source, **wanted) == (values, unknown)


def test_options_do_not_replace_what_is_ours() -> None:
    template = ChatTemplate("{{ messages[0].content }}{{ bos_token }}", "<s>", "", NOTHING)
    assert template.render([Turn("user", "Hi")], (), {"messages": [], "bos_token": "x"}) == "Hi<s>"


def test_earlier_thoughts_are_told_again() -> None:
    turns = [Turn("user", "q"), Turn("assistant", "a", reasoning="Hm <|end|>")]
    plain = PlainText(["<|end|>"])
    usual = "{% for m in messages %}{{ m.reasoning_content }}|{{ m.thinking }}|{% endfor %}"
    assert ChatTemplate(usual, "", "", plain).render(turns) == f"||Hm <{MARK}|end|>||"
    harmony = (
        "{% for message in messages %}{{ message.reasoning_content }}|{{ message.thinking }}|{% endfor %}"
    )
    assert ChatTemplate(harmony, "", "", plain).render(turns) == f"|||Hm <{MARK}|end|>|"
    call = replace(turns[1], tool_calls=(ToolCall("1", "now", "{}"),))
    both = harmony + "{{ tools }}deskside_probe deskside result"
    assert "Hm" not in ChatTemplate(both, "", "", plain).render([turns[0], call])  # gpt-oss refuses both


# conversations that are too long
def words(turns: Sequence[Turn]) -> int:
    return sum(len(turn.content.split()) for turn in turns)


def chat(questions: int, size: int = 10) -> list[Turn]:
    turns = [Turn("system", "s")]
    for number in range(questions):
        turns += [Turn("user", f"q{number} " * size), Turn("assistant", "a " * size)]
    return turns[:-1]


def test_a_long_conversation_loses_its_oldest_turns() -> None:
    kept = shortened(chat(40), 400, words)
    assert kept is not None
    assert kept[0].content == "s"
    assert kept[1].role == "user"
    assert words(kept) <= 300
    assert kept[-1] == chat(40)[-1]
    # Those that follow begin at the same place, until a quarter of the context has come on top.
    beginnings = [
        str((shortened(chat(count), 400, words) or [])[1].content.split()[0]) for count in range(40, 60)
    ]
    assert len(set(beginnings)) <= 5
    assert shortened(chat(1, 900), 400, words) is None
    last = shortened(chat(3, 900), 400, words)
    assert last is not None
    assert [turn.content.split()[0] for turn in last] == ["s", "q2"]


def test_a_template_that_ran_out_of_time_is_left_alone_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.runtime.worker.templates._RENDER_LIMIT_S", 0.3)
    endless = ChatTemplate(
        "{% for m in messages %}{% if 'long' in m.content %}{% for a in range(99999) %}"
        "{% for b in range(99999) %}{% endfor %}{% endfor %}{% endif %}{{ m.content }}{% endfor %}",
        "",
        "",
        NOTHING,
    )
    long = [Turn("user", "very long " * 100)]
    with pytest.raises(TemplateFailure, match="seconds"):
        endless.render(long)
    began = time.thread_time()
    for _ in range(50):
        with pytest.raises(TemplateFailure, match="seconds"):
            endless.render(long)
    assert time.thread_time() - began < 0.3  # none of them ran
    assert endless.render([Turn("user", "short")]) == "short"
