"""One behaviour taken out and tried: did a test that bears its number fail because of it?"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.taken_out.entries import EntryError, files_to_test

if TYPE_CHECKING:
    from tests.taken_out.entries import Entry
    from tests.taken_out.tree import Ran, Tree


class Verdict(StrEnum):
    """What came of it. The first two are as they should be; the third says nothing either way."""

    CAUGHT = "caught"
    HUNG = "hung"
    SKIPPED = "skipped"
    SURVIVED = "SURVIVED"
    STALE = "STALE"
    UNTESTED = "UNTESTED"
    BROKEN = "BROKEN"
    UNSOUND = "UNSOUND"


REMEDY = {
    Verdict.SURVIVED: "no test noticed: sharpen one that bears the number, or write one",
    Verdict.STALE: "its text is not in the file any more: look where the behaviour is now",
    Verdict.UNTESTED: "no test was run: see the paths under `tests`",
    Verdict.BROKEN: "the run broke before a test could fail, which proves nothing",
    Verdict.UNSOUND: "the test fails without the change as well",
}
"""What each of the others means to whoever reads the table."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one entry. ``output`` is pytest's, where something is not as it should be."""

    entry: Entry
    verdict: Verdict
    failed: tuple[str, ...]
    seconds: float
    output: str = ""

    @property
    def is_bad(self) -> bool:
        """Whether a person has to look at it."""
        return self.verdict not in (Verdict.CAUGHT, Verdict.HUNG, Verdict.SKIPPED)


class Bench:
    """Tries entries in one tree. ``sound`` are runs known to pass with nothing taken out."""

    def __init__(self, tree: Tree, *, seconds: float, to_the_end: bool) -> None:
        self._tree = tree
        self._seconds = seconds
        self._to_the_end = to_the_end
        self._sound: set[tuple[str, ...]] = set()

    def attempt(self, entry: Entry) -> Result:
        """Take the behaviour out, run its tests; run those that failed again with it in place."""
        began = time.monotonic()
        tests = files_to_test(entry, self._tree.top)
        try:
            with self._tree.without(entry):
                ran = self._test(entry, tests)
                if ran.status == 1 and not ran.failed:
                    # A fixture broke, and nothing was tried behind it: others may do without.
                    ran = self._test(entry, tests, to_the_end=True)
        except EntryError as error:
            return Result(entry, Verdict.STALE, (), time.monotonic() - began, str(error))
        verdict, output = verdict_of(ran), ran.output
        if verdict in (Verdict.CAUGHT, Verdict.HUNG):
            proof = self._proof(entry, list(ran.failed) or tests)
            if proof is None:
                output = ""
            else:
                verdict, output = Verdict.UNSOUND, proof
        return Result(entry, verdict, ran.failed, time.monotonic() - began, output)

    def _proof(self, entry: Entry, tests: list[str]) -> str | None:
        """``None`` where the tests pass with nothing taken out, else what pytest said."""
        key = (entry.keyword, *tests)
        if key not in self._sound:
            ran = self._test(entry, tests)
            if ran.status != 0:
                return ran.output
            self._sound.add(key)
        return None

    def _test(self, entry: Entry, tests: list[str], *, to_the_end: bool = False) -> Ran:
        return self._tree.test(
            tests,
            keyword=entry.keyword,
            seconds=self._seconds,
            to_the_end=to_the_end or self._to_the_end,
        )


def verdict_of(ran: Ran) -> Verdict:
    """What a run with the behaviour taken out says by itself."""
    # pytest's exit codes: 0 all passed, 1 some failed or broke, 5 none was there; 2 to 4 are its
    # own troubles, such as a file that cannot be imported.
    if ran.status is None:
        return Verdict.HUNG
    if ran.status == 1 and ran.failed:
        return Verdict.CAUGHT
    if ran.status == 0 and not ran.passed:
        return Verdict.SKIPPED
    return {0: Verdict.SURVIVED, 5: Verdict.UNTESTED}.get(ran.status, Verdict.BROKEN)
