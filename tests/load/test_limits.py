"""``relay.max_sessions``: for all workers together, whoever of them accepts."""

import contextlib
import os
import signal
from pathlib import Path

import pytest

LIMIT = 6


def is_halted(pid):
    """Whether it has stopped, and not only been told to (proc(5): the third field of ``stat``)."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


@pytest.fixture
def open_at(until):
    """Opens sessions with one worker, or with the only one: whoever else there is stands still."""

    def open_them(gateway, stack, worker, count):
        with contextlib.ExitStack() as halts:
            for sibling in gateway.workers() - {worker}:
                os.kill(sibling, signal.SIGSTOP)
                halts.callback(os.kill, sibling, signal.SIGCONT)
                until(lambda sibling=sibling: is_halted(sibling))
            clients = [stack.enter_context(gateway.client()) for _ in range(count)]
            assert [client.open() for client in clients] == [250] * count
        return clients

    return open_them


@pytest.mark.parametrize("workers", [1, 2])
def test_r20_above_max_sessions_the_surplus_is_told_421_and_all_others_are_served(  # noqa: PLR0917
    serve, load_on, more, settle_accounts, open_at, until, workers
):
    gateway = serve(workers=workers, relay=f"max_sessions = {LIMIT}")
    with contextlib.ExitStack() as stack:
        # As many with each worker: none of them has too many by itself.
        inside = [
            client
            for worker in gateway.workers() or [None]
            for client in open_at(gateway, stack, worker, LIMIT // workers)
        ]
        load = load_on(gateway.address, 4)
        until(lambda: len(load.entries()) >= 40, "some to be turned away")
        assert {(each["stage"], each["code"]) for each in load.entries()} == {("greeting", 421)}
        for number, client in enumerate(inside):
            assert client.deliver(f"inside{number}", f"inside{number}@example.org") == 250
        for client in inside[::2]:
            client.__exit__()
        more(load, 40)
        for client in inside[1::2]:
            assert client.deliver("again", "inside@example.org") == 250
        load.stop()
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0
    others = {"inside@example.org", *(f"inside{number}@example.org" for number in range(LIMIT))}
    tries = settle_accounts(gateway, load, others=others)
    assert {each["code"] for each in tries} == {250, 421}


def test_r20_r21_the_places_of_a_killed_worker_are_free_again(serve, open_at, until):
    gateway = serve(workers=2, relay=f"max_sessions = {LIMIT}")
    with contextlib.ExitStack() as stack:
        victim, sibling = sorted(gateway.workers())
        # Each death in a row doubles the wait for the next worker: in the end it is a second.
        for _ in range(4):
            os.kill(victim, signal.SIGKILL)
            (victim,) = until(
                lambda victim=victim: gateway.workers() - {victim, sibling}, "a new worker"
            )
        until(gateway.is_well, "it to serve")
        open_at(gateway, stack, victim, 4)
        spared = open_at(gateway, stack, sibling, LIMIT - 4)
        with gateway.client() as surplus:
            assert surplus.open() == 421
        os.kill(victim, signal.SIGKILL)
        until(lambda: len(gateway.logged("a worker ended")) == 5, "the supervisor to notice")
        # Nobody has taken its place yet, and the sibling has room for as many as it had.
        spared += open_at(gateway, stack, sibling, 4)
        for _ in range(3):
            with gateway.client() as surplus:
                assert surplus.open() == 421
        assert [client.deliver(f"spared{n}") for n, client in enumerate(spared)] == [250] * LIMIT


@pytest.mark.parametrize("workers", [1, 2])
def test_r20_many_surplus_clients_that_stay_are_each_told_421(serve, workers):
    """With just the descriptors that ``max_sessions`` needs: each of them holds one for a while."""
    gateway = serve(workers=workers, relay=f"max_sessions = {LIMIT}", most_descriptors=112)
    with contextlib.ExitStack() as stack:
        inside = [stack.enter_context(gateway.client()) for _ in range(LIMIT)]
        assert [client.open() for client in inside] == [250] * LIMIT
        surplus = [stack.enter_context(gateway.client()) for _ in range(300)]
        assert [client.code() for client in surplus] == [421] * 300
        assert [client.deliver(f"in{number}") for number, client in enumerate(inside)] == [
            250
        ] * LIMIT
    told = gateway.logged("clients turned away: relay.max_sessions is reached")
    assert 1 <= len(told) <= workers
