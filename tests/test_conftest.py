"""The tests' own rules: what CI=true asks for, and the two ways of a search."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

SKIPPED_TEST = """
import pytest
@pytest.mark.e2e
def test_with_a_mail_server():
    pytest.skip("postfix is not installed")
def test_of_another_kind():
    pytest.skip("not today")
"""
SKIPPED_FILE = """
import pytest
pytest.skip("exim is not installed", allow_module_level=True)
"""
EXPECTED_FAILURE = """
import pytest
@pytest.mark.e2e
@pytest.mark.xfail
def test_known_to_fail():
    assert False
"""
PROFILE = """
from hypothesis import settings
def test_length():
    print("examples:", settings().max_examples, "random:", not settings().derandomize)
"""


@pytest.fixture
def run(tmp_path):
    """Run pytest on one file of its own under the project's conftest."""

    def run(text: str, *arguments: str, ci: str) -> tuple[int, str]:
        shutil.copy(TESTS / "conftest.py", tmp_path / "conftest.py")
        (tmp_path / "pytest.ini").write_text("[pytest]\nmarkers = e2e\n")
        folder = tmp_path / "e2e"
        folder.mkdir(exist_ok=True)
        (folder / "test_it.py").write_text(text)
        environment = {**os.environ, "CI": ci}
        command = [sys.executable, "-m", "pytest", "-q", "-rs", "-p", "no:cacheprovider"]
        ended = subprocess.run(
            [*command, "--import-mode=importlib", *arguments, str(tmp_path)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        return ended.returncode, ended.stdout

    return run


def test_in_ci_a_skipped_end_to_end_test_fails_and_says_why(run):
    status, said = run(SKIPPED_TEST, ci="true")
    assert status == 1
    assert "1 failed, 1 skipped" in said
    assert "This one was: Skipped: postfix is not installed" in said


def test_in_ci_a_skipped_end_to_end_file_fails_and_says_why(run):
    status, said = run(SKIPPED_FILE, ci="true")
    assert status != 0
    assert "exim is not installed" in said


def test_in_ci_an_expected_failure_stays_one(run):
    assert run(EXPECTED_FAILURE, ci="true")[0] == 0


@pytest.mark.parametrize("text", [SKIPPED_TEST, SKIPPED_FILE])
def test_elsewhere_a_skipped_test_is_told_and_no_more(run, text):
    status, said = run(text, ci="")
    assert status in (0, 5)  # 5: nothing was left to run
    assert "not installed" in said


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize(
    ("arguments", "examples"), [((), "100 random: False"), (("long",), "5000 random: True")]
)
def test_a_search_is_short_and_always_the_same_or_long_and_random(run, arguments, examples, ci):
    options = [f"--hypothesis-profile={name}" for name in arguments]
    status, said = run(PROFILE, "-s", *options, ci=ci)
    assert status == 0
    assert f"examples: {examples}" in said


def test_who_becomes_another_user_does_so_by_the_fixture_and_is_marked():
    files = (path for path in TESTS.rglob("*.py") if "unprivileged" not in path.read_text())
    assert [path.name for path in files if "os.seteuid(" in path.read_text()] == []


def test_whoever_shares_a_worker_is_there(request):
    conftest = request.config.pluginmanager.get_plugin(str(TESTS / "conftest.py"))
    folders = [folder for each in conftest.TOGETHER.values() for folder in each]
    assert [folder for folder in folders if not (TESTS.parent / folder).is_dir()] == []
    named = {conftest.group_of(f"{folder}test_a.py::test") for folder in folders}
    assert named == set(conftest.TOGETHER)
    assert conftest.group_of("tests/wire/test_a.py::test") is None
