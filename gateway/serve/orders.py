"""Snapshot, rules and texts, loaded together: all of them hold, or the old ones stay.

So it is with the certificate, which the listener then reads for itself.
"""

from __future__ import annotations

import contextlib
import gc
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from gateway.archive import assembly, edition, history, policies
from gateway.archive.folder import Folder
from gateway.config import certificate
from gateway.errors import ConfigError, Fault, FaultyFile
from gateway.net.watch import Orders
from gateway.notice import check, texts
from gateway.policy import rules, trial
from gateway.screen import snapshot
from gateway.screen.address import from_text
from gateway.screen.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date

    from gateway.config import Config
    from gateway.notice.texts import Texts
    from gateway.policy.rules import Rules
    from gateway.policy.trial import Failure
    from gateway.screen.snapshot import Snapshot

log = structlog.get_logger("serve")


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a process works by, from one reading of the policies directory.

    ``texts_digest`` is of all that notices are made of, which the policy's digest does not cover.
    """

    orders: Orders
    texts: Texts
    texts_digest: str


def load(config: Config, today: date, *, is_start: bool = True) -> Loaded:
    """Read and check the policies directory and the certificate; ``FaultyFile``: what is wrong.

    At the start, an example that fails only because of an imported list is told loudly and does
    not keep mail from flowing; a reload is refused for it.

    Notice texts are filled in with examples, and the policy's own examples are put to the test
    (behaviours P4, P5): what passes here does not fail at send time.
    """
    certificate.load(config)
    directory = config.policies.directory
    listed = _in_force(config)
    policy = rules.load(directory)
    if faults := check.check(directory, config):
        raise ConfigError(faults)
    failed = _failures(policy, listed, today)
    if failed and is_start and not _failures(policy, snapshot.load(directory), today):
        log.error("with the imported lists examples fail", examples=list(map(str, failed)))
    elif failed:
        raise ConfigError(
            Fault(each.example.file, each.example.line, None, f"example failed: {each}")
            for each in failed
        )
    letters = texts.load(directory)
    return Loaded(Orders(listed, policy), letters, _kept(config, policy, letters))


def _kept(config: Config, policy: Rules, letters: Texts) -> str:
    """Keep the policies for good, so that an old event can be judged again; the texts' digest.

    That they cannot be kept keeps no mail from flowing.
    """
    folder = Folder(config.lists.directory)
    try:
        made = edition.of(config, policy, letters)
        if folder.path.is_dir() or folder.path.parent.is_dir():
            policies.keep(folder, made, datetime.now(UTC))
    except (OSError, FaultyFile) as error:
        log.warning("the policies cannot be kept", reason=str(error))
    return edition.texts_digest(config, letters)


def _failures(policy: Rules, listed: Snapshot, today: date) -> tuple[Failure, ...]:
    return trial.failures(
        policy, lambda address, on: classify(from_text(address), listed, on), today
    )


def load_anew(config: Config, today: date) -> Loaded | None:
    """Read them while others are in force; ``None``, told loudly, where they do not load."""
    refused = "reload refused, the old policies stay"
    try:
        with _no_collection():
            return load(config, today, is_start=False)
    except FaultyFile as error:
        log.error(refused, faults=list(map(str, error.faults)))  # noqa: TRY400 - no bug of ours
    except Exception:
        # Mail flows by the old ones: nothing that a file can provoke may end that.
        log.exception(refused)
    return None


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


def _in_force(config: Config) -> Snapshot:
    """Give the snapshot of policies and imported lists, and keep it for good where that can be.

    A lists directory that is damaged or cannot be written is told loudly, and mail goes on being
    screened by what can be read (behaviour S9).
    """
    policies, folder = config.policies.directory, Folder(config.lists.directory)
    now = datetime.now(UTC)
    try:
        try:
            if folder.path.is_dir() or folder.path.parent.is_dir():
                return assembly.put_in_force(policies, folder, now)
        except OSError as error:
            log.warning("the snapshot cannot be kept", reason=str(error))
        return assembly.live(policies, folder, now)
    except (OSError, FaultyFile) as error:
        alone = snapshot.load(policies)  # its faults, if any, are the policies' own
        faults = error.faults if isinstance(error, FaultyFile) else [error]
        log.error("the lists cannot be read", faults=list(map(str, faults)))  # noqa: TRY400
        try:
            turn = history.current(folder)
            return history.load(folder, turn.digest) if turn is not None else alone
        except FaultyFile:
            return alone
