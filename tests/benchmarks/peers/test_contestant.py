import subprocess
import sys
import time

import pytest

from benchmarks.host import usage
from benchmarks.host.child import BenchmarkError
from benchmarks.peers import contestant, monition, postfix
from benchmarks.peers.contestant import Meter, RunningPeer
from benchmarks.peers.peer import Place
from benchmarks.report.column import COLUMNS
from benchmarks.sections import memory
from benchmarks.traffic.content import content

pytestmark = pytest.mark.unprivileged
has_postfix = pytest.mark.skipif(
    postfix.missing() is not None, reason="Postfix's smtp-source and smtp-sink are not installed"
)


@has_postfix
def test_a_gateway_beside_its_next_hop_passes_what_is_sent_and_is_checked(setting, tmp_path):
    letter = tmp_path / "letter"
    letter.write_text(content(2_000))
    peer = monition.matched("1.0", None)
    with contestant.running(peer, setting) as each:
        postfix.send(COLUMNS[1], letter, monition.LISTED, 20, each.place.listen)
        each.sent += 20
        usage.rest(each.pid)
        assert each.arrived >= 20


@has_postfix
def test_straight_is_a_next_hop_alone(setting, peers, tmp_path):
    letter = tmp_path / "letter"
    letter.write_text(content(2_000))
    with contestant.straight(peers[0], setting) as each:
        postfix.send(COLUMNS[0], letter, "bob@example.org", 20, each.place.listen)
        assert each.arrived >= 20


def test_a_gateway_that_did_not_do_its_work_is_found_out(setting):
    with (
        pytest.raises(BenchmarkError, match="monition, all matched: the ledger holds 0 "),
        contestant.running(monition.matched("1.0", None), setting, memory.slow_sink) as each,
    ):
        each.sent += 5


def test_a_meter_counts_what_was_used_since(tmp_path, peers):
    # A process of its own: other tests' children come and go below ours.
    with subprocess.Popen([sys.executable, "-c", "while True: pass"]) as busy:
        try:
            place = Place(tmp_path, 1, 1)
            meter = Meter(RunningPeer(peers[0], place, busy.pid, busy.pid), processors=2)
            time.sleep(0.2)
            used = meter.read()
        finally:
            busy.kill()
    assert used.cpu_seconds > 0
    assert used.wall_seconds > 0
    assert used.foreign_share >= 0
