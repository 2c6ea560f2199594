"""What changed between two snapshots of the lists, and what that touches in the ledger (S10, S11).

The recipients that the ledger holds are screened again. Mail that was never matched is not in it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, NamedTuple

from gateway.addresses.address_text import from_text
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.snapshots import compare_snapshots
from gateway.lists.snapshot_diff import ChangedPart, ChangeKind
from gateway.model import Standing
from gateway.policy import rules as policy
from gateway.policy.tiers import with_strictest_listing
from gateway.screening.classify import classify

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.ledger.query.run_question import QuestionAnswer
    from gateway.list_store.snapshots.compare_snapshots import ComparedSnapshots
    from gateway.lists.snapshot_diff import Change
    from gateway.model import Listing, Tier
    from gateway.policy.tiers import Tiers
    from gateway.screening.snapshot import Snapshot

COLUMNS = (
    *("id", "at", "sender", "recipient"),
    *("standing", "tier", "entity", "entity_name", "matched"),
    *("standing_before", "tier_before", "entity_before", "matched_before"),
    *("standing_now", "tier_now", "entity_now", "entity_name_now", "matched_now"),
    *("effect", "changes"),
)
"""The keys of an event that a change touches."""

# What an institution is called bears on no verdict; a domain does on those who match it.
_OF_ALL_EVENTS = {ChangedPart.ENTITY, ChangedPart.ID, ChangedPart.LISTING}
_OF_A_VERDICT = {*_OF_ALL_EVENTS, ChangedPart.DOMAIN, ChangedPart.ADDRESS, ChangedPart.LINKED}

EFFECTS = ("newly listed", "no longer listed", "other verdict", "other listing", "not known")
"""What a change means for an event, the first to be looked at first."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two snapshots, and the changes in the institutions from the older to the newer, by id."""

    pair: ComparedSnapshots
    changes: tuple[Change, ...]


def compare(config: Config, before: str | None, after: str | None) -> Comparison | None:
    """Compare two snapshots, each named by the start of its digest or by a day, ``2026-11-01``.

    A day stands for what was in force when it ended (UTC). Left out, ``after`` is the snapshot in
    force and ``before`` the one before it; ``None``: there is no such yet. Raises
    :class:`gateway.errors.ListError` where one is not known, damaged, or two are meant.
    """
    pair = compare_snapshots.find_snapshots(Folder.of(config), before, after)
    return pair and Comparison(pair, tuple(compare_snapshots.changes(pair)))


def affected(
    config: Config, reading: LoggedReading, found: Comparison, on: date, limit: int | None = None
) -> QuestionAnswer:
    """Give the events in the ledger that a change touches, screened again for a day.

    Rows and order are those of :func:`affected_events`, at most ``limit``. Where names are shown,
    who looks is recorded. Raises :class:`gateway.errors.FaultyFile` where the policies cannot be
    read.
    """
    tiers = policy.load(config.policies.directory).tiers
    return reading.affected(
        lambda rows: affected_events(rows, found.pair, found.changes, tiers, on), limit=limit
    )


class _Verdict(NamedTuple):
    """What is compared of a verdict before the change and after it."""

    standing: Standing
    tier: Tier | None
    entity: str | None
    entity_name: str | None
    matched: str | None
    listing: Listing | None

    @property
    def substance(self) -> tuple[object, ...]:
        """What makes it this verdict: no name, nor where one reads of the listing."""
        listing = self.listing and replace(self.listing, source=None)
        return self.standing, self.tier, self.entity, self.matched, listing


def affected_events(
    sightings: Iterable[Row],
    compared: ComparedSnapshots,
    changes: Sequence[Change],
    tiers: Tiers,
    on: date,
) -> list[dict[str, Any]]:
    """Give the events that a change touches, with the keys of :data:`COLUMNS`.

    An event is touched where its recipient is another verdict's by the newer snapshot than by the
    older one, both on that day, or where its institution came, went or is listed otherwise. What
    is newly listed comes first; within, the order is that of ``sightings``.
    """
    by_entity: dict[str, list[Change]] = {}
    for change in changes:
        if change.what in _OF_A_VERDICT:
            for id_ in {change.entity, change.before if change.what is ChangedPart.ID else None}:
                if id_ is not None:
                    by_entity.setdefault(id_, []).append(change)
    again = _Again(compared, tiers, on)
    found = [row for each in sightings if (row := _row(each, again, by_entity)) is not None]
    return sorted(found, key=lambda row: EFFECTS.index(row["effect"]))


def _row(
    sighting: Row, again: _Again, by_entity: Mapping[str, list[Change]]
) -> dict[str, Any] | None:
    if sighting["recipient"] is None:
        if (of_entity := by_entity.get(sighting["entity"])) is None:
            return None
        return _as_row(sighting, (None, None), "not known", of_entity)
    before, after = again.verdicts(sighting["recipient"])
    at_all = any(change.what in _OF_ALL_EVENTS for change in by_entity.get(sighting["entity"], ()))
    if before.substance == after.substance and not at_all:
        return None
    ids = dict.fromkeys((sighting["entity"], before.entity, after.entity))
    concerned = dict.fromkeys(
        change
        for id_ in ids
        if id_ is not None
        for change in by_entity.get(id_, ())
        if change.what in _OF_ALL_EVENTS or change.value in (before.matched, after.matched)
    )
    return _as_row(sighting, (before, after), _effect(before, after), concerned)


def _effect(before: _Verdict, after: _Verdict) -> str:
    if before.standing is not after.standing:
        if after.standing is Standing.LISTED:
            return "newly listed"
        if before.standing is Standing.LISTED:
            return "no longer listed"
        return "other verdict"
    same = (before.tier, before.entity, before.matched) == (after.tier, after.entity, after.matched)
    return "other listing" if same else "other verdict"


def _as_row(
    sighting: Row,
    verdicts: tuple[_Verdict | None, _Verdict | None],
    effect: str,
    changes: Iterable[Change],
) -> dict[str, Any]:
    before, after = verdicts
    return {
        **sighting,
        "standing_before": before and before.standing,
        "tier_before": before and before.tier,
        "entity_before": before and before.entity,
        "matched_before": before and before.matched,
        "standing_now": after and after.standing,
        "tier_now": after and after.tier,
        "entity_now": after and after.entity,
        "entity_name_now": after and after.entity_name,
        "matched_now": after and after.matched,
        "effect": effect,
        "changes": list(map(str, changes)),
    }


class _Again:
    """Screens recipients by both snapshots, each recipient once."""

    def __init__(self, compared: ComparedSnapshots, tiers: Tiers, on: date) -> None:
        self._compared = compared
        self._tiers = tiers
        self._on = on
        self._known: dict[str, tuple[_Verdict, _Verdict]] = {}

    def verdicts(self, recipient: str) -> tuple[_Verdict, _Verdict]:
        if (known := self._known.get(recipient)) is None:
            before, after = self._compared
            known = self._known[recipient] = self._by(recipient, before), self._by(recipient, after)
        return known

    def _by(self, recipient: str, snapshot: Snapshot) -> _Verdict:
        finding = classify(from_text(recipient), snapshot, self._on)
        finding = with_strictest_listing(finding, self._tiers, self._on)
        entity = finding.entity
        # A clear one may bear the entity that explains why: that is no institution's verdict.
        if finding.standing is Standing.CLEAR or entity is None:
            return _Verdict(finding.standing, None, None, None, None, None)
        return _Verdict(
            finding.standing, finding.tier, entity.id, entity.name, finding.matched, finding.listing
        )


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """Say in lines how much of the ledger is touched, from the rows of :func:`affected_events`."""
    if not rows:
        yield "Nothing that the ledger holds is touched."
        return
    senders = {row["sender"] for row in rows if row["sender"] is not None}
    yield f"{counted(len(rows), 'event')} of {counted(len(senders), 'sender')} touched:"
    for effect in EFFECTS:
        if count := sum(row["effect"] == effect for row in rows):
            yield f"  {effect}: {count}"
    if any(row["effect"] == "not known" for row in rows):
        yield "  (not known: the recipient was erased and cannot be screened again)"


def change_summary(found: Comparison) -> Iterator[str]:
    """Say in lines how much changed from one snapshot to the other."""
    before, after = (each.digest[7:19] for each in found.pair)
    where = f"From {before} to {after}"
    if found.changes:
        institutions = len({each.entity for each in found.changes})
        yield f"{where}, {counted(institutions, 'institution')} changed:"
        kinds = Counter((each.what, each.how) for each in found.changes)
        for what in ChangedPart:
            some = [f"{count} {how}" for how in ChangeKind if (count := kinds[what, how])]
            if some:
                yield f"  {what}: {', '.join(some)}"
    elif found.pair.before.digest == found.pair.after.digest:
        yield f"The two snapshots are one, {after}."
    else:
        yield (
            f"{where}, no institution changed: what is known of mail providers and offices did, "
            "or the source of a listing."
        )


def counted(number: int, what: str) -> str:
    """A number with what it counts, as in ``1 event`` and ``2 events``."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
