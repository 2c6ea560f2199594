"""What a real server delivers to a listed domain is never clear with us, and nobody else is listed.

`make test` speaks 3,000 lines of one seed to each server, `make fuzz` 100,000 of a new one.
"""

from __future__ import annotations

import random

import pytest

from tests.fuzz.servers.every import SERVERS
from tests.fuzz.servers.server import MissingError
from tests.fuzz.servers.trial import try_server

pytestmark = pytest.mark.e2e

SHORT, LONG = 3_000, 100_000
LEAST = 0.02  # of the lines reach a listed domain: nothing delivered must not look like success


@pytest.fixture(scope="module", params=SERVERS)
def trial(request):
    is_long = request.config.getoption("--hypothesis-profile") == "long"
    count, seed = (LONG, random.SystemRandom().randrange(10**6)) if is_long else (SHORT, 1)
    try:
        return try_server(SERVERS[request.param], count, seed)
    except MissingError as missing:
        pytest.skip(str(missing))


def _told(trial, cases) -> str:
    command = f"python -m tests.fuzz.servers --server {trial.server.split()[0]}"
    again = f"again with: {command} --lines {len(trial.cases)} --seed {trial.seed}"
    return "\n".join([str(trial), *map(str, cases[:20]), again])


def test_s15_what_a_server_delivers_to_a_listed_domain_is_never_clear(trial, record_property):
    record_property("told", str(trial))
    assert trial.to_listed >= LEAST * len(trial.cases), str(trial)
    assert not trial.unseen, _told(trial, trial.unseen)


def test_s16_nobody_is_listed_to_whom_neither_the_rfc_nor_a_server_would_deliver(trial):
    assert not trial.accused, _told(trial, trial.accused)
