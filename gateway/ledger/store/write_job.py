"""One thing asked of the ledger's thread, and the future of who asked."""

from __future__ import annotations

from concurrent.futures import Future
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gateway.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.ledger.store.store_contract import Store


class Durability(StrEnum):
    """Where an observation survives a power cut."""

    LEDGER = "ledger"
    JOURNAL = "journal"


class WriteJob:
    """Work to be done in a transaction; ``future`` has its result, or a ``LedgerError``.

    ``lines`` gives what the emergency journal keeps where the work cannot be done, and
    ``if_journalled`` is then the result; without ``lines`` the job fails. A job that ``is_due``
    is done even where nobody waits for it any more.
    """

    __slots__ = ("_is_waited_for", "future", "if_journalled", "is_due", "lines", "work")

    def __init__(
        self,
        work: Callable[[Store], Any],
        lines: Callable[[], list[bytes]] | None = None,
        if_journalled: object = None,
        is_due: bool = False,  # noqa: FBT001, FBT002 - made in two places, by name in one
    ) -> None:
        self.work = work
        self.lines = lines
        self.if_journalled = if_journalled
        self.is_due = is_due
        self.future: Future[Any] = Future()
        self._is_waited_for = True

    def is_wanted(self) -> bool:
        """Whether it is to be done; from now on the future cannot be cancelled."""
        self._is_waited_for = self.future.set_running_or_notify_cancel()
        return self._is_waited_for or self.is_due

    def end(self, outcome: object) -> None:
        """Give who asked the result, or the error it ended with."""
        if not self._is_waited_for:
            return
        if isinstance(outcome, LedgerError):
            self.future.set_exception(outcome)
        elif isinstance(outcome, Exception):
            error = LedgerError(f"the ledger could not do what it was asked: {outcome!r}")
            error.__cause__ = outcome
            self.future.set_exception(error)
        else:
            self.future.set_result(outcome)

    def fail(self, error: LedgerError) -> None:
        """Tell who asked that it was not done."""
        self.end(error)
