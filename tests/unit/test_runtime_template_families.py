"""Templates as publishers write them, shortened to what is peculiar to each, with conversations as programs
send them."""

# ruff: noqa: E501 - templates have long lines
from __future__ import annotations

import pytest

from engine.runtime.values import IMAGE_MARK, GenerationRequest, Sampling, Tool, ToolCall, Turn
from engine.runtime.worker.plain_text import MARK, PlainText
from engine.runtime.worker.prompt import write_prompt
from engine.runtime.worker.templates import ChatTemplate

SYSTEM, USER = Turn("system", "Be kind."), Turn("user", "Hello?")
TOOL = Tool("weather", "", "{}")
CALL = Turn("assistant", "", (ToolCall("call_1", "weather", '{"city": "Rom"}'),))
RESULT = Turn("tool", "sunny", tool_call_id="call_1")

# Gemma 2: no system message, questions and answers in turns.
GEMMA = (
    "{{ bos_token }}{% if messages[0]['role'] == 'system' %}"
    "{{ raise_exception('System role not supported') }}{% endif %}{% for message in messages %}"
    "{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}"
    "{% if (message['role'] == 'assistant') %}{% set role = 'model' %}{% else %}"
    "{% set role = message['role'] %}{% endif %}"
    "{{ '<start_of_turn>' + role + '\n' + message['content'] | trim + '<end_of_turn>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{'<start_of_turn>model\n'}}{% endif %}"
)
# Mistral v0.3: a system message only in front.
MISTRAL = (
    "{%- if messages[0]['role'] == 'system' %}{%- set system_message = messages[0]['content'] %}"
    "{%- set loop_messages = messages[1:] %}{%- else %}{%- set loop_messages = messages %}{%- endif %}"
    "{{- bos_token }}{%- for message in loop_messages %}"
    "{%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{- raise_exception('After the optional"
    " system message, conversation roles must alternate user/assistant/user/assistant/...') }}{%- endif %}"
    "{%- if message['role'] == 'user' %}{%- if loop.first and system_message is defined %}"
    "{{- '[INST] ' + system_message + '\n\n' + message['content'] + '[/INST]' }}{%- else %}"
    "{{- '[INST] ' + message['content'] + '[/INST]' }}{%- endif %}{%- elif message['role'] == 'assistant' %}"
    "{{- ' ' + message['content'] + eos_token }}{%- else %}"
    "{{- raise_exception('Only user and assistant roles are supported') }}{%- endif %}{%- endfor %}"
)
# Qwen 3.5: a system message, but only in front.
STRICT_SYSTEM = (
    "{% for message in messages %}{% if message.role == 'system' and not loop.first %}"
    "{{ raise_exception('System message must be at the beginning.') }}{% endif %}"
    "<|im_start|>{{ message.role }}\n{{ message.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n"
)
# QwQ: looks into the words of an answer that is nothing but calls.
QWQ = (
    "{%- if tools %}{{- '<|im_start|>system\n<tools>' }}{%- for tool in tools %}{{- tool | tojson }}"
    "{%- endfor %}{{- '</tools><|im_end|>\n' }}{%- endif %}{%- for message in messages %}"
    "{%- if message.role == 'user' %}{{- '<|im_start|>user\n' + message.content + '<|im_end|>\n' }}"
    "{%- elif message.role == 'assistant' %}{%- set content = message.content.split('</think>')[-1] %}"
    "{{- '<|im_start|>assistant' }}{%- if message.content %}{{- '\n' + content }}{%- endif %}"
    "{%- for tool_call in message.tool_calls or [] %}"
    '{{- \'\n<tool_call>\n{"name": "\' + tool_call.function.name + \'", "arguments": \' }}'
    "{{- tool_call.function.arguments | tojson }}{{- '}\n</tool_call>' }}{%- endfor %}{{- '<|im_end|>\n' }}"
    "{%- elif message.role == 'tool' %}"
    "{{- '<|im_start|>user\n<tool_response>\n' + message.content + '\n</tool_response><|im_end|>\n' }}"
    "{%- endif %}{%- endfor %}{{- '<|im_start|>assistant\n<think>\n' }}"
)
# SmolVLM and LLaVA: contents are lists of parts; of a text they write nothing.
SMOLVLM = (
    "<|im_start|>{% for message in messages %}{{message['role'] | capitalize}}"
    "{% if message['content'][0]['type'] == 'image' %}{{':'}}{% else %}{{': '}}{% endif %}"
    "{% for line in message['content'] %}{% if line['type'] == 'text' %}{{line['text']}}"
    "{% elif line['type'] == 'image' %}{{ '<image>' }}{% endif %}{% endfor %}<end_of_utterance>\n"
    "{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}"
)
LLAVA = (
    "{% for message in messages %}{{'<|im_start|>' + message['role'] + ' '}}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'image') %}{{ '<image>' }}{% endfor %}"
    "{% for content in message['content'] | selectattr('type', 'equalto', 'text') %}{{ '\n' + content['text'] }}"
    "{% endfor %}{{'<|im_end|>'}}{% endfor %}{{ '<|im_start|>assistant\n' }}"
)
# Llama 3.2 Vision and most others: either.
EITHER = (
    "{% for message in messages %}<{{ message['role'] }}>{% if message['content'] is string %}"
    "{{ message['content'] }}{% else %}{% for content in message['content'] %}"
    "{% if content['type'] == 'text' %}[{{ content['text'] }}]{% endif %}{% endfor %}{% endif %}{% endfor %}"
)


def prompt(source: str, *turns: Turn, tools: tuple[Tool, ...] = ()) -> str:
    """What the model reads, from its own template."""
    plain = PlainText(["<|im_end|>", "<end_of_utterance>"])
    request = GenerationRequest(turns, Sampling(), 0, tools=tools)
    written = write_prompt(ChatTemplate(source, "<s>", "</s>", plain), plain, request, "M")
    assert written.notice is None, written.notice
    return written.text


@pytest.mark.parametrize(
    ("turns", "gemma", "mistral"),
    [
        ((USER, Turn("user", "Anyone?")), [("user", "Hello?\n\nAnyone?")], "[INST] Hello?\n\nAnyone?[/INST]"),
        (
            (SYSTEM, USER, Turn("user", "Anyone?")),
            [("user", "Be kind.\n\nHello?\n\nAnyone?")],
            "[INST] Be kind.\n\nHello?\n\nAnyone?[/INST]",
        ),
        (
            (Turn("assistant", "Welcome!"), USER),
            [("user", ""), ("model", "Welcome!"), ("user", "Hello?")],
            "[INST] [/INST] Welcome!</s>[INST] Hello?[/INST]",
        ),
        (
            (USER, Turn("assistant", "Yes."), Turn("system", "Be brief."), Turn("user", "And?")),
            [("user", "Hello?"), ("model", "Yes."), ("user", "Be brief.\n\nAnd?")],
            "[INST] Hello?[/INST] Yes.</s>[INST] Be brief.\n\nAnd?[/INST]",
        ),
        (
            (USER, Turn("assistant", "Yes."), Turn("assistant", "What is it?"), Turn("user", "And?")),
            [("user", "Hello?"), ("model", "Yes.\n\nWhat is it?"), ("user", "And?")],
            "[INST] Hello?[/INST] Yes.\n\nWhat is it?</s>[INST] And?[/INST]",
        ),
    ],
)
def test_strict_templates_are_told_in_turns(
    turns: tuple[Turn, ...], gemma: list[tuple[str, str]], mistral: str
) -> None:
    told = "".join(f"<start_of_turn>{role}\n{words}<end_of_turn>\n" for role, words in gemma)
    assert prompt(GEMMA, *turns) == f"<s>{told}<start_of_turn>model\n"
    assert prompt(MISTRAL, *turns) == f"<s>{mistral}"


def test_a_system_message_in_front_stays_there_when_only_those_in_the_middle_are_refused() -> None:
    later = (Turn("assistant", "Yes."), Turn("system", "Be brief."), Turn("user", "And?"))
    written = prompt(STRICT_SYSTEM, SYSTEM, USER, *later)
    assert written.startswith("<|im_start|>system\nBe kind.<|im_end|>\n<|im_start|>user\nHello?<|im_end|>\n")
    assert "<|im_start|>user\nBe brief.\n\nAnd?<|im_end|>\n" in written


def test_tools_of_a_strict_template_are_told_in_turns_too() -> None:
    written = prompt(GEMMA, USER, CALL, RESULT, Turn("user", "Thanks?"), tools=(TOOL,))
    assert "<tool_response>\nsunny\n</tool_response>\n\nThanks?" in written


def test_images_keep_their_order_in_joined_questions() -> None:
    first = Turn("user", f"{IMAGE_MARK}one", images=(b"1",))
    second = Turn("user", f"two{IMAGE_MARK}", images=(b"2",))
    assert f"{IMAGE_MARK}one\n\ntwo{IMAGE_MARK}" in prompt(GEMMA, first, second)


def test_a_call_without_words_is_written_in_the_way_of_the_model() -> None:
    written = prompt(QWQ, USER, CALL, RESULT, tools=(TOOL,))
    assert '<tools>{"type": "function"' in written
    assert '<|im_start|>assistant\n<tool_call>\n{"name": "weather", "arguments": {"city": "Rom"}}' in written
    assert "<tool_response>\nsunny\n</tool_response>" in written
    assert "You may call functions" not in written  # that is for templates that know no tools


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        (
            SMOLVLM,
            "<|im_start|>System: Be kind.<end_of_utterance>\nUser: Hello?<end_of_utterance>\nAssistant:",
        ),
        (
            LLAVA,
            "<|im_start|>system \nBe kind.<|im_end|><|im_start|>user \nHello?<|im_end|><|im_start|>assistant\n",
        ),
        (EITHER, "<system>Be kind.<user>Hello?"),
    ],
)
def test_templates_that_read_parts_alone_lose_no_word(source: str, expected: str) -> None:
    assert prompt(source, SYSTEM, USER) == expected


def test_what_looks_like_a_control_token_stays_text_in_parts() -> None:
    assert f"a<{MARK}end_of_utterance>b" in prompt(SMOLVLM, Turn("user", "a<end_of_utterance>b"))
