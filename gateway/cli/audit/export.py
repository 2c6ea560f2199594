"""``monition audit export``: findings for spreadsheets, programs and SIEMs; the evidence pack."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING

import click

from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, format_option, load_config
from gateway.cli.shared.person import access_options
from gateway.cli.shared.progress import progress
from gateway.cli.shared.tables import print_message
from gateway.compliance.actor import open_as, signed_in
from gateway.compliance.audit import evidence_files, export_findings
from gateway.compliance.audit.evidence_files import ChainScope

if TYPE_CHECKING:
    from gateway.compliance.actor import Access
    from gateway.config import Config
    from gateway.ledger.questions.filters import Filters

_PATH = click.Path(path_type=Path)
_EVERY = partial(progress, step=1000)


@click.command(
    epilog=example(
        "monition audit export --format xlsx --to march.xlsx --since 2026-03-01 --until 2026-03-31",
        "monition audit export --format syslog --since 1h | logger --rfc5424 --server siem …",
        "monition audit export --pack case.zip --sender prof@example.edu --reason 'audit 12/26'",
    )
)
@format_option(export_findings.FORMATS)
@click.option("--to", "to", metavar="FILE", type=_PATH, help="Write to this file, not to stdout.")
@click.option(
    "--pack",
    metavar="FILE",
    type=_PATH,
    help="Write an evidence pack (ZIP): findings, sealed events, and how to verify them.",
)
@click.option(
    "--chain",
    type=click.Choice([each.value for each in ChainScope]),
    default=ChainScope.FULL.value,
    show_default=True,
    help="In a pack: all sealed events, or those of the findings alone.",
)
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@filter_options
@access_options("audit export")
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
    if pack is not None:
        _pack(config, pack, filters, who, ChainScope(chain), force=force)
        return
    with open_as(config, who) as reading:
        if to is None:
            # Asked for before anybody is recorded as a reader.
            stdout = binary_stdout() if output_format == "xlsx" else sys.stdout.buffer
            done = export_findings.export(
                stdout, config, reading, filters, output_format, progress=_EVERY
            )
        else:
            done = export_findings.export_to(
                to, config, reading, filters, output_format, progress=_EVERY, replaces=force
            )
    tell_of_sheets(done.sheets)
    if to is not None:
        print_message(f"{_findings(done.findings)} in {to}.")


def _pack(
    config: Config,
    file: Path,
    filters: Filters,
    who: Access | None,
    chain: ChainScope,
    *,
    force: bool,
) -> None:
    with open_as(config, who) as reading:
        done = evidence_files.write_evidence_pack(
            config,
            reading,
            file,
            filters,
            signed_in(),
            chain=chain,
            replaces=force,
            progress=_EVERY,
        )
    print_message(f"{_findings(done.findings)} in {file}.")
    if not done.is_signed:
        print_message(
            "The pack is not signed: with [ledger] checkpoint_key_file it would say who made it "
            "(`monition audit checkpoint --make-key`)."
        )


def tell_of_sheets(sheets: int) -> None:
    """Say it where the findings took more than one sheet of a workbook."""
    if sheets > 1:
        print_message(f"More than one sheet can hold: the findings are on {sheets} sheets.")


def binary_stdout() -> IO[bytes]:
    """Give stdout for a workbook; wrong usage where it is a terminal."""
    if sys.stdout.isatty():
        raise click.UsageError("xlsx is for a file: name one with `audit export --to FILE`")
    return sys.stdout.buffer


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count:,} findings"
