"""``monition audit replay``: an old event judged again, by what it rested on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import read_as
from gateway.cli.shared.tables import emit, visible
from gateway.compliance.audit import replay as judged_again
from gateway.compliance.audit.replay import Observed, Told
from gateway.errors import LedgerError
from gateway.ledger.query.logged_reading import Reading
from gateway.ledger.record.record import Part
from gateway.list_store.files.paths import Folder

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from gateway.compliance.audit.replay import Judgement
    from gateway.ledger.query.logged_reading import Access, Story


@click.command(epilog=example("monition audit replay 01KB8Q", "monition audit list --limit 3"))
@click.argument("event")
@format_option(("table", "json"))
@read_as("audit replay")
@config_option
def replay(event: str, config_file: Path | None, output_format: str, who: Access | None) -> None:
    """Judge EVENT again by the lists, rules and notice texts it names, and compare.

    EVENT is an id or the beginning of one. Status 0: all comes out as the event says; 1: something
    differs, or is gone and cannot be compared.
    """
    config = load_config(config_file)
    with Reading(config.ledger.path, who) as reading:
        stories = reading.judged(event)
        found = _observed(event, stories)
        judgement = judged_again.judge(
            Folder(config.lists.directory), config, found, _told(reading, stories)
        )
        is_veiled = not reading.shows_names
    if output_format == "json":
        emit([_as_object(found, judgement, is_veiled=is_veiled)], format="json")
    else:
        for line in _as_text(found, judgement, is_veiled=is_veiled):
            click.echo(visible(line))
    if not judgement.is_same:
        sys.exit(1)


def _observed(asked: str, stories: Sequence[Story]) -> Observed:
    for story in stories:
        if story.event.kind == "OBSERVED":
            event, personal = story.event, story.personal
            return Observed(
                event.id,
                event.at,
                story.facts,
                personal.get(Part.SENDER),
                personal.get(Part.RECIPIENT),
            )
    raise LedgerError(
        f"{asked} is an event of kind {stories[0].event.kind}, which rests on no verdict: "
        "`monition audit list` shows those that do"
    )


def _told(reading: Reading, stories: Sequence[Story]) -> Told | None:
    sent = [
        story.facts
        for story in stories
        if story.event.kind == "NOTIFIED" and story.facts["result"] == "sent"
    ]
    return Told(sent[-1], reading.reader.notice(sent[-1]["notice"])) if sent else None


def _shown(value: object, *, is_veiled: bool) -> object:
    """A value as it may be shown: without an address where people are pseudonyms."""
    return "…" if is_veiled and "@" in str(value) else value


def _as_object(found: Observed, judgement: Judgement, *, is_veiled: bool) -> dict[str, Any]:
    return {
        "event": found.id,
        "at": found.at,
        "same": judgement.is_same,
        "compared": list(judgement.compared),
        "differences": [
            {
                "field": each.field,
                "then": _shown(each.then, is_veiled=is_veiled),
                "now": _shown(each.now, is_veiled=is_veiled),
            }
            for each in judgement.differences
        ],
        "gone": list(judgement.gone),
        "notes": list(judgement.notes),
    }


def _as_text(found: Observed, judgement: Judgement, *, is_veiled: bool) -> Iterator[str]:
    facts = found.facts
    name = facts["entity_name"] or "an institution"
    rule = _shown(facts["policy_rule"] or "…", is_veiled=is_veiled)
    yield f"{found.id} at {found.at}: {facts['standing']}, {name}; {rule}"
    for each in judgement.differences:
        then, now = (_shown(value, is_veiled=is_veiled) for value in (each.then, each.now))
        yield f"  {each.field} differs: then {_word(then)}, now {_word(now)}"
    for reason in judgement.gone:
        yield f"  gone: {reason}"
    for note in judgement.notes:
        yield f"  note: {note}"
    same = [
        name for name in judgement.compared if name not in {d.field for d in judgement.differences}
    ]
    if judgement.is_same:
        notice = " and the notice, byte for byte" if "notice" in same else ""
        yield f"The verdict, its rule{notice} come out as they were."
    elif same:
        yield f"The same as it was: {', '.join(same)}."


def _word(value: object) -> str:
    if value is None:
        return "nothing"
    return "; ".join(map(str, value)) if isinstance(value, list) else str(value)
