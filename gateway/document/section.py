"""One table of a document, taken apart key by key; every fault is told, none is raised.

A take that finds a fault records it and hands back the default, or a stand-in of the right type
(``""``, ``0``, ``()``, the first member of an enum, ``date.min``), so that reading goes on to
the next fault. ``Document.check()`` raises before a stand-in can be used.
"""

from __future__ import annotations

import datetime as dt
import difflib
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeVar, overload

from gateway.document import document_values as values
from gateway.document.lines import Path, dotted

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

T = TypeVar("T")
D = TypeVar("D")
E = TypeVar("E", bound=StrEnum)

_REQUIRED: Final[Any] = object()


class EnclosingDocument(Protocol):
    """What a section asks of the document it lies in."""

    def add_fault(self, path: Path, message: str) -> None:
        """Note a fault at ``path``, on its line or the nearest enclosing one."""

    def line_of(self, path: Path) -> int | None:
        """Line of ``path``, else of the nearest enclosing key that has one."""

    def register(self, section: Section) -> set[str]:
        """Remember a section; gives the keys asked for at its path, shared if opened twice."""


class Section:
    """A table of the document, or an absent one: every take then gives its default.

    ``path`` leads to it from the root, which is ``()``. A take without a default is of a required
    key: a fault where it is missing.
    """

    def __init__(self, document: EnclosingDocument, path: Path, data: Mapping[str, Any]) -> None:
        self.path = path
        self._document = document
        self._data = data
        self._finished = False
        self.known = document.register(self)
        """Keys that were asked for."""

    def __contains__(self, key: str) -> bool:
        return key in self._data

    def __repr__(self) -> str:
        return f"<Section {self.name() or 'root'}: {', '.join(self._data) or 'empty'}>"

    def keys(self) -> tuple[str, ...]:
        """List the keys that are written here, in their order, known or not."""
        return tuple(self._data)

    def name(self, key: str | None = None) -> str:
        """Give the dotted name of this section, or of a key in it: ``rule[2].action``."""
        return dotted(self.path if key is None else (*self.path, key))

    def line(self, key: str | None = None) -> int | None:
        """Give the line of ``key`` or of the section itself, counted from 1.

        Where that has none, the line of the nearest enclosing key; ``None`` for the whole file.
        """
        return self._document.line_of(self.path if key is None else (*self.path, key))

    def fault(self, key: str | None, message: str, *, index: int | None = None) -> None:
        """Tell that ``key`` (or its item ``index``, from 0; or the section) is wrong."""
        path = self.path if key is None else (*self.path, key)
        self._document.add_fault(path if index is None else (*path, index), message)

    # ── single values ────────────────────────────────────────────────────────────────────────

    @overload
    def text(self, key: str, *, multiline: bool = False) -> str: ...
    @overload
    def text(self, key: str, *, default: D, multiline: bool = False) -> str | D: ...
    def text(self, key: str, *, default: Any = _REQUIRED, multiline: bool = False) -> Any:
        """Take a text, never blank; one line without control characters unless ``multiline``."""
        return self._take(key, default, "", lambda value: values.text(value, multiline=multiline))

    @overload
    def integer(self, key: str, *, at_least: int = ..., at_most: int = ...) -> int: ...
    @overload
    def integer(
        self, key: str, *, default: D, at_least: int = ..., at_most: int = ...
    ) -> int | D: ...
    def integer(
        self,
        key: str,
        *,
        default: Any = _REQUIRED,
        at_least: int = 0,
        at_most: int = 2**63 - 1,
    ) -> Any:
        """Take a whole number within its bounds, both included; the least is 0 unless told."""
        return self._take(key, default, 0, lambda value: values.integer(value, at_least, at_most))

    @overload
    def flag(self, key: str) -> bool: ...
    @overload
    def flag(self, key: str, *, default: D) -> bool | D: ...
    def flag(self, key: str, *, default: Any = _REQUIRED) -> Any:
        """Take ``true`` or ``false``."""
        return self._take(key, default, False, values.flag)  # noqa: FBT003 - the stand-in

    @overload
    def date(self, key: str) -> dt.date: ...
    @overload
    def date(self, key: str, *, default: D) -> dt.date | D: ...
    def date(self, key: str, *, default: Any = _REQUIRED) -> Any:
        """Take a day, written ``2026-11-22`` without quotes."""
        return self._take(key, default, dt.date.min, values.date)

    @overload
    def choice(self, key: str, kind: type[E]) -> E: ...
    @overload
    def choice(self, key: str, kind: type[E], *, default: D) -> E | D: ...
    def choice(self, key: str, kind: type[E], *, default: Any = _REQUIRED) -> Any:
        """Take a member of ``kind``, written as its value."""
        return self._take(key, default, next(iter(kind)), lambda value: values.member(value, kind))

    @overload
    def parsed(self, key: str, parse: Callable[[str], T]) -> T | None: ...
    @overload
    def parsed(self, key: str, parse: Callable[[str], T], *, default: D) -> T | D: ...
    def parsed(self, key: str, parse: Callable[[str], T], *, default: Any = _REQUIRED) -> Any:
        """Take a text through ``parse``, whose ``ValueError`` becomes the fault.

        The stand-in of a required one is ``None``.
        """
        return self._take(key, default, None, lambda value: parse(values.text(value)))

    @overload
    def value(self, key: str, read: Callable[[Any], T]) -> T | None: ...
    @overload
    def value(self, key: str, read: Callable[[Any], T], *, default: D) -> T | D: ...
    def value(self, key: str, read: Callable[[Any], T], *, default: Any = _REQUIRED) -> Any:
        """Take a value of any TOML type through ``read``; its ``ValueError`` becomes the fault.

        The stand-in of a required one is ``None``.
        """
        return self._take(key, default, None, read)

    # ── lists ────────────────────────────────────────────────────────────────────────────────

    def texts(self, key: str, *, default: Iterable[str] = _REQUIRED) -> tuple[str, ...]:
        """Take a list of texts, each as :meth:`text`; required ones hold at least one."""
        return self._items(key, values.text, default)

    def choices(
        self, key: str, kind: type[E], *, default: Iterable[E] = _REQUIRED
    ) -> tuple[E, ...]:
        """Take a list of members of ``kind``; required ones hold at least one."""
        return self._items(key, lambda value: values.member(value, kind), default)

    def parsed_list(
        self, key: str, parse: Callable[[str], T], *, default: Iterable[T] = _REQUIRED
    ) -> tuple[T, ...]:
        """Take a list of texts through ``parse``, whose ``ValueError`` becomes the item's fault.

        What is at fault is left out. Required lists hold at least one.
        """
        return self._items(key, lambda value: parse(values.text(value)), default)

    # ── tables ───────────────────────────────────────────────────────────────────────────────

    def table(self, key: str) -> Section:
        """Open the table ``key``; an empty section where it is absent or, a fault, no table."""
        return self.optional_table(key) or Section(self._document, (*self.path, key), {})

    def optional_table(self, key: str) -> Section | None:
        """Open the table ``key``, or ``None`` where it is absent."""
        self.known.add(key)
        if key not in self._data:
            return None
        value = self._data[key]
        if not isinstance(value, dict):
            self.fault(
                key,
                f"must be a table, headed [{self.name(key)}], not {values.describe(value)}",
            )
            value = {}
        return Section(self._document, (*self.path, key), value)

    def tables(self, key: str) -> list[Section]:
        """Open the tables of ``[[key]]`` in their order; none where it is absent, or no tables."""
        self.known.add(key)
        value = self._data.get(key, [])
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            self.fault(key, f"must be tables, each headed [[{self.name(key)}]]")
            return []
        path: Path = (*self.path, key)
        return [Section(self._document, (*path, i), item) for i, item in enumerate(value)]

    # ── the end ──────────────────────────────────────────────────────────────────────────────

    def finish(self, elsewhere: Iterable[Section] = ()) -> None:
        """Tell keys that nobody asked for, with the nearest known one.

        ``elsewhere`` are the sections that an unknown key may belong to instead.

        ``Document.check()`` calls this for every section; calling it sooner does no harm, but
        then a key that belongs under another heading is not recognised.
        """
        if self._finished:
            return
        self._finished = True
        unknown = [key for key in self._data if key not in self.known]
        if not unknown:
            return
        homes: dict[str, list[str]] = {}
        for other in elsewhere:
            if other is not self:
                for known in other.known:
                    homes.setdefault(known, []).append(other.name(known))
        for key in unknown:
            self.fault(key, self._unknown(key, homes))

    def _unknown(self, key: str, homes: Mapping[str, list[str]]) -> str:
        if key in homes:
            return f"unknown key here; did you mean {' or '.join(homes[key])}?"
        if near := difflib.get_close_matches(key.replace("-", "_").lower(), self.known, 1):
            return f"unknown key; did you mean {near[0]}?"
        known = ", ".join(sorted(self.known)) or "none"
        return f"unknown key; known here: {known}"

    def _miss(self, key: str) -> None:
        # A header can be named where it stands for one table only.
        named = self.path and not any(isinstance(part, int) for part in self.path)
        where = f"add it under [{self.name()}]" if named else "add it"
        self.fault(key, f"is missing and has no default; {where}")

    def _take(
        self, key: str, default: Any, stand_in: object, read: Callable[[Any], object]
    ) -> object:
        self.known.add(key)
        if key not in self._data:
            if default is not _REQUIRED:
                return default
            self._miss(key)
            return stand_in
        try:
            return read(self._data[key])
        except ValueError as error:
            self.fault(key, str(error))
        return stand_in if default is _REQUIRED else default

    def _items(
        self, key: str, read: Callable[[Any], T], default: Iterable[T] | Any
    ) -> tuple[T, ...]:
        self.known.add(key)
        required = default is _REQUIRED
        if key not in self._data:
            if required:
                self._miss(key)
                return ()
            return tuple(default)
        value = self._data[key]
        if not isinstance(value, list):
            self.fault(key, f'must be a list, as in {key} = ["…"], not {values.describe(value)}')
            return () if required else tuple(default)
        if required and not value:
            self.fault(key, "is empty; it needs at least one item")
        items: list[T] = []
        for index, item in enumerate(value):
            try:
                items.append(read(item))
            except ValueError as error:
                self.fault(key, str(error), index=index)
        return tuple(items)
