"""Set-up: what is done again and what is not, and how system packages are asked for."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tools.setup import setup, system_packages


class Recorder:
    """Stands in for running programs: remembers commands, answers as told."""

    def __init__(self, answer: bool) -> None:
        self.answer = answer
        self.commands: list[str] = []
        self.said: list[str] = []

    def run(self, *command: str | Path, env: dict[str, str] | None = None) -> bool:
        del env
        self.commands.append(" ".join(map(str, command)))
        return self.answer

    def say(self, text: str) -> None:
        self.said.append(text)


@pytest.fixture
def step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> setup.Step:
    monkeypatch.setattr(setup, "ROOT", tmp_path)
    monkeypatch.setattr(setup, "STAMPS", tmp_path)
    (tmp_path / "input").write_text("1")

    def make() -> None:
        (tmp_path / "output").write_text("made of " + (tmp_path / "input").read_text())

    return setup.Step("step", "making", [tmp_path / "input", tmp_path / "missing"], ["outp*"], make)


def test_a_step_is_done_once(step: setup.Step) -> None:
    assert [step.bring_up() for _ in range(3)] == [True, False, False]


def test_a_changed_input_or_a_lost_output_does_it_again(step: setup.Step, tmp_path: Path) -> None:
    step.bring_up()
    (tmp_path / "input").write_text("22")
    assert step.bring_up()
    assert (tmp_path / "output").read_text() == "made of 22"
    (tmp_path / "output").unlink()
    assert step.bring_up()
    (tmp_path / "output").write_text("cut")
    assert step.bring_up()
    assert not step.bring_up()


def test_a_step_that_failed_is_tried_again(step: setup.Step) -> None:
    def fail() -> None:
        raise setup.SetupError("no")

    failing = setup.Step(step.name, step.what, step.inputs, step.outputs, fail)
    step.bring_up()
    (step.inputs[0]).write_text("3")
    with pytest.raises(setup.SetupError):
        failing.bring_up()
    assert step.bring_up()


def missing(monkeypatch: pytest.MonkeyPatch, *rounds: list[str]) -> None:
    left = list(rounds)
    monkeypatch.setattr(system_packages, "missing_packages", lambda: left.pop(0) if len(left) > 1 else left[0])


def test_nothing_is_asked_when_nothing_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    missing(monkeypatch, [])
    recorder = Recorder(answer=True)
    system_packages.bring_up(tmp_path / "stamp", recorder.say, recorder.run, retry=True)
    assert recorder.commands == recorder.said == []


@pytest.mark.parametrize(("user", "prefix"), [(0, "env "), (1000, "sudo env ")])
def test_missing_packages_are_listed_before_they_are_installed(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, user: int, prefix: str
) -> None:
    missing(monkeypatch, ["gcc", "pcscd"], [])
    monkeypatch.setattr(os, "geteuid", lambda: user)
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    recorder = Recorder(answer=True)
    system_packages.bring_up(tmp_path / "stamp", recorder.say, recorder.run, retry=False)
    assert recorder.said[0] == "system packages to install: gcc pcscd"
    assert all(command.startswith(prefix) for command in recorder.commands)
    assert recorder.commands[0].endswith("update")
    assert recorder.commands[1].endswith("--no-install-recommends gcc pcscd")
    assert not (tmp_path / "stamp").exists()


def test_a_failure_says_what_falls_back_and_is_not_repeated_unasked(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing(monkeypatch, ["mosquitto"])
    monkeypatch.setattr(shutil, "which", lambda _name: None)
    first, second, third = Recorder(answer=True), Recorder(answer=True), Recorder(answer=True)
    system_packages.bring_up(tmp_path / "stamp", first.say, first.run, retry=False)
    assert any("stand-in" in line for line in first.said)
    system_packages.bring_up(tmp_path / "stamp", second.say, second.run, retry=False)
    assert second.said == ["system packages still missing: mosquitto (`make setup` tries again)"]
    system_packages.bring_up(tmp_path / "stamp", third.say, third.run, retry=True)
    assert third.said[0] == "system packages to install: mosquitto"
    assert first.commands == second.commands == third.commands == []


def test_the_shell_part_refuses_an_old_python(tmp_path: Path) -> None:
    for name in ("python3", "python3.13", "python3.12", "python3.11"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    script = setup.ROOT / "tools" / "setup" / "setup.sh"
    env = {"PATH": f"{tmp_path}:/usr/bin:/bin"}
    done = subprocess.run([str(script)], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed" in done.stderr
