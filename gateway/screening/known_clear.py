"""The relay's quick question about a recipient, answered from memory where it was asked before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gateway.addresses.encapsulation import MAY_WRAP
from gateway.addresses.mailbox_path import PARAMETER, original_recipient, path
from gateway.addresses.mentioned_domains import TooManyNamesError
from gateway.addresses.path_reading import UnreadablePath, read
from gateway.screening.classify import matches_within, resemblance

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.addresses.path_reading import PathReading
    from gateway.screening.snapshot import Snapshot

# Two hundred bytes each, so some ten megabytes when full; a large university's outgoing mail
# names a few tens of thousands of domains in a month.
CAPACITY = 50_000

# What nearly every line is: one path in brackets with nothing odd in it, and perhaps parameters.
_USUAL = re.compile(
    rb'[^:<]{4,16}:[ \t]{0,4}<([^\x00-\x20"%!@\\<>(),:;\[\]\x7f]{1,512})'
    rb"@([A-Za-z0-9._-]+)>((?:[ \t]+" + PARAMETER + rb")*)[ \t]*(?:\r\n)?\Z"
)


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

    def is_clear(self, line: bytes) -> bool:
        """Whether the recipient of a RCPT line can only be clear, on any day. Never raises.

        ``False`` says only that :func:`gateway.screening.classify.classify_line` is to be asked.
        """
        usual = _USUAL.match(line)
        if usual is not None:
            local, domain, parameters = usual.groups()
            if domain in self._clear and MAY_WRAP.search(local) is None:
                # Postfix names the original recipient of each, and that is nearly always the same.
                return not parameters or self._is_original_clear(line, local + b"@" + domain)
        named = path(line)
        return self._look(read(named)) and self._is_original_clear(line, named)

    def _is_original_clear(self, line: bytes, named: bytes) -> bool:
        original = original_recipient(line)
        if original is None or original == named:
            return True
        reading = read(original)
        if isinstance(reading.address, UnreadablePath):
            # One that is broken says nothing by itself about where the mail goes.
            return not self._holds_a_match(reading)
        return self._look(reading)

    def _holds_a_match(self, reading: PathReading) -> bool:
        try:
            return any(
                next(matches, None) is not None
                for matches, _ in matches_within(reading, self.snapshot)
            )
        except TooManyNamesError:
            return True

    def _look(self, reading: PathReading) -> bool:
        address = reading.address
        if isinstance(address, UnreadablePath) or self.snapshot.may_match(address.domain):
            return False
        if self._holds_a_match(reading):
            return False
        if resemblance(address.domain, self.snapshot) is not None:
            return False
        if reading.is_plain and address.domain:
            if len(self._clear) >= self._capacity:
                # Starting afresh costs a few microseconds a domain and keeps no order of use.
                self._clear.clear()
            self._clear.add(reading.raw[reading.raw.rfind(b"@") + 1 :].removesuffix(b">"))
            self.on_new_domain(address.domain)
        return True


def _nobody(_domain: str) -> None:
    """Nobody asked to hear of newcomers."""
