"""Workflows and scripts for systems that are not here: read as those would, as far as that can be done."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from engine.releases.in_use import MARK

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
INSTALLER = ROOT / "installer"
WINDOWS = INSTALLER / "windows"
OURS = re.compile(
    r"(?:(?<![\w/\\.])|(?<=\$here/)|(?<=\$root\\))"
    r"(?:\./test\b|(?:installer|tests|resources|engine)[/\\][\w/\\.]+)"
)


def steps(workflow: Path) -> Iterator[dict[str, Any]]:
    jobs = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    for job in jobs.values():
        assert job["runs-on"] and job["steps"]
        yield from job["steps"]


def commands(workflow: Path) -> list[str]:
    """What runners are told to run, those of a matrix among them."""
    text = workflow.read_text("utf-8")
    of_matrix = [
        entry["build"]
        for job in yaml.safe_load(text)["jobs"].values()
        for entry in job.get("strategy", {}).get("matrix", {}).get("include", ())
    ]
    return [step["run"] for step in steps(workflow) if "run" in step] + of_matrix


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.stem)
def test_a_step_runs_something_or_uses_an_action_of_one_version(workflow: Path) -> None:
    for step in steps(workflow):
        assert ("run" in step) != ("uses" in step), step
        assert "uses" not in step or re.fullmatch(r"[\w-]+/[\w-]+@v\d+", step["uses"]), step


def test_no_command_is_put_together_from_what_others_may_name() -> None:
    """A tag may be called anything that a shell takes for a command; a variable is never read as one."""
    run = [step["run"] for workflow in WORKFLOWS for step in steps(workflow) if "run" in step]
    assert [command for command in run if "{{" in command] == ["${{ matrix.build }}"]


def test_every_script_that_they_name_is_there() -> None:
    named = {
        name for workflow in WORKFLOWS for command in commands(workflow) for name in OURS.findall(command)
    }
    assert {r"installer\windows\build.ps1", "installer/macos/build.sh", "./test"} <= named
    missing = [name for name in named if not (ROOT / name.replace("\\", "/")).exists()]
    assert missing == []


@pytest.mark.parametrize("script", ["windows/build.ps1", "windows/deskside.iss", "macos/build.sh"])
def test_every_file_that_those_scripts_name_is_there(script: str) -> None:
    text = (INSTALLER / script).read_text("utf-8")
    named = {name.replace("\\", "/").rstrip("./") for name in OURS.findall(text)}
    made = {name for name in named if name.endswith(".qm")}
    assert [name for name in named - made if not (ROOT / name).exists()] == []
    for name in re.findall(r'Source: "(\.\.[^"]+)"', text):
        assert (WINDOWS / name.replace("\\", "/")).exists()


def test_windows_gets_the_same_llama_cpp() -> None:
    """Its flags stand in two scripts. Only the fix for a fault of GCC is not for its compiler."""

    def flags(path: Path) -> set[str]:
        return set(re.findall(r"-D[A-Z_]+=[^\s\"]+", path.read_text("utf-8")))

    of_linux, of_windows = flags(INSTALLER / "setup.sh"), flags(WINDOWS / "build.ps1")
    assert len(of_windows) >= 6
    assert {flag for flag in of_linux - of_windows if "CMAKE_CXX_FLAGS" not in flag} == set()
    assert of_windows <= of_linux


def test_the_installer_looks_for_the_mark_that_the_program_shows() -> None:
    script = (WINDOWS / "deskside.iss").read_text("utf-8")
    assert f"\nAppMutex={MARK}\n" in script
    assert f"\nAppId={{{{{MARK.removeprefix('Deskside.')}}}\n" in script
    assert MARK in (WINDOWS / "trial" / "older.c").read_text("utf-8")


def test_what_the_installer_puts_in_place_is_what_its_uninstaller_takes_away() -> None:
    """Names at the top of the frozen folder: PyInstaller's, and those that bill.py adds."""
    script = (WINDOWS / "deskside.iss").read_text("utf-8")
    removed = set(
        re.findall(r'^Type: \w+; Name: "\{app\}\\([\w.]+)"', script.partition("[UninstallDelete]")[2], re.M)
    )
    assert {"deskside.exe", "_internal", "licences", "bom.cdx.json", "fresh", "former"} == removed


POSIX_ONLY = {"crypt", "fcntl", "grp", "pty", "pwd", "resource", "syslog", "termios", "tty"}


def test_what_windows_runners_collect_imports_nothing_that_windows_lacks() -> None:
    """One such import at the top of a file ends the whole run there. `try_windows.sh` collects for real."""
    collected = [*(ROOT / "tests" / "unit").glob("*.py"), ROOT / "tests" / "service" / "test_living_on.py"]
    wrong = {path.name: found for path in collected if (found := imported_at_once(path) & POSIX_ONLY)}
    assert wrong == {}


def imported_at_once(path: Path) -> set[str | None]:
    """By the file itself, not by its functions or under a condition."""
    imported: set[str | None] = set()
    for statement in ast.parse(path.read_text("utf-8")).body:
        if isinstance(statement, ast.Import):
            imported |= {each.name for each in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            imported.add(statement.module)
    return imported
