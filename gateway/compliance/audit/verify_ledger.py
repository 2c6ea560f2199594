"""Is the ledger intact? Its chain walked, and held against checkpoints kept elsewhere (A2).

The chain alone shows a change inside it. A tail that was cut off, or a ledger forged as a whole,
shows against a checkpoint that was kept where nobody could change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway.compliance.actor import open_as
from gateway.errors import LedgerError
from gateway.ledger.evidence.checkpoint_store import disagreements
from gateway.ledger.record.chain import Flaw
from gateway.ledger.store.store_contract import StoreError
from gateway.ledger.verify.checkpoint import read_checkpoints

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from gateway.config import Config
    from gateway.ledger.verify.checkpoint import KeptCheckpoint

__all__ = ["NO_HISTORY", "DamagedError", "Flaw", "History", "LedgerCheck", "read_history", "verify"]


class DamagedError(LedgerError):
    """The file is so damaged that it cannot be looked through."""


@dataclass(frozen=True, slots=True)
class History:
    """Checkpoints that were kept, oldest first.

    ``signers`` are the fingerprints of the keys that signed them; ``wrong`` says, a sentence each,
    what is wrong with their signatures.
    """

    kept: tuple[KeptCheckpoint, ...] = ()
    signers: tuple[str, ...] = ()
    wrong: tuple[str, ...] = ()


NO_HISTORY = History()


@dataclass(frozen=True, slots=True)
class LedgerCheck:
    """What was found. ``flaws`` are all that is wrong: in the ledger, or against the checkpoints.

    ``events`` and ``head``, the hash of the last of them (hexadecimal), go as far as the chain was
    found sound. ``erased`` counts, by part, the events that lost it by an erasure that the ledger
    tells of. ``checkpoints`` were held against it, the last of row ``last_row``.
    """

    flaws: tuple[Flaw, ...]
    events: int
    head: str
    erased: Mapping[str, int]
    checkpoints: int
    last_row: int | None
    signers: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        """Whether nothing at all is wrong."""
        return not self.flaws


def read_history(checkpoint_file: Path, public_key_file: Path | None = None) -> History:
    """Read a checkpoint, or a history of them with one on each line.

    ``public_key_file`` (PEM) is the key that must have signed them all. Raises ``LedgerError`` for
    a file that cannot be read, or holds no such.
    """
    kept = read_checkpoints(checkpoint_file)
    if public_key_file is None and not any(each.signature for each in kept):
        return History(kept)
    from gateway.ledger.evidence import signing  # noqa: PLC0415 - only for signatures

    public = None if public_key_file is None else signing.read_public_key(public_key_file)
    wrong = tuple(what for each in kept if (what := signing.signature_fault(each, public)))
    keys = [each.signature.key for each in kept if each.signature]
    return History(kept, tuple(dict.fromkeys(map(signing.fingerprint, keys))), wrong)


def verify(
    config: Config,
    history: History = NO_HISTORY,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
) -> LedgerCheck:
    """Check all of the ledger; nobody is shown anything of anybody, and no writer is held up.

    ``progress`` is asked with the number of rows there are, and hears how many were walked so far.
    Raises :class:`DamagedError`, and ``LedgerError`` where there is no ledger to check.
    """
    wrong = list(history.wrong)
    try:
        with open_as(config, None) as reading:
            wrong += disagreements(history.kept, reading)
            verdict = reading.verify(None, progress(reading.checkpoint().seq))
    except StoreError as error:
        if not error.is_damage:
            raise
        raise DamagedError(str(error)) from error
    return LedgerCheck(
        (*verdict.flaws, *(Flaw(None, None, what) for what in wrong)),
        verdict.events,
        verdict.head,
        {part.value: count for part, count in verdict.erased.items()},
        len(history.kept),
        history.kept[-1].checkpoint.seq if history.kept else None,
        history.signers,
    )
