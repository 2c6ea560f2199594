"""``monition audit replay``: an old event judged again, by what it rested on."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import access_options
from gateway.cli.shared.tables import emit, visible
from gateway.compliance.actor import open_as
from gateway.compliance.audit.replay import replay as replay_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.compliance.actor import Access
    from gateway.compliance.audit.replay import ReplayedEvent


@click.command(epilog=example("monition audit replay 01KB8Q", "monition audit list --limit 3"))
@click.argument("event")
@format_option(("table", "json"))
@access_options("audit replay")
@config_option
def replay(event: str, config_file: Path | None, output_format: str, who: Access | None) -> None:
    """Judge EVENT again by the lists, rules and notice texts it names, and compare.

    EVENT is an id or the beginning of one. Status 0: all comes out as the event says; 1: something
    differs, or is gone and cannot be compared.
    """
    config = load_config(config_file)
    with open_as(config, who) as reading:
        replayed = replay_of(config, reading, event)
    if output_format == "json":
        emit([_as_object(replayed)], format="json")
    else:
        for line in _as_text(replayed):
            click.echo(visible(line))
    if not replayed.judgement.is_same:
        sys.exit(1)


def _as_object(replayed: ReplayedEvent) -> dict[str, Any]:
    judgement = replayed.judgement
    return {
        "event": replayed.id,
        "at": replayed.at,
        "same": judgement.is_same,
        "compared": list(judgement.compared),
        "differences": [
            {"field": each.field, "then": each.then, "now": each.now}
            for each in judgement.differences
        ],
        "gone": list(judgement.gone),
        "notes": list(judgement.notes),
    }


def _as_text(replayed: ReplayedEvent) -> Iterator[str]:
    judgement = replayed.judgement
    name = replayed.entity_name or "an institution"
    rule = replayed.policy_rule or "…"
    yield f"{replayed.id} at {replayed.at}: {replayed.standing}, {name}; {rule}"
    for each in judgement.differences:
        yield f"  {each.field} differs: then {_word(each.then)}, now {_word(each.now)}"
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
