"""``monition audit snapshot``: the findings by pseudonym, as a database for Datasette."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from gateway.cli.shared.audit_filters import filter_options
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.progress import progress
from gateway.cli.shared.tables import print_message
from gateway.compliance.audit import evidence_files

if TYPE_CHECKING:
    from gateway.ledger.questions.filters import Filters


@click.command(epilog=example("monition audit snapshot monition.db --since 365d"))
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@filter_options
@config_option
def snapshot(config_file: Path | None, file: Path, filters: Filters, *, force: bool) -> None:
    """Write the findings, people by pseudonym, into a new SQLite FILE: see docs/datasette.md.

    It is no ledger: it proves nothing, and names nobody.
    """
    count = evidence_files.write_datasette_snapshot(
        load_config(config_file), file, filters, replaces=force, progress=progress
    )
    print_message(f"{count:,} findings by pseudonym in {file}.")
