import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from benchmarks.__main__ import MESSAGES, QUICK_MESSAGES, RESULTS, main, options_of
from benchmarks.host import child, usage
from benchmarks.peers import postfix
from benchmarks.sections.all_sections import SECTIONS

ROOT = Path(__file__).parents[2]
RELAY = [name for name, section in SECTIONS.items() if section.is_relay]


def test_without_a_section_all_of_the_relay_is_measured():
    assert options_of([]).sections == RELAY
    assert {"relay", "latency", "memory", "matched"} <= set(RELAY)


@pytest.mark.parametrize(
    "arguments",
    [
        ["memory", "latency"],
        ["--only", "latency", "--only", "memory"],
        ["latency", "--only", "memory", "latency"],
    ],
)
def test_sections_can_be_named_and_come_in_their_own_order(arguments):
    assert options_of(arguments).sections == ["latency", "memory"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["lists-of-nothing"], "there is no section 'lists-of-nothing'; there are relay, latency"),
        (["--repetitions", "0"], "0 is no number from 1 on"),
        (["--format", "latex"], "invalid choice"),
    ],
)
def test_wrong_usage_ends_with_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        options_of(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def test_a_quick_run_sends_less_unless_it_is_told_how_much():
    assert options_of([]).messages == MESSAGES
    assert options_of(["--quick"]).messages == QUICK_MESSAGES
    assert options_of(["--quick", "--messages", "50"]).messages == 50


def test_the_help_tells_every_section(capsys):
    with pytest.raises(SystemExit):
        options_of(["--help"])
    told = capsys.readouterr().out
    assert all(f"{section.name} " in told and section.help in told for section in SECTIONS.values())


def test_without_postfix_nothing_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(child, "find", lambda _program: None)
    # The signals of pytest's own process stay as they are.
    monkeypatch.setattr(signal, "signal", lambda _number, _handler: None)
    assert main(["--only", "relay"]) == 1
    assert "install Postfix" in capsys.readouterr().err


def below(pid):
    """The command lines of all processes below one, by their ids."""
    return {each: command_of(each) for each in usage.tree(pid) if each != pid}


def command_of(pid):
    """Empty where it has ended."""
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


@pytest.fixture
def results():
    """A folder of the test's own, where Postfix's users reach it too."""
    RESULTS.mkdir(exist_ok=True)
    path = Path(tempfile.mkdtemp(prefix="test-", dir=RESULTS))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path)


@pytest.mark.skipif(postfix.missing() is not None, reason="Postfix is not installed")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_run_that_is_broken_off_leaves_nothing_behind(number, results):
    arguments = ["relay", "--quick", "--messages", "1000000", "--results", str(results)]
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks", *arguments],
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
    ) as run:
        assert run.stderr is not None
        for line in run.stderr:
            if line.startswith("relay: repetition 1"):
                break
        started = {}
        while not any(b"smtp-source" in command for command in started.values()):
            started |= below(run.pid)
            assert run.poll() is None
        assert list(results.glob("run-*"))
        os.kill(run.pid, number)
        said = run.stderr.read()
    assert run.returncode == 128 + number
    assert "nothing is left running" in said
    assert len(started) > 4
    assert [pid for pid, command in started.items() if command and command_of(pid) == command] == []
    assert list(results.iterdir()) == []
