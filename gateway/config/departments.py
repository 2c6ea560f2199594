"""Which department a sender belongs to: a CSV file of the institution's, read with its settings.

It lies in this room because it describes the institution, as ``[institution]`` does, and decides
nothing: no rule of the policy asks for it, and no message waits for it. An event keeps what was
known when it was written.
"""

from __future__ import annotations

import csv
import functools
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gateway.config import value_types
from gateway.document import decoded
from gateway.errors import ConfigError, Fault

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gateway.config.settings import Config

COLUMNS = ("sender", "department")
KEY = "institution.departments"

# Far above a university's staff; a file named by mistake must not fill memory.
_LARGEST = 64 * 2**20
_MOST_FAULTS = 20
_SEPARATORS = ",;\t"
_REMEDY = "write jane@example.edu, or @example.edu for all there and below it"


@dataclass(frozen=True, slots=True)
class Departments:
    """Departments by whole addresses, and by domains with all below them; keys are folded."""

    addresses: Mapping[str, str] = field(default_factory=dict)
    domains: Mapping[str, str] = field(default_factory=dict)

    def of(self, *spellings: str) -> str | None:
        """Give a sender's (``local@domain``): by the address, else by the longest domain that fits.

        ``spellings`` are the address as it was written, and the mailbox that it counts under: the
        first that the file names decides. ``None`` where none fits. Letters' case does not count.
        """
        if not (spellings and (self.addresses or self.domains)):
            return None
        folded = [each.casefold() for each in spellings]
        for each in folded:
            if (found := self.addresses.get(each)) is not None:
                return found
        domain = folded[-1].rpartition("@")[2]
        while domain:
            if (found := self.domains.get(domain)) is not None:
                return found
            domain = domain.partition(".")[2]
        return None

    def __len__(self) -> int:
        return len(self.addresses) + len(self.domains)


NO_DEPARTMENTS = Departments()
"""Nobody's is known."""


def load(config: Config) -> Departments:
    """Read the file that the configuration names; :data:`NO_DEPARTMENTS` where it names none.

    Raises ``ConfigError`` as :func:`parse`, and where the file cannot be read.
    """
    path = config.institution.departments
    if path is None:
        return NO_DEPARTMENTS
    try:
        with path.open("rb") as stream:
            raw = stream.read(_LARGEST + 1)
    except OSError as error:
        message = f"{path} cannot be read ({error.strerror}): name a file of the gateway's user"
        raise ConfigError([config.fault(KEY, message)]) from error
    return parse(raw, str(path))


def faults(config: Config) -> Iterator[Fault]:
    """What is wrong with the file: asked by ``config check``, since ``serve`` starts without it."""
    try:
        load(config)
    except ConfigError as error:
        yield from error.faults


def parse(raw: bytes, file: str) -> Departments:
    """Read CSV bytes; ``file`` is its name in faults. Raises ``ConfigError``: twenty at most.

    The first line names the columns ``sender`` and ``department``, others are passed over. A
    sender is an address, or ``@example.edu`` (``*@example.edu``) for all at a domain and below it.
    UTF-8, 64 MiB at most; commas, semicolons or tabs between the columns.
    """
    text = decoded(raw, file, largest=_LARGEST)
    table = _Table(file)
    try:
        table.read(text)
    except csv.Error as problem:
        message = f"is no CSV here: {problem}; is a quote left open?"
        table.faults.append(Fault(file, table.line, None, message))
    if table.faults:
        raise ConfigError(table.faults[:_MOST_FAULTS])
    return Departments(table.addresses, table.domains)


class _Table:
    """A file on its way in: what was read, on which line, and what is wrong."""

    def __init__(self, file: str) -> None:
        self.addresses: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self.faults: list[Fault] = []
        self.line = 1
        self._file = file
        self._seen: dict[str, tuple[int, str]] = {}

    def read(self, text: str) -> None:
        head = text.partition("\n")[0]
        separator = max(_SEPARATORS, key=head.count)
        rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        numbered = self._numbered(rows)
        names = [name.strip().casefold() for name in next(numbered, [])]
        if missing := [name for name in COLUMNS if name not in names]:
            self._fault(
                f"has no column {' and no column '.join(missing)}: its first line must name "
                "them, as in sender,department"
            )
            return
        sender, department = map(names.index, COLUMNS)
        for row in numbered:
            if not any(map(str.strip, row)):
                continue
            if len(row) <= max(sender, department):
                self._fault(f"has {len(row)} cells, the first line has {len(names)}")
                continue
            self._take(row[sender].strip(), row[department].strip())

    def _numbered(self, rows: Iterator[list[str]]) -> Iterator[list[str]]:
        # A cell may go over several lines: a row is named by its last.
        while True:
            self.line = getattr(rows, "line_num", 0) + 1
            try:
                row = next(rows)
            except StopIteration:
                return
            yield row

    def _take(self, sender: str, department: str) -> None:
        if not department:
            self._fault("has a sender without a department: name one, or take the row out")
            return
        try:
            key = _key(sender)
        except ValueError as problem:
            self._fault(f"the sender {problem}")
            return
        line, other = self._seen.setdefault(key, (self.line, department))
        if other != department:
            self._fault(
                f"puts a sender in {department!r} whom line {line} puts in {other!r}: keep one"
            )
            return
        if key.startswith("@"):
            self.domains[key[1:]] = department
        else:
            self.addresses[key] = department

    def _fault(self, message: str) -> None:
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(self._file, self.line, None, message))


def _key(sender: str) -> str:
    """An address folded, or ``@`` and a domain. What ``ValueError`` says names nobody."""
    local, at, host = sender.rpartition("@")
    if not at:
        raise ValueError(f"is no address: {_REMEDY}")
    if local in {"", "*"}:
        if "*" in host:
            raise ValueError(f"has a * in its domain: {_REMEDY}")
        return f"@{_domain(host)}"
    if "*" in sender or " " in sender or "<" in sender:
        raise ValueError(f"is no bare address: {_REMEDY}")
    return f"{local.casefold()}@{_domain(host)}"


# A university has many senders and few domains, and to normalise one takes 50 µs.
_domain = functools.lru_cache(maxsize=4096)(value_types.domain)
