"""500 clients that trickle, while others send."""

import pytest

TRICKLING = 500


@pytest.mark.parametrize("workers", [1, 2])
def test_r20_500_clients_that_trickle_hold_up_nobody_and_are_served_in_the_end(  # noqa: PLR0917
    serve, load_on, trickle_on, more, settle_accounts, until, workers
):
    gateway = serve(workers=workers)
    slow = trickle_on(gateway.address, TRICKLING, every=0.5)
    load = load_on(gateway.address)
    more(load, 400)
    until(lambda: gateway.number("monition_sessions") >= TRICKLING, "all of them to be counted")
    load.stop()
    assert slow.entries() == []
    slow.stop()
    gateway.send(15)
    assert gateway.ended() == 0
    tries = settle_accounts(gateway, load, slow)
    # Nobody was ever told to come again.
    assert {each["code"] for each in tries} == {250}
    assert len(slow.entries()) == TRICKLING
