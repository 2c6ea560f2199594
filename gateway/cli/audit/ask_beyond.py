"""Questions that the ledger alone cannot answer: with the lists, the policy, a checkpoint."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.audit import verify
from gateway.cli.check import as_json, explanation, judge
from gateway.cli.lists import affected
from gateway.cli.shared.audit_answer import show
from gateway.cli.shared.options import load_snapshot
from gateway.cli.shared.tables import emit, say, visible
from gateway.compliance.audit.ask_ledger import answered
from gateway.compliance.audit.event_story import why as why_in_words
from gateway.errors import FaultyFile, LedgerError
from gateway.ledger.query.run_question import Answer
from gateway.ledger.record.record import Part
from gateway.list_store.files.paths import Folder
from gateway.list_store.snapshots import compare_snapshots
from gateway.policy import rules as policy
from gateway.policy.decide import may_write
from gateway.policy.exceptions import read_exceptions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.config import Config
    from gateway.errors import Fault
    from gateway.ledger.query.logged_reading import Reading
    from gateway.ledger.questions.question import Question
    from gateway.policy.conditions import Parties
    from gateway.policy.exceptions import Exemption


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with all that it is asked with; ``limit=0`` is all rows."""

    config: Config
    reading: Reading
    question: Question
    values: Mapping[str, Any]
    limit: int
    output_format: str

    def of_the_ledger(self) -> Answer:
        """What the ledger alone says."""
        now = datetime.now(UTC)
        return self.reading.ask(
            self.question, values=self.values, now=now, limit=self.limit or None
        )


# Of an observed recipient, in the order in which an officer asks.
_WHY = (
    *("entity", "entity_name", "list", "programme", "uid", "listed_on", "effective_from"),
    *("wind_down_until", "standing", "tier", "kind", "matched", "rule", "evidence", "policy_rule"),
    *("action", "mode", "department", "snapshot", "policy"),
)


def _why(asked: Asked) -> None:
    story, related = asked.reading.find(asked.values["event"])
    observed = next((one for one in (story, *related) if one.event.kind == "OBSERVED"), None)
    if observed is None:
        raise LedgerError(
            f"{story.event.id} is of kind {story.event.kind} and belongs to no message: "
            "`monition audit list` shows what matched"
        )
    people = {part: content or {} for part, content in observed.personal.items()}
    recipient = people.get(Part.RECIPIENT, {})
    told = {
        "id": observed.event.id,
        "at": observed.event.at,
        "sender": people.get(Part.SENDER, {}).get("address"),
        "recipient": recipient.get("address"),
        # What names a person lies in a person's part.
        **{name: observed.facts.get(name) or recipient.get(name) for name in _WHY},
    }
    say(visible(why_in_words(observed.facts)))
    rows = [{"field": name, "value": value} for name, value in told.items() if value is not None]
    if asked.output_format == "json":
        emit([told], format="json")
    elif asked.output_format == "csv":
        emit(rows, columns=asked.question.columns, format="csv")
    else:
        # All of it, also what is long.
        emit(rows, columns=asked.question.shown)


def _why_not(asked: Asked) -> None:
    rules = policy.load(asked.config.policies.directory)
    day = date.fromisoformat(asked.values["on"]) if asked.values["on"] else datetime.now(UTC).date()
    found = asked.of_the_ledger()
    verdict = judge(asked.values["address"], None, load_snapshot(asked.config), rules, day)
    if asked.output_format == "json":
        say(asked.question.said.of(len(found.rows), has_more=found.has_more))
        emit([{**as_json(verdict), "seen": found.rows}], format="json")
        return
    # As data where people read it; beside the data where a program does.
    for line in explanation(verdict, rules, writes=may_write(asked.config.policies.mode)):
        click.echo(line, err=asked.output_format == "csv")
    show(asked.question, answered(asked.question, found), asked.output_format)


def _list_change(asked: Asked) -> None:
    compared = compare_snapshots.pair(
        Folder(asked.config.lists.directory), asked.values["before"], asked.values["after"]
    )
    if compared is None:
        say("Only one snapshot was ever in force: there is nothing to compare it with yet.")
        return
    changes = compare_snapshots.changes(compared)
    tiers = policy.load(asked.config.policies.directory).tiers
    today = datetime.now(UTC).date()
    found = asked.reading.affected(
        lambda rows: affected.touched(rows, compared, changes, tiers, today),
        limit=asked.limit or None,
    )
    show(asked.question, answered(asked.question, found), asked.output_format)
    say("Mail that was never matched is not in the ledger: see docs/lists.md, Looking back.")


def _exceptions(asked: Asked) -> None:
    today = datetime.now(UTC).date()
    faults: list[Fault] = []
    file = asked.config.policies.directory / "exceptions.toml"
    written = [each for each in read_exceptions(file, faults) if not each.has_expired(today)]
    if faults:
        raise FaultyFile(faults)
    found = asked.of_the_ledger()
    rows = [*(_as_row(each, asked.reading) for each in written), *found.rows]
    rows.sort(key=lambda row: row["expires_on"] or "9999")
    page = rows[: asked.limit] if asked.limit else rows
    has_more = found.has_more or len(rows) > len(page)
    told = answered(asked.question, Answer(page, has_more))
    show(asked.question, told, asked.output_format)


def _as_row(exemption: Exemption, reading: Reading) -> dict[str, Any]:
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


def _intact(asked: Asked) -> None:
    """Hand it on to ``audit verify``, which answers with its status too."""
    if asked.output_format == "csv":
        raise click.UsageError("--format csv has nothing to show here: take table or json.")
    arguments = ["--config", str(asked.config.file), "--format", asked.output_format]
    if asked.values["checkpoint"]:
        arguments += ["--checkpoint", asked.values["checkpoint"]]
    with verify.verify.make_context("verify", arguments) as context:
        verify.verify.invoke(context)


ANSWERS: Mapping[str, Callable[[Asked], None]] = {
    "why": _why,
    "why-not": _why_not,
    "list-change": _list_change,
    "exceptions": _exceptions,
    "intact": _intact,
}
"""Who answers which of them."""

ONE_THING = {"why", "intact"}
"""Answers that no asked.limit of rows makes sense for."""
