"""What others prove or count outside the ledger: the evidence pack, a database by pseudonym (A8).

Each is a file that is there whole or not at all, for its owner alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.compliance.actor import open_as
from gateway.compliance.audit.export_findings import as_asked
from gateway.compliance.audit.keep_checkpoint import signing_key, take_signed_checkpoint
from gateway.ledger.evidence.atomic_file import atomic_writer
from gateway.ledger.evidence.datasette_snapshot import description, write_snapshot
from gateway.ledger.evidence.evidence_pack import ChainScope, PackDescription, write_pack

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.ledger.questions.filters import Filters

__all__ = ["ChainScope", "WrittenPack", "write_datasette_snapshot", "write_evidence_pack"]


@dataclass(frozen=True, slots=True)
class WrittenPack:
    """How many findings a pack holds; signed, it says who made it."""

    findings: int
    is_signed: bool


def write_evidence_pack(  # noqa: PLR0913 - what, for whom, into which file
    config: Config,
    reading: LoggedReading,
    file: Path,
    filters: Filters,
    by: str,
    *,
    chain: ChainScope = ChainScope.FULL,
    replaces: bool = False,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
) -> WrittenPack:
    """Write an evidence pack (ZIP): findings, sealed events, how to verify them.

    It says that it was made ``by`` a person, also where those in it are pseudonyms. It is signed
    where a key is configured. ``progress`` is asked with the number of events there are, and hears
    how many were written. Raises ``LedgerError`` for a ledger that is not intact, and for a file
    that cannot be written or, unless it ``replaces``, is there.
    """
    key = signing_key(config)
    about = PackDescription(
        made_at=datetime.now(UTC),
        by=by,
        reason=reading.reason,
        filters=as_asked(filters),
        version=__version__,
        kept=take_signed_checkpoint(reading, key),
        key=key,
        chain=chain,
    )
    tell = progress(about.kept.checkpoint.seq)
    with atomic_writer(file, replace=replaces) as stream:
        count = write_pack(stream, reading, filters, about, tell)
    return WrittenPack(count, key is not None)


def write_datasette_snapshot(
    config: Config,
    file: Path,
    filters: Filters,
    *,
    replaces: bool = False,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
) -> int:
    """Write the findings into a new SQLite file for Datasette; gives how many there are.

    It opens the ledger itself: people are pseudonyms in it whoever writes it, and nothing need be
    recorded. ``progress`` is
    asked with the number of findings, and hears how many were written. Raises ``LedgerError`` as
    :func:`write_evidence_pack` does for the file, and for filters that name a person by address or
    by words.
    """
    with open_as(config, None) as reading:
        rows = reading.findings(filters)
        head = reading.checkpoint()
        about = description(datetime.now(UTC), seq=head.seq, version=__version__)
        tell = progress(reading.count(filters))
        with atomic_writer(file, replace=replaces) as stream:
            return write_snapshot(Path(stream.name), rows, about, tell)
