"""What a verdict rested on, as it was: an old event's snapshot, its rules and its notice texts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.errors import FaultyFile, ListError
from gateway.list_store.snapshots import policy_history, snapshot_history

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.list_store.files.lists_directory import Folder
    from gateway.list_store.snapshots.policy_edition import Edition
    from gateway.notices.notice_texts import NoticeTexts
    from gateway.policy.rules import Rules
    from gateway.screening.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class PastBasis:
    """What of it is still there. What is gone is ``None``, and ``gone`` tells each in a sentence.

    ``edition`` gives the settings that notices named: :meth:`Edition.configured`. ``notes`` are
    reservations about what is there.
    """

    snapshot: Snapshot | None
    rules: Rules | None
    edition: Edition | None
    texts: NoticeTexts | None
    gone: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def can_be_judged(self) -> bool:
        """Whether the verdict can be given again; a notice needs ``texts`` and ``edition`` too."""
        return self.snapshot is not None and self.rules is not None


def open_basis(
    folder: Folder,
    snapshot: str | None,
    policy: str | None,
    *,
    texts: str | None = None,
    at: datetime | None = None,
) -> PastBasis:
    """Open what an event names by its digests; nothing is raised for what is gone.

    ``texts`` is the digest of the notice texts, where the event bears it. Where it does not,
    ``at``, the time of the event, finds the ones that were in force then.
    """
    opened = _Opener(folder)
    listed = opened.snapshot(snapshot)
    found = opened.edition(policy, texts, at)
    rules = letters = None
    if found is not None:
        rules = opened.rules(found)
        letters = opened.texts(found)
    return PastBasis(listed, rules, found, letters, tuple(opened.gone), tuple(opened.notes))


class _Opener:
    """Opens one thing after the other, and gathers what is gone."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self.gone: list[str] = []
        self.notes: list[str] = []

    def snapshot(self, digest: str | None) -> Snapshot | None:
        if digest is None:
            self.gone.append("the snapshot: the event names none")
            return None
        try:
            return snapshot_history.load(self._folder, digest)
        except ListError as error:
            self.gone.append(f"the snapshot: {error}")
            return None

    def edition(self, policy: str | None, texts: str | None, at: datetime | None) -> Edition | None:
        if policy is None:
            self.gone.append("the policy: the event names none")
            return None
        if texts is None and at is not None:
            try:
                texts = policy_history.texts_at(self._folder, policy, at)
            except ListError as error:
                self.notes.append(f"the notice texts of that day are not known: {error}")
        try:
            return policy_history.load(self._folder, policy, texts)
        except ListError as error:
            if texts is None:
                self.gone.append(f"the policy: {error}")
                return None
            reason = str(error)
        try:
            found = policy_history.load(self._folder, policy)
        except ListError as error:
            self.gone.append(f"the policy: {error}")
            return None
        self.gone.append(f"the notice texts: {reason}")
        return found

    def rules(self, found: Edition) -> Rules | None:
        try:
            if not found.is_what_it_says():
                if found.version == __version__:
                    self.gone.append(f"the policy: what is kept as {found.policy} is another one")
                    return None
                self.notes.append(
                    f"the rules were kept by Monition {found.version}, which takes another digest "
                    "of the same text than this version does"
                )
            return found.rules()
        except (FaultyFile, OSError) as error:
            self.gone.append(
                f"the policy: kept by Monition {found.version}, it cannot be read: {error}"
            )
            return None

    def texts(self, found: Edition) -> NoticeTexts | None:
        if any(reason.startswith("the notice texts:") for reason in self.gone):
            return None
        try:
            return found.notices()
        except (FaultyFile, OSError) as error:
            self.gone.append(f"the notice texts: they cannot be read: {error}")
            return None
