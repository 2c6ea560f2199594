"""A list in XML, read as a stream with suspicion: one closed element after another.

Nothing but the wanted elements is ever built, and of them one at a time, so that memory does not
depend on the file's size. No document type declaration is let through, and with it no entity but
XML's own five: what could make much out of little, or fetch something, is refused by defusedxml.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import ParseError, TreeBuilder

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from gateway.lists.parsing.untrusted_file import refuse, sniffed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    from gateway.lists.parsing.untrusted_file import UntrustedFile

MAX_DEPTH = 64
"""Elements within elements. OFAC's advanced format, the deepest, has 12."""

MAX_NODES = 100_000
"""Elements in one wanted element."""

MAX_TEXT = 16 * 1024 * 1024
"""Characters of text and attributes in one wanted element."""

MAX_TOKEN = 8 * 1024 * 1024
"""Bytes in one tag with its attributes, or one comment: the parser holds it whole."""

MAX_NAMES = 2_000
"""Different names of elements, attributes and prefixes: the parser remembers each."""

_CHUNK = 64 * 1024

# Expat's codes for an end in the middle: no element found, unclosed token, partial character,
# unclosed CDATA section.
_CUT_SHORT = frozenset({3, 5, 6, 20})


def elements(
    file: UntrustedFile, *tags: str, root: str | None = None
) -> Iterator[tuple[int, Element]]:
    """Give each element of the wanted local names when it is closed, with the line it began at.

    Tags come without their namespace, in the element and all below it; attributes keep theirs.
    A wanted element inside a wanted one belongs to the outer and is not given by itself. The
    element is the caller's own: nothing else holds it. ``root`` is the local name that the
    document's outermost element must have.

    Raises :class:`gateway.errors.ListError`, with the line, for what is not well-formed, not UTF-8,
    cut short, beyond the bounds above, has a document type declaration, another root, or none of
    the wanted elements.
    """
    source = sniffed(file)
    wanted = _Wanted(file, frozenset(tags), root)
    # The encoding is given, not taken from the declaration: every list is published in UTF-8, and
    # a declaration that says otherwise is the work of whoever re-encoded the file.
    parser = DefusedXMLParser(target=wanted, encoding="utf-8", forbid_dtd=True)
    wanted.watch(parser)
    fed = 0
    found = False
    try:
        while chunk := source.stream.read(_CHUNK):
            if b"\0" in chunk:
                # The parser would take it for UTF-16, whatever encoding it is given.
                refuse(file, wanted.line, "is not UTF-8; fetch it again as it is published")
            parser.feed(chunk)
            fed += len(chunk)
            if fed - max(parser.parser.CurrentByteIndex, 0) > MAX_TOKEN:
                refuse(file, wanted.line, f"has a tag of more than {MAX_TOKEN} bytes")
            found = found or bool(wanted.closed)
            yield from wanted.taken()
        parser.close()
        found = found or bool(wanted.closed)
        yield from wanted.taken()
    except ParseError as error:
        line = error.position[0]
        if error.code in _CUT_SHORT:
            refuse(file, line, "ends in the middle: it was cut short; fetch it again")
        said = str(error).split(": line ", maxsplit=1)[0]
        refuse(file, line, f"is no XML here: {said}; fetch it again as it is published")
    except DefusedXmlException:
        refuse(
            file,
            wanted.line,
            "has a document type declaration, which no list has and which could hide anything; "
            "fetch it again from its publisher",
        )
    if not found:
        names = ", ".join(f"<{tag}>" for tag in tags)
        refuse(file, None, f"is XML without any {names}; is it the right file?")


def text(element: Element, path: str) -> str:
    """Give the text of the first element at the path, on one line; empty where there is none."""
    return " ".join((element.findtext(path) or "").split())


class _Wanted:
    """What the parser tells is going by; the wanted elements are built, the others passed over."""

    def __init__(self, file: UntrustedFile, tags: frozenset[str], root: str | None) -> None:
        self._part = file
        self._tags = tags
        self._root = root
        self._names: dict[str, str] = {}
        self._depth = 0
        self._parser: DefusedXMLParser | None = None
        self._builder: TreeBuilder | None = None
        self._began = (0, 0)  # depth and line
        self._nodes = 0
        self._size = 0
        self.closed: list[tuple[int, Element]] = []

    def watch(self, parser: DefusedXMLParser) -> None:
        """Take the parser to ask for lines. It must know its target before the target knows it."""
        self._parser = parser

    @property
    def line(self) -> int:
        """The line the parser is at."""
        assert self._parser is not None
        return self._parser.parser.CurrentLineNumber

    def taken(self) -> Iterator[tuple[int, Element]]:
        """Hand over what was closed, each only once and each forgotten here."""
        closed, self.closed = self.closed, []
        closed.reverse()
        while closed:
            yield closed.pop()

    # ── what the parser calls ────────────────────────────────────────────────────────────────

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        """Take an element's beginning."""
        local = self._names.get(tag) or self._local(tag)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            refuse(self._part, self.line, f"has elements more than {MAX_DEPTH} deep")
        if self._depth == 1 and self._root not in {None, local}:
            refuse(
                self._part,
                self.line,
                f"is not the list: its outermost element is <{local[:60]}>, not <{self._root}>",
            )
        for name in attributes:
            if name not in self._names:
                self._local(name)
        if self._builder is None:
            if local not in self._tags:
                return
            self._builder = TreeBuilder()
            self._began = (self._depth, self.line)
            self._nodes = self._size = 0
        self._nodes += 1
        self._grow(sum(map(len, attributes.values())))
        self._builder.start(local, attributes)

    def data(self, data: str) -> None:
        """Take text."""
        if self._builder is not None:
            self._grow(len(data))
            self._builder.data(data)

    def end(self, tag: str) -> None:
        """Take an element's end."""
        if self._builder is not None:
            self._builder.end(self._names[tag])
            if self._depth == self._began[0]:
                self.closed.append((self._began[1], self._builder.close()))
                self._builder = None
        self._depth -= 1

    def start_ns(self, prefix: str, _uri: str) -> None:
        """Take the declaration of a namespace's prefix."""
        key = f"xmlns:{prefix}"
        if key not in self._names:
            self._local(key)

    def close(self) -> None:
        """Take the document's end."""

    # ── bounds ───────────────────────────────────────────────────────────────────────────────

    def _local(self, name: str) -> str:
        if len(self._names) >= MAX_NAMES:
            refuse(self._part, self.line, f"has more than {MAX_NAMES} different names of elements")
        return self._names.setdefault(name, name.rpartition("}")[2])

    def _grow(self, characters: int) -> None:
        self._size += characters
        if self._nodes > MAX_NODES or self._size > MAX_TEXT:
            refuse(
                self._part,
                self._began[1],
                f"has an element of more than {MAX_NODES} parts or {MAX_TEXT} characters",
            )
