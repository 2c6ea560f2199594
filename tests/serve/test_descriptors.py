"""The system's limit of descriptors, in processes of their own: it is not ours to change."""

import contextlib
import json
import subprocess
import sys

import pytest

ASK = """
import json, resource, sys
from gateway import log
from gateway.config import Endpoint, Relay
from gateway.serve import descriptors
allowed, most, wanted, has_tls = json.loads(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, most))
log.set_up()
relay = Relay(max_sessions=wanted, listen_tls=(Endpoint("127.0.0.1", 465),) * has_tls)
sessions = descriptors.sessions(relay)
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
