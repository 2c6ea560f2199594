"""What a session leaves behind when it is over: nothing that only the collector could find."""

import gc

import pytest

from gateway.relay.connection import Relay
from gateway.relay.failover import Reach
from gateway.relay.next_hop import Hop
from gateway.smtp.session import Session


@pytest.fixture
def uncollected():
    """The collector rests; counts what is alive of the relay's own things."""
    gc.collect()
    gc.disable()
    yield lambda: [
        each for each in gc.get_objects() if isinstance(each, (Hop, Reach, Relay, Session))
    ]
    gc.enable()


@pytest.mark.parametrize("parting", ["quit", "client leaves", "hop leaves"])
async def test_r15_a_session_that_is_over_is_gone_without_a_collection(
    gateway, uncollected, parting
):
    started = await gateway()
    client, hop = await started.meet()
    if parting == "quit":
        await client.say(b"QUIT\r\n")
        await (await hop.hear(b"QUIT\r\n")).say(b"221 2.0.0 Bye\r\n")
        assert await client.end() == b"221 2.0.0 Bye\r\n"
    elif parting == "hop leaves":
        hop.close()
        assert (await client.end()).startswith(b"421 4.4.2 ")
    client.close()
    await started.until(lambda: not started.server._relays)
    await started.until(lambda: not uncollected())
