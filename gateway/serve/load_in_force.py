"""Snapshot, rules and texts, loaded together: all of them hold, or the old ones stay.

The certificate is checked with them; the relay's server reads it for itself.
"""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway.config import certificate, departments
from gateway.errors import ConfigError, FaultyFile
from gateway.inspection.inspector import InForce
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import own_domain_guard
from gateway.list_store.snapshots import (
    coverage,
    example_check,
    policy_edition,
    policy_history,
    snapshot_in_force,
)
from gateway.notices import notice_texts, text_check
from gateway.policy import rules
from gateway.screening import snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date
    from pathlib import Path

    from gateway.config import Config
    from gateway.config.departments import Departments
    from gateway.list_store.snapshots.snapshot_in_force import SnapshotInForce
    from gateway.notices.notice_texts import NoticeTexts
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot

log = structlog.get_logger("serve")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process works by, from one reading of the policies directory, at an aware time.

    ``texts_digest`` is of all that notices are made of, which the policy's digest does not cover.
    ``lists_faults`` are why the lists in force are not those that the directory holds: whoever has
    any is not ready (behaviour O7).
    """

    in_force: InForce
    texts: NoticeTexts
    texts_digest: str
    at: datetime
    lists_faults: tuple[str, ...] = ()

    def is_same_as(self, other: Loaded) -> bool:
        """Whether messages and notices come out alike by both."""
        return (
            self.in_force.snapshot.digest == other.in_force.snapshot.digest
            and self.in_force.rules.digest == other.in_force.rules.digest
            and self.texts_digest == other.texts_digest
        )


def load(
    config: Config,
    today: date,
    *,
    before: Loaded | None = None,
) -> Loaded:
    """Read and check the policies directory and the certificate; ``FaultyFile``: what is wrong.

    ``today`` is the day that examples are judged by. At the start, an example that fails only
    because of an imported list is told loudly and does not keep mail from flowing; a reload is
    refused for it. ``before`` is what a reload takes the place of; ``None`` at the start.

    Notice texts are filled in with examples, and the policy's own examples are put to the test
    (behaviours P4, P5): what passes here does not fail at send time.

    A faulty file of departments is told loudly, and those known before stay: another system
    writes it every night, and neither the mail nor a new policy should wait until it is mended.
    """
    certificate.load(config)
    directory = config.policies.directory
    now = datetime.now(UTC)
    policy = rules.load(directory)
    if faults := text_check.check(directory, config):
        raise ConfigError(faults)
    proven: set[str] = set()

    def prove(made: Snapshot) -> None:
        if made.digest not in proven:
            _prove(policy, made, directory, today, is_start=before is None)
            proven.add(made.digest)

    # Whatever refuses it does so before it is on disk: the next start would go by it.
    found = _in_force(config, before, now, prove)
    listed = found.snapshot
    prove(listed)
    letters = notice_texts.load(directory)
    known = before.in_force.departments if before else departments.NO_DEPARTMENTS
    return Loaded(
        InForce(listed, policy, _departments(config, known)),
        letters,
        _kept(config, policy, letters),
        now,
        tuple(map(str, found.faults)),
    )


def _prove(policy: Rules, made: Snapshot, directory: Path, today: date, *, is_start: bool) -> None:
    failed = example_check.failed_examples(policy, made, today)
    if not failed:
        return
    if is_start and not example_check.failed_examples(policy, snapshot.load(directory), today):
        log.error("with the imported lists examples fail", examples=list(map(str, failed)))
        return
    raise ConfigError(example_check.faults(failed, "example failed"))


def _departments(config: Config, known: Departments) -> Departments:
    try:
        return departments.load(config)
    except ConfigError as error:
        # Its faults name lines, never a sender.
        faults = list(map(str, error.faults))
        log.error("the departments cannot be read, the old ones stay", faults=faults)  # noqa: TRY400
        return known


def _kept(config: Config, policy: Rules, letters: NoticeTexts) -> str:
    """Keep the policies for good, so that an old event can be judged again; the texts' digest.

    That they cannot be kept keeps no mail from flowing. Nothing is written into a lists directory
    that is gone or not ours any more: it would be made anew, and look as if it had never been.
    """
    folder = Folder.of(config)
    try:
        made = policy_edition.edition_of(config, policy, letters)
        if coverage.may_be_written(folder):
            policy_history.keep(folder, made, datetime.now(UTC))
    except (OSError, FaultyFile) as error:
        log.warning("the policies cannot be kept", reason=str(error))
    return policy_edition.texts_digest(config, letters)


def reload(config: Config, today: date, before: Loaded) -> Loaded:
    """Read them while ``before`` is in force; that again, told loudly, where they do not load.

    What is wrong with the lists is told in either. Never raises.
    """
    refused = "reload refused, the old policies stay"
    try:
        with _no_collection():
            return load(config, today, before=before)
    except FaultyFile as error:
        log.error(refused, faults=list(map(str, error.faults)))  # noqa: TRY400 - no bug of ours
    except Exception:
        # Mail flows by the old ones: nothing that a file can provoke may end that.
        log.exception(refused)
    return with_lists_faults(config, before)


def with_lists_faults(config: Config, before: Loaded) -> Loaded:
    """Look at the lists directory alone: what is in force stays, and what is wrong is known.

    Where nothing is wrong with it any more, what was wrong before stays until a reload has loaded
    the lists. Never raises.
    """
    folder = Folder.of(config)
    faults = tuple(map(str, coverage.faults(folder)))
    if not faults:
        return before
    _tell_faults(before, faults, f"{before.in_force.snapshot.digest} stays in force")
    return replace(before, lists_faults=faults)


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """Put off the garbage collector, which a load calls again and again.

    What it makes is kept or freed by count. Each pass through some 100,000 new objects would hold
    the event loop for 50 ms, though the load itself is in another thread.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _in_force(
    config: Config, before: Loaded | None, now: datetime, prove: Callable[[Snapshot], None]
) -> SnapshotInForce:
    """Give the snapshot of policies and imported lists, and keep it for good where that can be.

    A lists directory that is damaged or cannot be written is told loudly, and mail goes on being
    screened by the last good snapshot (behaviours S8, S9, S21, O7).
    """
    folder = Folder.of(config)
    found = snapshot_in_force.snapshot_in_force(
        config.policies.directory,
        folder,
        now,
        keep=True,
        before=before.in_force.snapshot if before else None,
        since=before.at if before else None,
        prove=prove,
    )
    if found.unkept is not None:
        log.warning("the snapshot cannot be kept", reason=found.unkept)
    _tell_faults(before, tuple(map(str, found.faults)), found.instead_text)
    # No address, but what a list says: it names no correspondent.
    for line in own_domain_guard.listed_own_domains(config.institution.domains, found.snapshot):
        log.warning("a domain of our own is listed", what=line)
    return found


def _tell_faults(before: Loaded | None, faults: tuple[str, ...], instead: str) -> None:
    """Tell once what is wrong with the lists, and once that it is over."""
    known = before.lists_faults if before else ()
    if faults and faults != known:
        log.error("the lists cannot be read", faults=list(faults), instead=instead)
    elif known and not faults:
        log.info("the lists can be read again")
