"""Images through OpenAI's own client, to SmolLM2 with an invented projector."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.pictures import JANUS, TOKENS, bomb, png, write_projector
from tests.service.server_bench import Served


def data_url(image: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(image).decode()}"


def shown(*parts: str | bytes) -> list[dict[str, Any]]:
    content = [
        {"type": "image_url", "image_url": {"url": data_url(part)}}
        if isinstance(part, bytes)
        else {"type": "text", "text": part}
        for part in parts
    ]
    return [{"role": "user", "content": content}]


def addressed(address: Any) -> list[dict[str, Any]]:
    part = {"type": "image_url", "image_url": {"url": address}}
    return [{"role": "user", "content": [{"type": "text", "text": "What is this?"}, part]}]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    folder = tmp_path_factory.mktemp("served")
    projector = write_projector(folder / "mmproj.gguf")
    served = Served(folder, projector=str(projector))
    with openai.OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=120) as made:
        yield made
    served.close()


def ask(client: openai.OpenAI, messages: list[dict[str, Any]], **fields: Any) -> Any:
    settings: dict[str, Any] = {"model": "default", "max_tokens": 8, "temperature": 0}
    return client.chat.completions.create(messages=messages, **{**settings, **fields})


def test_an_image_is_read_in_its_place_and_counted(client: openai.OpenAI) -> None:
    plain = ask(client, shown("What is ", "?"))
    first = ask(client, shown("What is ", png(seed=1), "?"), logprobs=True)
    other = ask(client, shown("What is ", png(seed=2), "?"), logprobs=True)
    behind = ask(client, shown("What is ", "?", png(seed=1)), logprobs=True)
    again = ask(client, shown("What is ", png(seed=1), "?"), logprobs=True)
    tokens = first.usage.prompt_tokens - plain.usage.prompt_tokens
    assert abs(tokens - TOKENS[JANUS]) <= 3
    assert again.usage.prompt_tokens_details.cached_tokens > TOKENS[JANUS]
    values = [one.choices[0].logprobs.content[0].logprob for one in (first, other, behind, again)]
    assert values[3] == pytest.approx(values[0], abs=0.05)
    assert abs(values[1] - values[0]) > 0.05
    assert abs(values[2] - values[0]) > 0.05


def test_a_stream_and_a_second_question(client: openai.OpenAI) -> None:
    question = shown(png(seed=3), "What is this?")
    pieces = [
        chunk.choices[0].delta.content or "" for chunk in ask(client, question, stream=True) if chunk.choices
    ]
    text = "".join(pieces)
    assert text == ask(client, question).choices[0].message.content
    more = [*question, {"role": "assistant", "content": text}, {"role": "user", "content": "And then?"}]
    answer = ask(client, more)
    assert answer.usage.prompt_tokens_details.cached_tokens > TOKENS[JANUS]


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("https://example.com/a.png", "image_address"),
        ("http://127.0.0.1:1/a.png", "image_address"),
        ("file:///etc/passwd", "image_address"),
        ("/etc/passwd", "image_address"),
        ("ftp://x/y.png", "image_address"),
        ("data:image/png,abc", "image_not_base64"),
        ("data:image/png;base64,###", "image_not_base64"),
        ("data:image/png;base64,QUJD", "image_unknown"),
        ("data:text/html;base64,PGh0bWw+", "image_unknown"),
        (data_url(png()[:-10]), "image_damaged"),
        (data_url(bomb()), "image_pixels"),
        (data_url(bytes(11 << 20)), "image_bytes"),
        ("", "request_missing"),
        (5, "request_kind"),
        (None, "request_missing"),
    ],
)
def test_what_is_no_image_is_refused(client: openai.OpenAI, address: Any, code: str) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, addressed(address))
    assert caught.value.code == code
    assert caught.value.param == "messages[0].content[1].image_url.url"
    assert len(str(caught.value.body)) < 1000


def test_images_of_others_than_the_user_are_refused(client: openai.OpenAI) -> None:
    messages = [{**shown(png())[0], "role": "system"}, {"role": "user", "content": "Hello"}]
    with pytest.raises(openai.BadRequestError) as caught:
        ask(client, messages)
    assert caught.value.code == "request_unsupported"


def test_a_model_that_does_not_see_says_so(tmp_path: Path) -> None:
    served = Served(tmp_path)
    try:
        with openai.OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=120) as client:
            for stream in (False, True):
                with pytest.raises(openai.BadRequestError) as caught:
                    ask(client, shown(png(), "What is this?"), stream=stream)
                assert caught.value.code == "model_blind"
    finally:
        served.close()
