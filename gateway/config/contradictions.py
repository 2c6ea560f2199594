"""What is sound key by key and wrong together: loops, clashes, an open door."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.config.endpoint import Endpoint
    from gateway.config.settings import Config


def contradictions(config: Config) -> Iterator[tuple[str, str]]:
    """Tell, key by key, what is sound alone and wrong beside another key."""
    yield from _exposed(config)
    yield from _clashes(config)
    yield from _loops(config)
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
    for endpoint in config.relay.listen:
        if not endpoint.is_loopback:
            yield (
                "relay.listen",
                (
                    f"{endpoint} can be reached from other machines, but relay.clients is left out;"
                    " name there the servers that may connect"
                ),
            )


def _listeners(config: Config) -> list[tuple[str, Endpoint]]:
    """Every endpoint we would listen on, with its key."""
    found = [("relay.listen", endpoint) for endpoint in config.relay.listen]
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
                loop = ": mail would go round in a loop" if key == "relay.listen" else ""
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
