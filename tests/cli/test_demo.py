"""The demo, as a new user runs it."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def demo():
    return subprocess.run(
        [sys.executable, "-m", "gateway", "demo"],
        capture_output=True, text=True, timeout=100, check=False,
    )  # fmt: skip


def test_it_ends_by_itself_with_status_0_and_says_what_to_type_next(demo):
    assert demo.returncode == 0, demo.stderr
    assert demo.stderr == ""
    assert "What to type next" in demo.stdout


def test_every_message_is_delivered(demo):
    assert demo.stdout.count("->  250 2.0.0 Ok: stored") == 5


def test_the_notice_is_shown_as_its_reader_gets_it(demo):
    for line in (
        "Auto-Submitted: auto-replied",
        "- Moscow Institute of Physics and Technology",
        "- Bauman Moscow State Technical University",
        "- Beihang University",
        "A personal account does not change the rules for work.",
    ):
        assert line in demo.stdout


def test_the_ledger_is_shown_and_verified(demo):
    assert demo.stdout.count("delivered  sent") == 4
    assert "suppressed:auto-submitted" in demo.stdout
    assert "is intact" in demo.stdout


def test_it_shows_what_was_not_recorded(demo):
    assert demo.stdout.count("not there") == 8
    assert "FOUND" not in demo.stdout


def test_nothing_is_left_behind(demo):
    folder = next(word for word in demo.stdout.split() if "monition-demo-" in word)
    assert not Path(folder).parent.exists()
