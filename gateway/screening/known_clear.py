"""The relay's quick question about a recipient, answered from memory where it was asked before."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.addresses.mailbox import UnreadablePath, parse
from gateway.screening.classify import embedded_matches, resemblance
from gateway.screening.embedded_addresses import SEPARATORS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.screening.snapshot import Snapshot

# Two hundred bytes each, so some ten megabytes when full; a large university's outgoing mail
# names a few tens of thousands of domains in a month.
CAPACITY = 50_000

# With one @ and none of the others the domain is what follows it, and nothing is wrapped up before.
_TELLING = b'"(' + SEPARATORS.encode("ascii")


class KnownClear:
    """One snapshot, and the domains already found to be of no interest to it.

    What is kept is the bytes of domains, never a local part, in memory and as long as the
    snapshot lives. Not for use from several threads.

    ``on_new_domain`` is called with each domain, in normal form, that is put by; it must not raise.
    """

    __slots__ = ("_capacity", "_clear", "on_new_domain", "snapshot")

    def __init__(self, snapshot: Snapshot, *, capacity: int = CAPACITY) -> None:
        self.snapshot = snapshot
        self._capacity = capacity
        self._clear: set[bytes] = set()
        self.on_new_domain: Callable[[str], None] = _nobody

    def is_clear(self, path: bytes) -> bool:
        """Whether a path, RCPT's without brackets, can only be clear, on any day. Never raises.

        ``False`` says only that :func:`gateway.screening.classify.classify` is to be asked.
        """
        domain = path[path.rfind(b"@") + 1 :]
        if domain in self._clear and _is_plain(path):
            return True
        return self._look(path, domain)

    def _look(self, path: bytes, domain: bytes) -> bool:
        address = parse(path)
        if isinstance(address, UnreadablePath):
            return True
        if self.snapshot.may_match(address.domain):
            return False
        if next(embedded_matches(address, self.snapshot), None) is not None:
            return False
        if resemblance(address.domain, self.snapshot) is not None:
            return False
        if _is_plain(path) and address.domain:
            if len(self._clear) >= self._capacity:
                # Starting afresh costs a few microseconds a domain and keeps no order of use.
                self._clear.clear()
            self._clear.add(domain)
            self.on_new_domain(address.domain)
        return True


def _nobody(_domain: str) -> None:
    """Nobody asked to hear of newcomers."""


def _is_plain(path: bytes) -> bool:
    return len(path.translate(None, _TELLING)) == len(path) - 1
