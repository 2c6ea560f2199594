"""The errors a person may see. Each says what happened, where, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class MonitionError(Exception):
    """The root of all errors raised on purpose."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong in a file that a person wrote.

    ``line`` counts from 1; ``None`` where the fault has no line (a file that is missing).
    ``key`` is the dotted path of the TOML key, where there is one.
    """

    file: str
    line: int | None
    key: str | None
    message: str

    def __str__(self) -> str:
        where = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{where}: {self.key}: {self.message}" if self.key else f"{where}: {self.message}"


class FaultyFile(MonitionError):  # noqa: N818 - it names the thing, its children the error
    """One or more ``faults`` in files that people wrote, all told at once, each on a line."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(map(str, self.faults)))


class ConfigError(FaultyFile):
    """The configuration, a policy or a notice text is wrong."""


class ListError(FaultyFile):
    """A sanction list or an entities file is wrong; what was live before stays live."""


class LedgerError(MonitionError):
    """The ledger could not be opened, read or written."""


class ProtocolError(MonitionError):
    """A peer broke SMTP so that the dialogue cannot go on."""


class LocalProtocolError(ProtocolError):
    """The session was asked for something its state does not allow: a bug of ours."""


class RemoteProtocolError(ProtocolError):
    """The client or the next hop sent what no SMTP peer may send."""


class NextHopError(MonitionError):
    """No next hop could be reached."""
