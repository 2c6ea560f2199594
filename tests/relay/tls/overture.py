"""What is said with a next hop up to the end of its TLS handshake, and a message behind it."""

import re

GREETING = b"220 next.example ESMTP\r\n"
EHLO = b"EHLO client.example\r\n"
OURS = re.compile(rb"EHLO (?:\[127\.0\.0\.1\]|[\w-]+(?:\.[\w-]+)+)\r\n")
OFFER = b"250-next.example\r\n250-PIPELINING\r\n250 STARTTLS\r\n"
READY = b"220 2.0.0 Ready to start TLS\r\n"


async def our_ehlo(hop):
    """The gateway introduces itself, and says no more before it is answered."""
    while not hop.heard.endswith(b"\r\n"):
        hop.heard += await hop.more()
    assert OURS.fullmatch(hop.heard)
    hop.heard = b""


async def ask_for_tls(hop):
    """A hop at the gateway's STARTTLS."""
    await our_ehlo(hop)
    await hop.say(OFFER)
    await hop.hear(b"STARTTLS\r\n")


async def past_ehlo(client, hop):
    await client.hear(GREETING)
    await client.say(EHLO)
    await (await hop.hear(EHLO)).say(OFFER)
    # Its STARTTLS is not the client's, with TLS or without.
    assert b"STARTTLS" not in await client.reply(250)


async def message(client, hop, envelope):
    await envelope(client, hop)
    content = b"Subject: x\r\n\r\n" + bytes(range(1, 256)) * 8000 + b"\r\n.\r\n"
    await client.say(content)
    await (await hop.hear(content)).say(b"250 2.0.0 Ok\r\n")
    await client.reply(250)
