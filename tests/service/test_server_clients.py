"""Real clients of the API: OpenAI's own, and the Hugging Face hub's."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import huggingface_hub
import openai
import pytest
from huggingface_hub import constants

from tests.models import tiny
from tests.service.server_bench import Served, http_request, read_response
from tests.unit.test_server_parts import check_metrics

QUESTION: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("served")
    made = Served(folder, models=[tiny(folder, "bert")])
    yield made
    made.close()


@pytest.fixture(scope="module")
def client(served: Served) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=served.url, api_key="none", max_retries=0, timeout=120) as made:
        yield made


def ask(client: openai.OpenAI, **fields: Any) -> Any:
    settings = {"model": "default", "messages": QUESTION, "max_tokens": 12, "temperature": 0}
    return client.chat.completions.create(**{**settings, **fields})


def test_the_models_are_listed(client: openai.OpenAI) -> None:
    ids = [model.id for model in client.models.list()]
    assert ids[0] == "SmolLM2-135M-Instruct:Q4_1"
    assert ids[-1] == "default"
    assert len(ids) == 3
    assert client.models.retrieve(ids[0]).id == ids[0]
    with pytest.raises(openai.NotFoundError):
        client.models.retrieve("nothing/of:that")


def test_an_answer_and_its_figures(client: openai.OpenAI) -> None:
    first = ask(client)
    again = ask(client)
    assert first.choices[0].message.content == again.choices[0].message.content != ""
    assert first.choices[0].finish_reason == "length"
    assert first.model == "SmolLM2-135M-Instruct:Q4_1"
    assert again.usage.completion_tokens == 12
    assert again.usage.prompt_tokens_details.cached_tokens == again.usage.prompt_tokens - 1
    assert again.timings["prompt_n"] == 1


def test_a_stream_says_the_same_as_the_whole(client: openai.OpenAI) -> None:
    whole = ask(client).choices[0].message.content
    chunks = list(ask(client, stream=True, stream_options={"include_usage": True}))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "length"
    assert chunks[-1].usage.completion_tokens == 12
    assert len(list(ask(client, stream=True, max_tokens=2))) >= 2


def test_several_answers_at_once(client: openai.OpenAI) -> None:
    answers = ask(client, n=3, temperature=1.5, seed=5)
    assert [choice.index for choice in answers.choices] == [0, 1, 2]
    assert len({choice.message.content for choice in answers.choices}) > 1
    assert answers.usage.completion_tokens <= 36
    indexes = {choice.index for chunk in ask(client, n=2, stream=True) for choice in chunk.choices}
    assert indexes == {0, 1}


def test_stop_strings_and_ends(client: openai.OpenAI) -> None:
    whole = ask(client).choices[0].message.content
    word = whole.split()[1]
    stopped = ask(client, stop=[word])
    assert stopped.choices[0].message.content == whole[: whole.index(word)]
    assert stopped.choices[0].finish_reason == "stop"


def test_an_answer_is_gone_on_with(client: openai.OpenAI) -> None:
    whole = ask(client).choices[0].message.content
    begun = [*QUESTION, {"role": "assistant", "content": whole[:5]}]
    assert whole.startswith(whole[:5] + ask(client, messages=begun, max_tokens=4).choices[0].message.content)


def test_embeddings(client: openai.OpenAI) -> None:
    model = next(model.id for model in client.models.list() if "bert" in model.id)
    # OpenAI's client asks for base64 and turns it back.
    made = client.embeddings.create(model=model, input=["a cat", "a dog", "a cat"])
    assert [entry.index for entry in made.data] == [0, 1, 2]
    vectors = [entry.embedding for entry in made.data]
    assert len(vectors[0]) == 64
    assert sum(value * value for value in vectors[0]) == pytest.approx(1, abs=1e-4)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-4) and vectors[0] != vectors[1]
    assert made.usage.prompt_tokens > 0
    plain = client.embeddings.create(model=model, input="a cat", encoding_format="float", dimensions=8)
    assert len(plain.data[0].embedding) == 8
    assert sum(value * value for value in plain.data[0].embedding) == pytest.approx(1, abs=1e-4)
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model=model, input="a cat", dimensions=65)


def test_default_for_embeddings_is_a_model_that_was_made_for_them(
    client: openai.OpenAI, tmp_path: Path
) -> None:
    ask(client)  # a model that chats is loaded
    made = client.embeddings.create(model="default", input="a cat")
    assert "bert" in made.model and len(made.data[0].embedding) == 64
    assert ask(client).model == "SmolLM2-135M-Instruct:Q4_1"
    without = Served(tmp_path)
    try:
        with openai.OpenAI(base_url=without.url, api_key="none", max_retries=0, timeout=120) as other:
            with pytest.raises(openai.NotFoundError, match="no embedding model") as caught:
                other.embeddings.create(model="default", input="a cat")
            assert caught.value.code == "api_no_embedder"
            name = next(iter(other.models.list())).id
            assert len(other.embeddings.create(model=name, input="a cat").data[0].embedding) == 576
            # It is loaded for embeddings now, by its own name.
            assert other.embeddings.create(model="default", input="a cat").model == name
            assert ask(other).choices[0].message.content
        with without.connect() as raw:
            raw.sendall(http_request("/metrics"))
            page = read_response(raw)[2].decode()
    finally:
        without.close()
    check_metrics(page)


def test_a_model_whose_file_was_replaced_is_not_said_to_be_unknown(tmp_path: Path) -> None:
    file = tiny(tmp_path, "llama")
    made = Served(tmp_path, models=[file])
    try:
        file.write_bytes(file.read_bytes() + b"more")
        asked = {"model": file.stem, "messages": [{"role": "user", "content": "Hello"}]}
        with made.connect() as raw:
            raw.sendall(http_request("/v1/chat/completions", asked))
            status, _, body = read_response(raw)
    finally:
        made.close()
    error = json.loads(body)["error"]
    assert (status, error["code"]) == (404, "model_not_found")
    assert "not the file any more" in error["message"] and "models verify" in error["message"]


@pytest.mark.parametrize(
    ("fields", "kind", "code"),
    [
        ({"model": "gpt-5"}, openai.NotFoundError, "model_not_found"),
        ({"temperature": 40}, openai.BadRequestError, "request_range"),
        ({"messages": [{"role": "user", "content": "word " * 4000}]}, openai.BadRequestError,
         "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": "word " * 4000}], "stream": True}, openai.BadRequestError,
         "context_length_exceeded"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:,"}}]}]},
         openai.BadRequestError, "image_not_base64"),
    ],
)  # fmt: skip
def test_failures_are_told_in_openais_form(
    client: openai.OpenAI, fields: dict[str, Any], kind: type[openai.APIStatusError], code: str
) -> None:
    with pytest.raises(kind) as caught:
        ask(client, **fields)
    assert caught.value.code == code
    assert len(str(caught.value.body)) > 40


def test_the_clients_of_hugging_face(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    # ./test keeps the hub's library off the network; its client would not even ask this machine.
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    client = huggingface_hub.InferenceClient(base_url=served.url, api_key="none", timeout=120)
    answer = client.chat_completion(QUESTION, model="default", max_tokens=8, temperature=0)
    assert answer.choices[0].message.content
    pieces = client.chat_completion(QUESTION, model="default", max_tokens=8, temperature=0, stream=True)
    text = "".join(piece.choices[0].delta.content or "" for piece in pieces if piece.choices)
    assert text == answer.choices[0].message.content


def test_reasoning_comes_apart_from_the_answer(tmp_path: Path) -> None:
    template = "{% for m in messages %}{{ m.content }}{% endfor %}<think>\n"
    made = Served(tmp_path, models=[tiny(tmp_path, "llama", template)])
    try:
        with openai.OpenAI(base_url=made.url, api_key="none", max_retries=0, timeout=120) as client:
            model = next(model.id for model in client.models.list() if "tiny" in model.id)
            message = ask(client, model=model).choices[0].message
            assert message.reasoning_content
            assert message.content == ""
            deltas = [chunk.choices[0].delta for chunk in ask(client, model=model, stream=True)]
            told = "".join(getattr(delta, "reasoning_content", None) or "" for delta in deltas)
            assert told == message.reasoning_content
    finally:
        made.close()


def test_effort_arguments_and_thoughts_reach_the_template(tmp_path: Path) -> None:
    template = (
        "{% for m in messages %}{{ m.content }}{{ m.reasoning_content }}{% endfor %}"
        "{% if reasoning_effort == 'high' %} one two three four five six{% endif %}"
        "{% if extra %} {{ extra }}{% endif %}"
    )
    made = Served(tmp_path, models=[tiny(tmp_path, "llama", template)])
    try:
        with openai.OpenAI(base_url=made.url, api_key="none", max_retries=0, timeout=120) as client:
            name = next(model.id for model in client.models.list() if "tiny" in model.id)

            def length(**fields: Any) -> int:
                return int(ask(client, model=name, max_tokens=1, **fields).usage.prompt_tokens)

            usual = length()
            assert length(reasoning_effort="low") == usual
            assert length(reasoning_effort="high") > usual + 4
            more = {"chat_template_kwargs": {"extra": "seven eight nine ten"}}
            assert length(extra_body=more) > usual + 2
            thought = {"role": "assistant", "content": "Hm.", "reasoning_content": "I think and think of it."}
            without = {"role": "assistant", "content": "Hm."}
            told = [length(messages=[*QUESTION, turn, *QUESTION]) for turn in (without, thought)]
            assert told[1] > told[0] + 3
            unknown = {"chat_template_kwargs": {"budget": 3}}
            answer = ask(client, model=name, max_tokens=1, extra_body=unknown)
            assert [warning["code"] for warning in answer.warnings] == ["template_options_unknown"]
            assert "budget" in answer.warnings[0]["message"]
            with pytest.raises(openai.BadRequestError):
                length(extra_body={"chat_template_kwargs": {"messages": []}})
            with pytest.raises(openai.BadRequestError):
                length(reasoning_effort="enormous")
    finally:
        made.close()
