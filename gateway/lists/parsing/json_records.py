"""JSON objects, one after another: a line each, or all in one array, however long the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.parsing.json_stream import AGAIN, JsonText

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.parsing.untrusted_file import Part


def records(part: Part) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object with the line it begins at.

    The file is an array of objects, or objects with nothing but space between them (JSON lines).
    Only one object and one chunk are held at a time.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not UTF-8, not JSON, cut
    short, no object, or an object that is too long.
    """
    text = JsonText(part)
    is_array = text.sign() == "["
    if is_array:
        text.take("[")
    if text.sign() in {"", "]"}:
        text.refuse(f"holds no record; {AGAIN}")
    while True:
        text.sign()
        yield text.line, text.object()
        if not is_array:
            if not text.sign():
                return
        elif text.take(",", "]") == "]":
            break
    if text.sign():
        text.refuse(f"goes on behind the array's end; {AGAIN}")
