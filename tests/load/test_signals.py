"""SIGTERM and SIGHUP in the middle of a load."""

import signal

import pytest

ENTITY = """
[[entity]]
id = "own-1"
name = "Institute of Tests"
country = "RU"
[[entity.listing]]
list = "US-OFAC-SDN"
programme = "X"
uid = "1"
source = "a test"
[[entity.domain]]
name = "tests{number}.example"
source = "a test"
reviewer = "us"
reviewed_on = 2026-11-22
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_r18_sigterm_under_load_loses_nothing_and_leaves_nobody_in_doubt(  # noqa: PLR0917
    serve, load_on, more, settle_accounts, until, workers
):
    gateway = serve(workers=workers, drain=20)
    load = load_on(gateway.address, 12)
    more(load, 150)
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0
    until(lambda: load.entries()[-1]["why"] == "refused", "a client to find nobody")
    load.stop()
    # They all ended by themselves, long before they would have been broken off.
    assert gateway.logged("sessions broken off") == []
    assert gateway.logged("a worker did not end in time") == []
    tries = settle_accounts(gateway, load)
    for each in tries:
        if each["code"] is None:
            # The port was closed; whoever stood in its queue was reset.
            assert each["stage"] in {"connect", "greeting"}
        else:
            assert each["code"] in {250, 421}


@pytest.mark.parametrize("workers", [1, 2])
def test_p04_sighup_under_load_is_noticed_by_no_client(  # noqa: PLR0917
    serve, load_on, policies, more, settle_accounts, until, workers
):
    gateway = serve(workers=workers)
    load = load_on(gateway.address)
    for number in range(2):
        more(load, 50)
        (policies / "entities" / "own.toml").write_text(ENTITY.format(number=number))
        gateway.send(signal.SIGHUP)
        until(
            lambda number=number: len(gateway.logged("reloaded")) == workers * (number + 1),
            "every worker to have reloaded",
        )
    more(load, 50)
    load.stop()
    gateway.send(signal.SIGTERM)
    assert gateway.ended() == 0
    tries = settle_accounts(gateway, load)
    assert {each["code"] for each in tries} == {250}
