"""The data about what is taken out: it fits the tree as it is today, and names every R."""

import shutil
import subprocess
import sys
from dataclasses import replace

import pytest

from tests.taken_out import entries
from tests.taken_out.entries import EntryError

GOOD = """\
[[taken_out]]
number = "R07"
what = "the rest is swallowed"
file = "gateway/smtp/some.py"
find = "return True"
replace = "return False"
"""
CODE = "def is_swallowed():\n    return True\n"
TEST = "async def test_r07_the_rest_is_swallowed():\n    pass\n"


@pytest.fixture(scope="module")
def every():
    return entries.load()


def test_every_text_that_is_taken_out_stands_once_in_its_file(every):
    assert len(every) > 150
    assert entries.faults(every) == []


def test_every_behaviour_of_the_relay_is_taken_out(every):
    assert {f"R{n:02}" for n in range(1, 23)} <= {entry.number for entry in every}


def test_no_entry_stands_twice(every):
    changes = [(entry.number, entry.file, entry.find, entry.replace) for entry in every]
    assert len(set(changes)) == len(changes)


def test_nothing_is_noticed_only_because_a_name_is_missing(every, tmp_path):
    """What is put in a behaviour's place must run: a ``NameError`` fails any test."""
    for number, entry in enumerate(every):
        if entry.file.endswith(".py") and not entries.faults([entry]):
            text = (entries.ROOT / entry.file).read_text(encoding="utf-8")
            (tmp_path / f"entry{number}.py").write_text(entry.taken_out_of(text), encoding="utf-8")
    command = [sys.executable, "-m", "ruff", "check", "--isolated", "--select", "F821", tmp_path]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout


@pytest.fixture
def project(tmp_path):
    """A tree with one file, one test and one entry; writes the entry's text and loads it."""
    for path, text in (("gateway/smtp/some.py", CODE), ("tests/smtp/test_some.py", TEST)):
        (tmp_path / path).parent.mkdir(parents=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    shutil.copytree(tmp_path, top := tmp_path / "top")

    def load(text, room="smtp"):
        folder = top / "taken_out"
        folder.mkdir()
        (folder / f"{room}.toml").write_text(text, encoding="utf-8")
        found = entries.load(folder)
        if told := entries.faults(found, top):
            raise EntryError("\n".join(told))
        return found

    load.top = top
    return load


def test_an_entry_is_read(project):
    (entry,) = project(GOOD)
    assert (entry.number, entry.room, entry.keyword) == ("R07", "smtp", "_r07_")
    assert entry.taken_out_of(CODE) == "def is_swallowed():\n    return False\n"
    assert entries.files_to_test(entry, project.top) == ["tests/smtp/test_some.py"]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('"R07"', '"R7"', "number must be written as in R07"),
        ('"R07"', '"R08"', "no test bears the number R08"),
        ("find =", "finds =", "finds is no key of an entry"),
        ('what = "the rest is swallowed"\n', "", "what is missing"),
        ('"return True"', '"s"', "stands 2 times in gateway/smtp/some.py"),
        ('"return True"', '"gone"', "stands 0 times in gateway/smtp/some.py"),
        ('"return False"', '"return True"', "nothing is taken out"),
        ('"return False"', '"return ("', "cannot be read"),
        ("some.py", "other.py", "No such file"),
        ("gateway/smtp", "gateway/relay", "is no file of the room smtp"),
        ('replace = "', 'tests = "tests"\nreplace = "', "tests must be a list of paths"),
        ('replace = "', 'tests = ["tests/net"]\nreplace = "', "no test in tests/net bears"),
        ("[[taken_out]]", "[[taken]]", "taken_out"),
        ("[[taken_out]]", "[[taken_out", "smtp.toml: "),
    ],
)
def test_an_entry_that_does_not_fit_is_told(project, old, new, told):
    assert old in GOOD
    with pytest.raises(EntryError, match=r"smtp\.toml") as caught:
        project(GOOD.replace(old, new))
    assert told in str(caught.value)


def test_its_own_room_is_tried_first_and_end_to_end_tests_only_by_name(project):
    for folder in ("tests/audit", "tests/e2e"):
        (project.top / folder).mkdir()
        (project.top / folder / "test_it.py").write_text(TEST, encoding="utf-8")
    (entry,) = project(GOOD)
    found = entries.files_to_test(entry, project.top)
    assert found == ["tests/smtp/test_some.py", "tests/audit/test_it.py"]
    assert entries.files_to_test(replace(entry, tests=("tests/e2e",)), project.top) == ["tests/e2e"]
