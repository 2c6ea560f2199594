"""``monition audit export``: findings for spreadsheets, programs and SIEMs; the evidence pack."""

from __future__ import annotations

import io
import json
import socket
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import click

from gateway import __version__
from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import read_as
from gateway.cli.shared.progress import counted, progress
from gateway.cli.shared.tables import emit, say
from gateway.compliance.actor import signed_in
from gateway.compliance.audit.keep_checkpoint import signing_key, taken
from gateway.ledger.evidence import syslog_ocsf
from gateway.ledger.evidence.atomic_file import new_file
from gateway.ledger.evidence.evidence_pack import About, Chain, write_pack
from gateway.ledger.query.logged_reading import COLUMNS, Reading

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gateway.config import Config
    from gateway.ledger.query.logged_reading import Access
    from gateway.ledger.questions.filters import Filters

FORMATS = ("csv", "json", "xlsx", "syslog", "ocsf")
_PATH = click.Path(path_type=Path)


@click.command(
    epilog=example(
        "monition audit export --format xlsx --to march.xlsx --since 2026-03-01 --until 2026-03-31",
        "monition audit export --format syslog --since 1h | logger --rfc5424 --server siem …",
        "monition audit export --pack case.zip --sender prof@example.edu --reason 'audit 12/26'",
    )
)
@format_option(FORMATS)
@click.option("--to", "to", metavar="FILE", type=_PATH, help="Write to this file, not to stdout.")
@click.option(
    "--pack",
    metavar="FILE",
    type=_PATH,
    help="Write an evidence pack (ZIP): findings, sealed events, and how to verify them.",
)
@click.option(
    "--chain",
    type=click.Choice([each.value for each in Chain]),
    default=Chain.FULL.value,
    show_default=True,
    help="In a pack: all sealed events, or those of the findings alone.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@filter_options
@read_as("audit export")
@config_option
def export(
    *,
    config_file: Path | None,
    output_format: str,
    to: Path | None,
    pack: Path | None,
    chain: str,
    force: bool,
    filters: Filters,
    who: Access | None,
) -> None:
    """Write out findings, newest first as in `audit list`, for others to read or to keep.

    Syslog lines and OCSF events go to stdout, one a line: what sends them on is the system's.
    """
    if pack is not None and to is not None:
        raise click.UsageError("--pack names the file itself: leave --to out")
    config = load_config(config_file)
    with Reading(config.ledger.path, who) as reading:
        if pack is not None:
            key = signing_key(config)
            about = About(
                made_at=datetime.now(UTC),
                by=signed_in(),
                reason=None if who is None else who.reason,
                filters=_asked(filters),
                version=__version__,
                kept=taken(reading, key),
                key=key,
                chain=Chain(chain),
            )
            _pack(pack, reading, filters, about, force=force)
            return
        if to is None:
            # Asked for before anybody is recorded as a reader.
            stdout = binary_stdout() if output_format == "xlsx" else sys.stdout.buffer
            write_findings(stdout, reading, filters, config, output_format)
            return
        with new_file(to, replace=force) as stream:
            count = write_findings(stream, reading, filters, config, output_format)
    say(f"{_findings(count)} in {to}.")


def write_findings(
    stream: IO[bytes],
    reading: Reading,
    filters: Filters,
    config: Config,
    output_format: str,
) -> int:
    """Write the findings that the filters choose in one of :data:`FORMATS`; returns how many."""
    length = reading.count(filters)
    rows = counted(reading.findings(filters), length)
    if output_format == "xlsx":
        write_xlsx(stream, rows, reading, filters)
    else:
        _write_text(stream, rows, config, output_format)
    return length


def _pack(path: Path, reading: Reading, filters: Filters, about: About, *, force: bool) -> None:
    tell = progress(about.kept.checkpoint.seq, step=1000)
    with new_file(path, replace=force) as stream:
        count = write_pack(stream, reading, filters, about, tell)
    say(f"{_findings(count)} in {path}.")
    if about.key is None:
        say(
            "The pack is not signed: with [ledger] checkpoint_key_file it would say who made it "
            "(`monition audit checkpoint --make-key`)."
        )


def _write_text(
    stream: IO[bytes], rows: Iterable[dict[str, Any]], config: Config, form: str
) -> None:
    out = io.TextIOWrapper(stream, "utf-8", newline="", write_through=True)
    host = socket.gethostname()
    try:
        if form in {"csv", "json"}:
            emit(rows, columns=COLUMNS if form == "csv" else None, format=form, stream=out)
            return
        for row in rows:
            if form == "ocsf":
                line = json.dumps(syslog_ocsf.ocsf(row, version=__version__), ensure_ascii=False)
            else:
                number = config.ledger.enterprise_number
                line = syslog_ocsf.syslog_line(row, host=host, enterprise=number)
            out.write(line + "\n")
    finally:
        out.detach()


def write_xlsx(
    stream: IO[bytes], rows: Iterable[dict[str, Any]], reading: Reading, filters: Filters
) -> None:
    """Write the rows as a workbook, which says how it was made."""
    from gateway.ledger.evidence.xlsx import write_workbook  # noqa: PLC0415 - a library of 100 ms

    head = reading.checkpoint()
    asked = ", ".join(f"{name} {value}" for name, value in _asked(filters).items())
    about = {
        "made by": f"Monition {__version__}",
        "made at": datetime.now(UTC).isoformat(timespec="seconds"),
        "filters": asked or "none: all findings",
        "people": "by name" if reading.shows_names else "by pseudonym",
        "head of the chain": f"row {head.seq}, {head.hash}",
    }
    sheets = write_workbook(stream, rows, COLUMNS, about)
    if sheets > 1:
        say(f"More than one sheet can hold: the findings are on {sheets} sheets.")


def _asked(filters: Filters) -> dict[str, str]:
    return {name: str(value) for name, value in asdict(filters).items() if value is not None}


def binary_stdout() -> IO[bytes]:
    """Give stdout for a workbook; wrong usage where it is a terminal."""
    if sys.stdout.isatty():
        raise click.UsageError("xlsx is for a file: name one with `audit export --to FILE`")
    return sys.stdout.buffer


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count:,} findings"
