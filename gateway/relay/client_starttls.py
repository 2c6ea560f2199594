"""STARTTLS from a client, RFC 3207: from our 220 to the dialogue that begins anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.relay import tls

if TYPE_CHECKING:
    import asyncio
    import ssl


def send_ready(client: asyncio.Transport, ready: list[bytes]) -> None:
    """Send our 220 to STARTTLS, and read not a byte that belongs to the handshake."""
    client.pause_reading()
    client.writelines(ready)


async def secure(
    client: asyncio.Transport, context: ssl.SSLContext | None, relay: asyncio.Protocol
) -> tuple[asyncio.Transport, bytes] | None:
    """Shake hands with a client and give its connection the new transport.

    With it comes what the client said at once behind its handshake; ``None``: there is no TLS,
    and the connection is closed.
    """
    secured = await tls.accept(client, context)
    if secured is not None:
        secured[0].set_protocol(relay)
    return secured
