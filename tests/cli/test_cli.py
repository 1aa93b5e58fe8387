"""The commands from the shell's side: what comes out where, and the exit code."""

import subprocess
import sys
from pathlib import Path

import pytest

from maskcls import cli
from tests.cli.fakes import run


@pytest.mark.parametrize(
    "command",
    [
        (),
        ("classify",),
        ("evaluate",),
        ("benchmark",),
        ("models",),
        ("models", "list"),
        ("models", "show"),
        ("models", "promote"),
    ],
)
def test_every_command_explains_itself(command: tuple):
    result = run(*command, "--help")
    assert result.exit_code == 0
    assert "Usage:" in result.stdout
    assert "\\b" not in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        ("classify",),
        ("evaluate",),
        ("fly",),
        ("classify", "a.jpg", "--min-score", "2"),
        ("evaluate", "a", "--cut", "wide"),
    ],
)
def test_commands_that_make_no_sense_exit_with_2(arguments: tuple):
    assert run(*arguments).exit_code == 2


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    root = Path(cli.__file__).parent.parent.parent
    return subprocess.run([sys.executable, *arguments], cwd=root, capture_output=True, text=True, check=False)  # noqa: S603


def test_the_package_runs():
    shown = python("-m", "maskcls", "--help")
    assert shown.returncode == 0
    assert "Usage: python -m maskcls" in shown.stdout


def test_the_commands_load_no_training_and_no_page():
    code = "import sys, maskcls.cli, maskcls.evaluation, maskcls.benchmark; print(*sys.modules)"
    assert {"tensorflow", "keras", "streamlit"}.isdisjoint(python("-c", code).stdout.split())
