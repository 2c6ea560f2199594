"""The tool itself: it tells a test that notices from one that does not, in a tree of its own."""

import threading

import pytest

from tests.taken_out import __main__ as tool
from tests.taken_out import entries
from tests.taken_out.entries import Entry
from tests.taken_out.tree import Stopped, Tree, TreeError
from tests.taken_out.trial import Bench, Verdict, verdict_of

CODE = """\
import time


def is_swallowed():
    time.sleep(0)
    return True
"""
TESTS = """\
import subprocess
import sys

import pytest

from gateway.smtp import some


def test_r01_is_noticed():
    assert some.is_swallowed()


def test_r02_is_not_noticed():
    pass


@pytest.fixture
def swallowed():
    assert some.is_swallowed()


def test_r06_breaks_before_it_begins(swallowed):
    pass


def test_r06_is_noticed_behind_one_that_breaks():
    assert some.is_swallowed()


@pytest.mark.skip(reason="what it needs is absent")
def test_r03_is_skipped():
    pass


def test_r04_fails_anyway():
    assert False


def test_r05_a_program_that_is_started_has_the_change_too():
    ask = "from gateway.smtp import some; print(some.is_swallowed())"
    said = subprocess.run([sys.executable, "-c", ask], cwd="/", capture_output=True, text=True)
    assert said.stdout == "True\\n", said.stderr

"""


@pytest.fixture(scope="module")
def bench(tmp_path_factory):
    """A small project, copied, and a bench in the copy."""
    project = tmp_path_factory.mktemp("project")
    for path, text in {
        "gateway/__init__.py": "",
        "gateway/smtp/__init__.py": "",
        "gateway/smtp/some.py": CODE,
        "tests/smtp/test_some.py": TESTS,
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--import-mode=importlib'\n",
    }.items():
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(text, encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        # The small project needs one plugin's option, and each of its many runs would load all.
        patch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        patch.setenv("PYTEST_PLUGINS", "_hypothesis_pytestplugin")
        tree = Tree(project, tmp_path_factory.mktemp("copy"), threading.Event())
    return Bench(tree, seconds=20, to_the_end=False)


def entry(number, find="return True", replace="return None"):
    # Of the same size, in the same second: old byte code would be run for it.
    return Entry(number, "it", "gateway/smtp/some.py", find, replace, (), "smtp", "here")


def test_a_test_that_notices(bench):
    result = bench.attempt(entry("R01"))
    assert result.verdict is Verdict.CAUGHT
    assert result.failed == ("tests/smtp/test_some.py::test_r01_is_noticed",)
    assert not result.is_bad


def test_a_test_that_does_not_notice(bench):
    result = bench.attempt(entry("R02"))
    assert result.verdict is Verdict.SURVIVED
    assert result.is_bad


def test_what_breaks_before_it_begins_does_not_hide_what_notices(bench):
    result = bench.attempt(entry("R06"))
    assert result.verdict is Verdict.CAUGHT
    assert result.failed == ("tests/smtp/test_some.py::test_r06_is_noticed_behind_one_that_breaks",)


def test_what_cannot_be_imported_proves_nothing(bench):
    result = bench.attempt(entry("R01", "import time", "import no_such_module"))
    assert result.verdict is Verdict.BROKEN
    assert "no_such_module" in result.output


def test_a_test_that_is_skipped_says_nothing(bench):
    result = bench.attempt(entry("R03"))
    assert result.verdict is Verdict.SKIPPED
    assert not result.is_bad


def test_a_test_that_fails_anyway_proves_nothing(bench):
    assert bench.attempt(entry("R04")).verdict is Verdict.UNSOUND


def test_what_a_test_starts_runs_the_copy_too(bench):
    result = bench.attempt(entry("R05"))
    assert result.verdict is Verdict.CAUGHT
    assert len(result.failed) == 1


def test_a_run_without_an_end_is_ended(bench):
    endless = entry("R01", "time.sleep(0)", "time.sleep(600)")
    with bench._tree.without(endless):
        ran = bench._tree.test(["tests/smtp"], keyword=endless.keyword, seconds=1)
    assert ran.status is None
    assert verdict_of(ran) is Verdict.HUNG


def test_a_number_without_a_test_and_a_text_that_is_gone(bench):
    assert bench.attempt(entry("R07")).verdict is Verdict.UNTESTED
    assert bench.attempt(entry("R01", "gone")).verdict is Verdict.STALE


def test_it_stops_when_it_is_told_to(bench):
    bench._tree._stopping.set()
    try:
        with pytest.raises(Stopped):
            bench.attempt(entry("R01"))
    finally:
        bench._tree._stopping.clear()


def test_a_copy_that_is_not_what_would_run_is_refused(tmp_path, monkeypatch):
    (tmp_path / "project" / "gateway").mkdir(parents=True)
    with pytest.raises(TreeError, match="not the copy"):
        Tree(tmp_path / "project", tmp_path, threading.Event())


def test_numbers_and_rooms_are_chosen():
    found = entries.load()
    assert {each.number for each in tool.chosen(found, ["R07"])} == {"R07"}
    assert {each.room for each in tool.chosen(found, ["relay"])} == {"relay"}
    assert tool.chosen(found, [])[0].number == "R01"
    with pytest.raises(entries.EntryError, match="neither a number nor a room"):
        tool.chosen(found, ["R99"])
