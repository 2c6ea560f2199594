"""kill -9 of one worker of two, at random moments of a load."""

import contextlib
import os
import signal

import pytest

KILLS = 4  # of one gateway: each in a row doubles the wait for a new worker


def sessions_with(gateway, stack, worker, until):
    """Open sessions until one is with that worker; it is the last."""
    opened = []

    def is_there():
        client = stack.enter_context(gateway.client())
        assert client.open() == 250
        opened.append(client)
        # A row of /proc/net/tcp can be missed while the table changes.
        return until(lambda: gateway.worker_of(client), "a session's worker") == worker

    until(is_there, f"a session with worker {worker}")
    return opened


@pytest.fixture
def kill_one(until, chance):
    """Kills either worker while a session of the other is in the middle of a message."""

    def kill(gateway, recipient):
        victim, sibling = chance.sample(sorted(gateway.workers()), 2)
        with contextlib.ExitStack() as stack:
            spared = sessions_with(gateway, stack, sibling, until)[-1]
            assert spared.envelope(recipient) == 354
            os.kill(victim, signal.SIGKILL)
            assert spared.ask("Subject: a test\r\n\r\nx\r\n.") == 250
        until(lambda: len(gateway.workers() - {victim}) == 2, "a new worker")
        until(gateway.is_well, "it to serve")

    return kill


def test_r19_r21_workers_killed_one_after_the_other_under_load(  # noqa: PLR0917
    serve, load_on, more, settle_accounts, kill_one, chance, some
):
    loads, spared = [], set()
    for life in range(some(1)):
        gateway = serve(workers=2)
        load = load_on(gateway.address, 12, f"life{life}")
        loads.append(load)
        for kill in range(KILLS):
            more(load, chance.randrange(10, 90))
            spared.add(f"spared{life}-{kill}@example.org")
            kill_one(gateway, f"spared{life}-{kill}@example.org")
        more(load, 60)
        load.stop()
        assert gateway.number("monition_worker_restarts_total") == KILLS
        assert [each["code"] for each in gateway.logged("a worker ended")] == [-9] * KILLS
        gateway.send(signal.SIGTERM)
        assert gateway.ended() == 0
    tries = settle_accounts(gateway, *loads, is_cut=True, others=spared)
    # The socket outlives the worker: nobody found the door shut, and nobody was told 4xx.
    assert {each["code"] for each in tries} <= {250, None}
    assert {each["why"] for each in tries} <= {"", "reset", "end"}
