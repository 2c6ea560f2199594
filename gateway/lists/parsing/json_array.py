"""The objects of an array that a JSON object holds, one after another, however long the file is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.lists.parsing.json_stream import AGAIN, JsonStream
from gateway.lists.parsing.untrusted_file import refuse

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.lists.parsing.untrusted_file import UntrustedFile

MAX_FILE = 256 * 1024 * 1024
"""Characters in the file: what is made of its objects is held to the end. The list's has 33 MB."""


def objects_under(file: UntrustedFile, key: str) -> Iterator[tuple[int, dict[str, object]]]:
    """Give each object of the array under a key of the document's outermost object, and its line.

    Other keys are passed over. Only one value and one chunk are held at a time.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not UTF-8, not JSON, cut
    short, goes on behind its end, holds anything but objects in the array, or has no such array.
    """
    text = JsonStream(file, MAX_FILE)
    has_array = False
    text.take("{")
    if text.next_character() == "}":
        refuse(file, text.line, "is an empty JSON object; is it the right file?")
    while True:
        name = text.value()
        text.take(":")
        if name == key and text.next_character() == "[":
            has_array = True
            yield from _objects(text)
        else:
            text.value()
        if text.take(",", "}") == "}":
            break
    if text.next_character():
        text.refuse(f"goes on behind its end; {AGAIN}")
    if not has_array:
        refuse(file, None, f"is JSON without an array {key!r}; is it the right file?")


def _objects(text: JsonStream) -> Iterator[tuple[int, dict[str, object]]]:
    text.take("[")
    if text.next_character() == "]":
        text.take("]")
        return
    while True:
        text.next_character()
        line, found = text.line, text.value()
        if not isinstance(found, dict):
            text.refuse("has something else than objects in its array; is it the right file?")
        yield line, found
        if text.take(",", "]") == "]":
            return
