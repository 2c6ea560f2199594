"""An event's story laid out for a terminal: 79 columns, each line safe to print."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from gateway.cli.shared.tables import visible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.compliance.audit.event_story import EventInWords, EventStory

_WIDTH = 79
_INDENT = 24


def as_text(story: EventStory) -> str:
    """Lay out a story: each event with its sentence and its values, then the place in the chain."""
    lines: list[str] = []
    for one in story.events:
        lines += [*_laid_out(one), ""]
    lines += [
        "Place in the chain",
        *_field("row", f"{story.row} of {story.rows}"),
        *_field("hash", story.hash),
        *_field("previous", story.previous),
        *_field("sealed parts", ", ".join(story.sealed_parts) or "none"),
        "  `monition audit verify` checks that it is what was written.",
    ]
    return "\n".join(lines)


def _laid_out(event: EventInWords) -> Iterator[str]:
    yield f"{event.kind} {event.id} at {event.at}"
    if event.sentence:
        shown = visible(event.sentence)
        yield from textwrap.wrap(shown, _WIDTH, initial_indent="  ", subsequent_indent="  ")
    for name, value in event.fields:
        yield from _field(name, value)


def _field(name: str, value: object) -> Iterator[str]:
    if isinstance(value, list):
        value = "; ".join(map(str, value))
    if isinstance(value, bool):
        value = "yes" if value else "no"
    # A label of two words may be longer than its column; what follows is wrapped around it.
    label = f"  {name.replace('_', ' '):<{_INDENT - 2}} "
    yield from textwrap.wrap(
        visible(str(value)) or '""',
        _WIDTH,
        initial_indent=label,
        subsequent_indent=" " * (_INDENT + 1),
        break_on_hyphens=False,
        break_long_words=False,
    )
