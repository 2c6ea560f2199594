"""JSON objects, one after another: a line each, or all in one array, however long the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.parsing.json_stream import AGAIN, JsonStream

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.parsing.untrusted_file import UntrustedFile


def records(file: UntrustedFile) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object with the line it begins at.

    The file is an array of objects, or objects with nothing but space between them (JSON lines).
    Only one object and one chunk are held at a time.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not UTF-8, not JSON, cut
    short, no object, or an object that is too long.
    """
    text = JsonStream(file)
    is_array = text.next_character() == "["
    if is_array:
        text.take("[")
    if text.next_character() in {"", "]"}:
        text.refuse(f"holds no record; {AGAIN}")
    while True:
        text.next_character()
        yield text.line, text.object()
        if not is_array:
            if not text.next_character():
                return
        elif text.take(",", "]") == "]":
            break
    if text.next_character():
        text.refuse(f"goes on behind the array's end; {AGAIN}")
