"""How many clients all workers have together, counted by real processes."""

import os
from collections import Counter

import pytest

from gateway.relay.limits.session_count import SessionCount, SharedCounter

WORKERS = 3


@pytest.fixture
def in_worker():
    """Runs something in a forked process, and waits for its end."""

    def run(work):
        if (pid := os.fork()) == 0:
            try:
                os._exit(int(work()))
            finally:
                os._exit(99)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])

    return run


def entered(count, number, clients, limit):
    """How many of these clients may come in with that worker."""
    count.become_worker(number)
    return sum(count.enter(limit) for _ in range(clients))


def test_r20_the_limit_is_for_all_workers_together(in_worker):
    count = SharedCounter(WORKERS)
    assert in_worker(lambda: entered(count, 1, 3, limit=7)) == 3
    assert in_worker(lambda: entered(count, 2, 3, limit=7)) == 3
    assert in_worker(lambda: entered(count, 3, 3, limit=7)) == 1
    assert count.total == 7


def test_r20_whoever_leaves_makes_room_for_one_with_another_worker(in_worker):
    count = SharedCounter(WORKERS)
    assert entered(count, 1, 3, limit=2) == 2
    assert in_worker(lambda: entered(count, 2, 1, limit=2)) == 0
    count.leave()
    assert in_worker(lambda: entered(count, 2, 1, limit=2)) == 1
    assert not count.enter(2)


def test_r20_whoever_is_turned_away_takes_no_place():
    count = SharedCounter(1)
    assert count.enter(1)
    assert not any(count.enter(1) for _ in range(100))
    count.leave()
    assert count.total == 0
    assert count.enter(1)


def test_r20_r21_the_dead_take_no_place(in_worker):
    session_count = SessionCount(WORKERS)

    def die_with_some():
        session_count.become_worker(2)
        for _ in range(2):
            session_count.sessions.enter(9)
        return session_count.waiting.enter(9)

    assert in_worker(die_with_some) == 1
    assert (session_count.sessions.total, session_count.waiting.total) == (2, 1)
    session_count.clear(2)
    assert (session_count.sessions.total, session_count.waiting.total) == (0, 0)


def test_r20_who_comes_after_a_dead_worker_begins_at_nobody(in_worker):
    session_count = SessionCount(WORKERS)

    def serve(clients):
        session_count.become_worker(2)
        return sum(session_count.sessions.enter(9) for _ in range(clients))

    assert in_worker(lambda: serve(5)) == 5
    assert in_worker(lambda: serve(1)) == 1
    assert session_count.sessions.total == 1


def test_r20_workers_that_count_at_once_never_let_in_too_many():
    """Each takes what it gets, again and again; together they never have more than the limit."""
    count, rounds, limit = SharedCounter(WORKERS), 3000, 4
    pids = []
    for number in range(1, WORKERS + 1):
        if (pid := os.fork()) == 0:
            try:
                count.become_worker(number)
                is_kept, mine = True, 0
                for turn in range(rounds):
                    if count.enter(limit):
                        mine += 1
                    elif mine and turn % 2:
                        count.leave()
                        mine -= 1
                    # Others may be counted for a moment before they are turned away.
                    is_kept = is_kept and count.total <= limit + WORKERS - 1
                for _ in range(mine):
                    count.leave()
                os._exit(0 if is_kept else 1)
            finally:
                os._exit(99)
        pids.append(pid)
    ends = Counter(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) for pid in pids)
    assert ends == {0: WORKERS}
    assert count.total == 0
