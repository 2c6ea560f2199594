import sys
from pathlib import Path

import pytest

from benchmarks.host import child
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import slow_sink


def test_every_port_is_given_once(ports):
    given = [*ports.pair(), *ports.pair(), ports.take()]
    assert len(set(given)) == len(given) == ports.given


def test_a_program_that_ends_at_once_is_told_with_its_last_words(ports, tmp_path):
    command = [sys.executable, "-c", "print('no such option')"]
    with (
        pytest.raises(BenchmarkError, match=r"(?s)did not get ready.*no such option"),
        child.running(command, ports.take(), tmp_path / "log"),
    ):
        pass


def test_what_was_started_is_ended_when_the_block_breaks_off(ports, tmp_path):
    port = ports.take()
    command = [sys.executable, slow_sink.__file__, str(port), "1e9"]
    with pytest.raises(KeyboardInterrupt), child.running(command, port, tmp_path / "log") as pid:
        raise KeyboardInterrupt
    assert not Path(f"/proc/{pid}").exists()
