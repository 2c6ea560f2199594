"""Findings written out for spreadsheets, programs and SIEMs: the rows of the screen (A8)."""

from __future__ import annotations

import io
import json
import socket
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import IO, TYPE_CHECKING, Any

from gateway import __version__
from gateway.compliance.row_formats import write_csv, write_json
from gateway.ledger.evidence import syslog_ocsf
from gateway.ledger.evidence.atomic_file import atomic_writer
from gateway.ledger.query.logged_reading import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import LoggedReading
    from gateway.ledger.questions.filters import Filters

FORMATS = ("csv", "json", "xlsx", "syslog", "ocsf")
"""CSV, JSON lines, a workbook, lines of RFC 5424, and OCSF events as JSON lines."""


@dataclass(frozen=True, slots=True)
class Exported:
    """How many findings were written, and on how many sheets of a workbook: 0 where it is none."""

    findings: int
    sheets: int = 0


def export(  # noqa: PLR0913 - what, in which form, to where
    stream: IO[bytes],
    config: Config,
    reading: LoggedReading,
    filters: Filters,
    form: str,
    *,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
) -> Exported:
    """Write the findings that the filters choose, newest first; ``form`` is one of :data:`FORMATS`.

    Each row is written as it is read. ``progress`` is asked with the number of findings, and hears
    how many were written. Raises ``OSError`` where the stream takes no more, and ``LedgerError``
    for filters that cannot be asked so.
    """
    length = reading.count(filters)
    rows = _counted(reading.findings(filters), progress(length))
    sheets = 0
    if form == "xlsx":
        sheets = write_workbook(stream, rows, reading, filters)
    else:
        _write_text(stream, rows, config, form)
    return Exported(length, sheets)


def export_to(  # noqa: PLR0913 - as above
    file: Path,
    config: Config,
    reading: LoggedReading,
    filters: Filters,
    form: str,
    *,
    progress: Callable[[int], Callable[[int], None]] = lambda _: lambda _: None,
    replaces: bool = False,
) -> Exported:
    """Write them as :func:`export` does into a new file, for its owner alone: all or nothing.

    Raises ``LedgerError`` too for a file that cannot be written or, unless it ``replaces``, is
    there already.
    """
    with atomic_writer(file, replace=replaces) as stream:
        return export(stream, config, reading, filters, form, progress=progress)


def write_workbook(
    stream: IO[bytes], rows: Iterable[dict[str, Any]], reading: LoggedReading, filters: Filters
) -> int:
    """Write findings as a workbook that says how it was made; gives how many sheets they take.

    Raises ``OSError`` where there is no room for it.
    """
    from gateway.ledger.evidence import xlsx  # noqa: PLC0415 - a library of 100 ms

    head = reading.checkpoint()
    asked = ", ".join(f"{name} {value}" for name, value in as_asked(filters).items())
    about = {
        "made by": f"Monition {__version__}",
        "made at": datetime.now(UTC).isoformat(timespec="seconds"),
        "filters": asked or "none: all findings",
        "people": "by name" if reading.shows_names else "by pseudonym",
        "head of the chain": f"row {head.seq}, {head.hash}",
    }
    return xlsx.write_workbook(stream, rows, COLUMNS, about)


def as_asked(filters: Filters) -> dict[str, str]:
    """Give the filters that ask for something, each by its name, as text."""
    return {name: str(value) for name, value in asdict(filters).items() if value is not None}


def _counted(
    rows: Iterable[dict[str, Any]], tell: Callable[[int], None]
) -> Iterator[dict[str, Any]]:
    for number, row in enumerate(rows, 1):
        tell(number)
        yield row


def _write_text(
    stream: IO[bytes], rows: Iterable[dict[str, Any]], config: Config, form: str
) -> None:
    out = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    try:
        if form == "csv":
            write_csv(rows, COLUMNS, out)
        elif form == "json":
            write_json(rows, None, out)
        else:
            out.writelines(f"{line}\n" for line in _lines(rows, config, form))
    finally:
        out.detach()


def _lines(rows: Iterable[Mapping[str, Any]], config: Config, form: str) -> Iterator[str]:
    host, number = socket.gethostname(), config.ledger.enterprise_number
    for row in rows:
        if form == "ocsf":
            yield json.dumps(syslog_ocsf.ocsf_event(row, version=__version__), ensure_ascii=False)
        else:
            yield syslog_ocsf.syslog_line(row, host=host, enterprise=number)
