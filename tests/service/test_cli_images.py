"""Images on the command line: shown with a question, planned, refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.catalog.projector import projector_size
from tests.pictures import JANUS, PATCH_SIZE, TOKENS, png, write_projector
from tests.service.runtime_bench import starter
from tests.service.test_cli import deskside, environment, records

__all__ = ["environment"]


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    path = folder / "SmolLM2-Q4_1.gguf"
    path.symlink_to(starter())
    return path


def test_images_are_shown_with_a_question(environment: dict[str, str], model: Path, tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"{number}.png").write_bytes(png(seed=number))
    question = ["chat", "--json", "-p", "What is it?", "--max-tokens", "4", "--model", str(model)]
    shown = ["--image", str(tmp_path / "1.png"), "--image", str(tmp_path / "2.png")]
    done = deskside(environment, *question, *shown)
    assert done.returncode == 6  # the engine says that there is no projector
    assert "projector" in done.stderr + done.stdout
    seeing = tmp_path / "seeing" / model.name
    seeing.parent.mkdir()
    seeing.symlink_to(starter())
    projector = write_projector(seeing.with_name("mmproj-F16.gguf"))
    question[-1] = str(seeing)
    done = deskside(environment, *question, *shown)
    assert done.returncode == 0, done.stderr
    two = records(done.stdout)
    assert two[-1]["prompt_tokens"] > 2 * TOKENS[JANUS]
    told = next(one for one in two if one["event"] == "images")
    assert told["origin"] == "planned" and len(told["tokens"]) == 2
    assert two.index(told) < next(at for at, one in enumerate(two) if one["event"] == "token")
    # what was told of the second is what it took
    one = records(deskside(environment, *question, *shown[:2]).stdout)
    assert two[-1]["prompt_tokens"] - one[-1]["prompt_tokens"] == told["tokens"][1]
    done = deskside(environment, "plan", "--json", "--gguf", str(seeing))
    plan = records(done.stdout)[-1]
    assert plan["images"] == {
        "fewest_tokens": TOKENS[JANUS],
        "most_tokens": TOKENS[JANUS],
        "pixels_a_side": PATCH_SIZE,
    }
    memory = plan["memory"]
    assert memory["total"]["projector"] == memory["parts"][0]["projector"] == projector_size(projector).total


def test_what_is_no_image_is_refused_before_anything_is_loaded(
    environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "a.png").write_bytes(b"hello")
    for name, words in (("a.png", "no image"), ("gone.png", "could not be read")):
        done = deskside(environment, "chat", "-p", "What is it?", "--image", str(tmp_path / name))
        assert done.returncode == 2
        assert words in done.stderr
