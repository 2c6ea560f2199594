"""A real Exim behind the gateway: nothing is smuggled to it either, and the honest arrives."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

from gateway.smtp import own_replies

pytestmark = pytest.mark.e2e

E2E = Path(__file__).parents[1]
postfix_of = runpy.run_path(str(Path(__file__).with_name("test_next_hop.py")))
all_sent, NAMED, HONEST = (postfix_of[name] for name in ("all_sent", "NAMED", "HONEST"))
# The daemons, and a gateway between them.
exims = runpy.run_path(str(E2E / "exim" / "conftest.py"))["exims"]


async def test_r02_r10_exim_gets_nothing_forged_and_the_honest_as_straight(
    exims, connect, maildir, eventually
):
    _, gateway, hop = exims
    forged = await all_sent(connect, gateway.listen, "forged", NAMED)
    assert {told for _, _, told in forged} == {own_replies.LOOKALIKE + own_replies.FOLLOWS_FAILURE}
    straight = await all_sent(connect, hop.port, "honest", HONEST, at_every_split=False)
    through = await all_sent(connect, gateway.listen, "honest", HONEST, at_every_split=False)

    names = {name for name, _, _ in straight + through}

    def arrived():
        mail = {each.message["Envelope-To"]: each.content for each in maildir(hop.mail)}
        return mail if names <= set(mail) else None

    mail = eventually(arrived, "the honest mail")
    expected = {form: mail[name] for name, form, _ in straight}
    assert {form: mail[name] for name, form, _ in through} == expected
    assert all(said.startswith(b"250 OK id=") for _, _, said in straight + through)
    assert not any("victim" in name for name in mail)
