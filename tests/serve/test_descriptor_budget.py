"""The system's limit of descriptors, in processes of their own: it is not ours to change."""

import contextlib
import json
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from gateway.relay import rejections
from gateway.relay.limits import descriptor_limit
from gateway.serve import descriptor_budget

ASK = """
import json, resource, sys
from gateway import log
from gateway.config import Endpoint, Relay
from gateway.serve import descriptor_budget
allowed, most, wanted, has_tls = json.loads(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
log.set_up()
relay = Relay(max_sessions=wanted, listen_tls=(Endpoint("127.0.0.1", 465),) * has_tls)
sessions = descriptor_budget.allowed_sessions(relay)
print(json.dumps([sessions, *resource.getrlimit(resource.RLIMIT_NOFILE)]))
"""


@pytest.mark.parametrize(
    ("allowed", "most", "wanted", "has_tls", "sessions", "afterwards"),
    [
        (200, 900, 50, False, 50, 200),
        (200, 900, 400, False, 400, 900),
        (200, 900, 300, False, 300, 700),
        (200, 900, 250, True, 250, 850),
        (200, 900, 401, False, 400, 900),
        (200, 900, 400, True, 266, 900),
        (60, 60, 400, False, 1, 60),
    ],
)
def test_r20_the_limit_is_raised_or_fewer_are_let_in(  # noqa: PLR0917
    allowed, most, wanted, has_tls, sessions, afterwards
):
    given = json.dumps([allowed, most, wanted, has_tls])
    asked = subprocess.run(
        [sys.executable, "-c", ASK, given], capture_output=True, text=True, check=True
    )
    assert json.loads(asked.stdout) == [sessions, afterwards, most]
    told = [json.loads(line) for line in asked.stderr.splitlines()]
    assert [each["sessions"] for each in told] == ([sessions] if sessions < wanted else [])


def test_r20_what_is_spared_is_enough_for_those_who_are_turned_away():
    """Next to some twenty that an idle gateway has open."""
    assert (
        descriptor_limit.RESERVED_DESCRIPTORS + rejections.MOST_LINGERING + 30
        <= descriptor_budget.SPARE
    )


@pytest.mark.parametrize("workers", [1, 2])
def test_r20_where_there_are_too_few_the_surplus_is_told_421_all_the_same(serve, until, workers):
    gateway = serve(workers=workers, most_descriptors=112)
    with contextlib.ExitStack() as stack:
        inside = [stack.enter_context(gateway.client()) for _ in range(6)]
        assert [client.open() for client in inside] == [250] * 6
        with gateway.client() as surplus:
            assert surplus.open() == 421
        assert [client.deliver("inside") for client in inside] == [250] * 6
    (told,) = gateway.logged(
        "too few descriptors for relay.max_sessions: raise LimitNOFILE= or ulimit -n"
    )
    assert (told["descriptors"], told["sessions"]) == (112, 6)

    def is_open():
        with gateway.client() as client:
            return client.open() == 250

    until(is_open, "room again")


def test_r20_whoever_comes_when_none_is_left_is_told_421_and_the_operator_hears_of_it(serve, until):
    """All at once, and they stay: an event loop of its own would close them without a word."""
    gateway = serve(workers=1)
    pid = gateway.process.pid
    with contextlib.ExitStack() as stack:
        inside = [stack.enter_context(gateway.client()) for _ in range(4)]
        assert [client.open() for client in inside] == [250] * 4
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        used = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (used + 10, before[1]))

        def is_noticed():
            with gateway.client() as client:
                return client.open() == 421

        until(is_noticed, "it to see the new limit")
        surplus = [stack.enter_context(gateway.client()) for _ in range(150)]
        assert [client.code() for client in surplus] == [421] * 150
        assert [client.deliver("inside") for client in inside] == [250] * 4
        counted = 'monition_clients_turned_away_total{reason="descriptors"}'
        until(lambda: (gateway.number(counted) or 0) >= 151, "them to be counted")
        told = "clients turned away: too few descriptors are left, raise LimitNOFILE="
        assert len(gateway.logged(told)) == 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        until(lambda: not is_noticed(), "room again")
