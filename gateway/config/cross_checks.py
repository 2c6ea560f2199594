"""Checks between the configuration's keys: loops, clashes, an open door.

Each key is sound by itself then, and wrong beside another.
"""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

from gateway.config.settings import Tls

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config.endpoint import Endpoint
    from gateway.config.settings import Config


def cross_faults(config: Config) -> Iterator[tuple[str, str]]:
    """Give pairs: a dotted key that is sound alone, and what is wrong with it beside another."""
    yield from _exposed(config)
    yield from _clashes(config)
    yield from _loops(config)
    yield from _half_tls(config)
    yield from _forgotten_too_soon(config)
    if config.ledger.emergency_journal == config.ledger.path:
        yield (
            "ledger.emergency_journal",
            "is the same file as ledger.path; the journal stands in where that can't be written",
        )
    if config.desk is not None and config.desk.address == config.compliance.email != "":
        given = "desk.address" in config.lines
        yield (
            "desk.address" if given else "desk",
            (
                "the desk's address must not be the office's (compliance.email): what the desk"
                " passes on to the office would come back to it; set desk.address"
            ),
        )


def _exposed(config: Config) -> Iterator[tuple[str, str]]:
    if "relay.clients" in config.lines:
        return
    for key, endpoint in _relay_listeners(config):
        if not endpoint.is_loopback:
            yield (
                key,
                (
                    f"{endpoint} can be reached from other machines, but relay.clients is left out;"
                    " name there the servers that may connect"
                ),
            )
    if config.relay.proxy_protocol:
        yield (
            "relay.proxy_protocol",
            (
                "the addresses told by a balancer are looked up in relay.clients, which is left"
                " out; name there the servers that may connect"
            ),
        )


def _half_tls(config: Config) -> Iterator[tuple[str, str]]:
    relay = config.relay
    certificate, key = relay.certificate_file, relay.key_file
    if certificate is None and key is None and relay.listen_tls:
        yield (
            "relay.listen_tls",
            "needs a certificate; name it in relay.certificate_file, its key in relay.key_file",
        )
    elif key is None and certificate is not None:
        yield "relay.certificate_file", "is of no use alone; name its key in relay.key_file"
    elif certificate is None and key is not None:
        yield "relay.key_file", "is of no use alone; name its certificate in relay.certificate_file"
    if relay.next_hop_tls is Tls.VERIFY:
        for hop in relay.next_hop:
            if hop.path is not None:
                yield (
                    "relay.next_hop_tls",
                    (
                        f"{hop} has no name that a certificate could prove; name a host and a"
                        ' port in relay.next_hop, or write "none" or "opportunistic" here'
                    ),
                )

    submit = config.notices.submit
    if config.notices.tls is Tls.VERIFY and submit.path is not None:
        yield (
            "notices.tls",
            (
                f"{submit} has no name that a certificate could prove; name a host and a port in"
                ' notices.submit, or write "none" or "opportunistic" here'
            ),
        )


def _forgotten_too_soon(config: Config) -> Iterator[tuple[str, str]]:
    kept, every_days = config.retention, config.notices.every_days
    if kept.notices_days < every_days:
        yield (
            "retention.notices_days",
            (
                f"is {kept.notices_days}, shorter than notices.every_days ({every_days}): a sender"
                " would be told again before that time"
            ),
        )
    nothing = max(kept.false_positive_days, kept.personal_days)
    if kept.escalated_days < nothing:
        yield (
            "retention.escalated_days",
            (
                f"is {kept.escalated_days}, shorter than what turned out to be nothing is kept"
                f" ({nothing}, retention.false_positive_days or personal_days)"
            ),
        )


def _relay_listeners(config: Config) -> list[tuple[str, Endpoint]]:
    return [
        *(("relay.listen", endpoint) for endpoint in config.relay.listen),
        *(("relay.listen_tls", endpoint) for endpoint in config.relay.listen_tls),
    ]


def _listeners(config: Config) -> list[tuple[str, Endpoint]]:
    """Every endpoint we would listen on, with its key."""
    found = _relay_listeners(config)
    for key, section in (
        ("desk.listen", config.desk),
        ("metrics.listen", config.metrics),
        ("console.listen", config.console),
    ):
        if section is not None:
            found.append((key, section.listen))
    return found


def _clashes(config: Config) -> Iterator[tuple[str, str]]:
    for (first, one), (second, other) in combinations(_listeners(config), 2):
        if one.serves(other) or other.serves(one):
            yield second, f"{other} is taken by {first} ({one}); give each listener its own"


def _loops(config: Config) -> Iterator[tuple[str, str]]:
    for key, listener in _listeners(config):
        for hop in config.relay.next_hop:
            if listener.serves(hop):
                loop = ": mail would go round in a loop" if key.startswith("relay.") else ""
                yield (
                    "relay.next_hop",
                    f"{hop} is this gateway's own {key}{loop}; name the mail server behind it",
                )
        if key == "desk.listen" and listener.serves(config.notices.submit):
            yield (
                "notices.submit",
                (
                    f"{config.notices.submit} is where the desk listens: notices would be taken for"
                    " answers; name the institution's own mail server"
                ),
            )
