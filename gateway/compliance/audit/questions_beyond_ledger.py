"""Questions that the ledger alone cannot answer: with the lists, the policy, its exceptions (A6).

Each is asked of an open ledger, where names are shown it is recorded who looks, and ``limit`` is
the most rows, ``None`` all.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from gateway.compliance.audit.ask_ledger import ask, worded_answer
from gateway.compliance.audit.event_story import why_matched as why_in_words
from gateway.compliance.previews.try_address import TrialBasis, try_address
from gateway.compliance.sanction_lists.current_lists import current_lists
from gateway.compliance.sanction_lists.list_change import affected, compare
from gateway.errors import FaultyFile, LedgerError
from gateway.ledger.query.run_question import QuestionAnswer
from gateway.ledger.questions.questions_lists import LIST_CHANGE, WHY_NOT
from gateway.ledger.questions.questions_office import EXCEPTIONS
from gateway.ledger.record.record import Part
from gateway.policy import rules as policy
from gateway.policy.decide import sends_notices
from gateway.policy.exceptions import read_exceptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.compliance.audit.ask_ledger import WordedAnswer
    from gateway.compliance.previews.try_address import Verdict
    from gateway.compliance.sanction_lists.current_lists import CurrentLists
    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.policy.conditions import Parties
    from gateway.policy.exceptions import Exemption

# Of an observed recipient, in the order in which an officer asks.
_WHY = (
    *("entity", "entity_name", "list", "programme", "uid", "listed_on", "effective_from"),
    *("wind_down_until", "standing", "tier", "kind", "matched", "rule", "evidence", "policy_rule"),
    *("action", "mode", "department", "snapshot", "policy"),
)


@dataclass(frozen=True, slots=True)
class Why:
    """Why a message matched: in words, and the facts that it rests on; ``None`` has no fact."""

    sentence: str
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class WhyNot:
    """What an address comes out as, by which lists and rules, and what the ledger saw of it."""

    verdict: Verdict
    basis: TrialBasis
    lists: CurrentLists
    seen: WordedAnswer


def why(reading: LoggedReading, event: str) -> Why:
    """Tell why the message of the event whose id begins so matched.

    Raises ``LedgerError`` where no event's id begins so, several do, or it belongs to no message.
    """
    story, related = reading.find(event)
    observed = next((one for one in (story, *related) if one.event.kind == "OBSERVED"), None)
    if observed is None:
        raise LedgerError(
            f"{story.event.id} is of kind {story.event.kind} and belongs to no message: "
            "`monition audit list` shows what matched"
        )
    people = {part: content or {} for part, content in observed.personal.items()}
    recipient = people.get(Part.RECIPIENT, {})
    facts = {
        "id": observed.event.id,
        "at": observed.event.at,
        "sender": people.get(Part.SENDER, {}).get("address"),
        "recipient": recipient.get("address"),
        # What names a person lies in a person's part.
        **{name: observed.facts.get(name) or recipient.get(name) for name in _WHY},
    }
    return Why(why_in_words(observed.facts), facts)


def why_not(
    config: Config,
    reading: LoggedReading,
    address: str,
    on: date | None = None,
    limit: int | None = None,
) -> WhyNot:
    """Tell what an address comes out as on a day, left out today (UTC), and where it was seen.

    Raises ``LedgerError`` for an address where people are pseudonyms, and ``FaultyFile`` for what
    is wrong in the policies.
    """
    rules = policy.load(config.policies.directory)
    now = datetime.now(UTC)
    values = {"address": address, "on": None if on is None else on.isoformat()}
    seen = ask(reading, WHY_NOT, values=values, limit=limit)
    lists = current_lists(config, now)
    writes = sends_notices(config.policies.mode)
    basis = TrialBasis(lists.snapshot, rules, on or now.date(), writes=writes)
    return WhyNot(try_address(address, basis), basis, lists, seen)


def list_change(
    config: Config,
    reading: LoggedReading,
    before: str | None,
    after: str | None,
    limit: int | None = None,
) -> WordedAnswer | None:
    """Tell what in the ledger a change of the lists touches, its recipients screened again today.

    The snapshots are named as :func:`gateway.compliance.sanction_lists.list_change.compare` takes
    them; ``None``: there is only one. Raises ``FaultyFile`` for lists and policies.
    """
    found = compare(config, before, after)
    if found is None:
        return None
    answer = affected(config, reading, found, datetime.now(UTC).date(), limit)
    return worded_answer(LIST_CHANGE, answer)


def exceptions(
    config: Config, reading: LoggedReading, values: Mapping[str, Any], limit: int | None = None
) -> WordedAnswer:
    """Tell which exceptions are in force, the policy's beside the office's, the first to end first.

    ``values`` are the question's own. Raises ``FaultyFile`` for what is wrong in the policy's file.
    """
    today = datetime.now(UTC).date()
    faults: list[Fault] = []
    file = config.policies.directory / "exceptions.toml"
    written = [each for each in read_exceptions(file, faults) if not each.has_expired(today)]
    if faults:
        raise FaultyFile(faults)
    found = ask(reading, EXCEPTIONS, values=values, limit=limit)
    rows = [*(_as_row(each, reading) for each in written), *found.rows]
    rows.sort(key=lambda row: row["expires_on"] or "9999")
    page = rows[:limit] if limit else rows
    has_more = found.has_more or len(rows) > len(page)
    return worded_answer(EXCEPTIONS, QuestionAnswer(page, has_more))


def _as_row(exemption: Exemption, reading: LoggedReading) -> dict[str, Any]:
    conditions, until = exemption.conditions, exemption.conditions.until
    row: dict[str, Any] = {
        "source": "policy",
        "name": exemption.name,
        "entity_name": ", ".join(sorted(conditions.entity)) or None,
        "disposition": "licensed" if exemption.licence else "exempt",
        "licence": exemption.licence,
        "expires_on": until and until.isoformat(),
    }
    if not reading.shows_names:
        return {**row, "name": None if "@" in exemption.name else exemption.name}
    return {
        **row,
        "sender": _parties(conditions.sender),
        "recipient": _parties(conditions.recipient),
        "by": exemption.owner,
        "reason": exemption.reason,
    }


def _parties(parties: Parties) -> str | None:
    return ", ".join(sorted({*parties.addresses, *parties.domains})) or None
