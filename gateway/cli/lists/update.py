"""``monition lists update``: what the publishers have by now, into the snapshot in force."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import structlog

from gateway import __version__
from gateway.cli.lists import import_
from gateway.cli.shared import sources
from gateway.cli.shared.options import config_option, example, load_config
from gateway.cli.shared.paragraphs import fitted
from gateway.cli.shared.tables import say, visible
from gateway.errors import ConfigError, FaultyFile, ListError, MonitionError
from gateway.list_store.files import imported_source
from gateway.list_store.files import paths as files
from gateway.list_store.files.paths import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import Parcel
from gateway.list_store.imports.list_reading import Fetched
from gateway.list_store.imports.own_domain_guard import own_domains
from gateway.list_store.snapshots import build_snapshot
from gateway.log import set_up as set_up_log
from gateway.lookup.download import Limits, Validators, fetch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.cli.shared.sources import Wanted
    from gateway.config import Config
    from gateway.list_store.files.imported_source import Original
    from gateway.list_store.imports.import_run import Taken

log = structlog.get_logger("lists")

_TEMPORARY = ".fetched-"
_LIMITS = Limits()


class NotUpdated(MonitionError):  # noqa: N818 - a state, as its text says
    """Not all of what was asked for could be had."""

    exit_code = 1


@click.command(
    "update", epilog=example("monition lists update", "monition lists update us-ofac-sdn us-csl")
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@config_option
def command(names: tuple[str, ...], config_file: Path | None) -> None:
    """Fetch the lists that `lists.sources` names, or those given, and take them in.

    A list that its publisher has not changed is left as it is. One that cannot be fetched, is
    broken, or has lost more than a tenth of its institutions is refused, and what was there before
    stays in force; the others are taken all the same. Exit status 1 when one was refused.
    """
    config = load_config(config_file)
    if faults := sources.faults(config):
        raise ConfigError(faults)
    for name in names:
        if (wrong := sources.unknown(name)) is not None:
            raise click.UsageError(wrong)
    # All of them before the first is fetched.
    wanted = {
        name: None if name == sources.POLICIES else sources.wanted(config, name)
        # What people wrote comes last: by then the lists that were damaged are mended.
        for name in sorted(names or config.lists.sources, key=lambda name: name == sources.POLICIES)
    }
    folder = Folder(config.lists.directory)
    with import_.writable(folder), _alone(folder):
        refused = [name for name, each in wanted.items() if not _update(config, name, each)]
    if refused:
        raise NotUpdated(
            f"not updated: {', '.join(refused)}; what was there before stays in force, and "
            "`monition lists status` tells its age"
        )


@contextlib.contextmanager
def _alone(folder: Folder) -> Iterator[None]:
    """Keep another update out: a timer's and a person's may meet. Its leavings go."""
    folder.make()
    with files.opened_lock(folder.path / ".update") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotUpdated("another update is under way; wait for it to end") from None
        for left in folder.path.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _update(config: Config, name: str, wanted: Wanted | None) -> bool:
    """Update one source and say what came of it; whether it is as its publisher has it."""
    folder, policies = Folder(config.lists.directory), config.policies.directory
    if wanted is None:
        try:
            made = build_snapshot.put_in_force(policies, folder, datetime.now(UTC))
        except (FaultyFile, OSError) as error:
            say(f"{name}: not in force: {error}")
            return False
        click.echo(f"{name}: {len(made.entities)} institutions in force, {made.digest[:19]}…")
        return True
    if wanted.source.notice and wanted.source.can_be_fetched:
        say(f"{name}: {wanted.source.licence}. {wanted.source.notice}")
    try:
        taken = _taken(config, wanted)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other lists are fetched
        _refuse(folder, name, error)
        return False
    if taken is None:
        click.echo(f"{name}: unchanged")
    else:
        for line in import_.told(taken):
            click.echo(fitted(line))
        for line in own_domains(config.institution.domains, taken.assembly.snapshot):
            say(f"Warning: {line}.")
    return True


def _refuse(folder: Folder, name: str, error: Exception) -> None:
    """Say why a source was not taken, and write it down where that was not done."""
    reason = str(error).removeprefix(f"{name}: ")
    if not isinstance(error, MonitionError):
        # A bug of ours, or a disk that fails: a person can do nothing with its last line alone.
        set_up_log()
        log.error("a list could not be taken", source=name, exc_info=error)
        reason = f"{type(error).__name__}: {reason}; the log has the whole"
    if not isinstance(error, ListError):
        try:
            import_run.refuse(folder, name, MonitionError(reason), datetime.now(UTC))
        except OSError as problem:
            say(f"{name}: that it was refused cannot be written down: {problem}")
    say(f"{name}: refused: " + "\n".join(map(visible, reason.split("\n"))))


def _taken(config: Config, wanted: Wanted) -> Taken | None:
    """Fetch a source and take it in; ``None``: its publisher has not changed it."""
    folder, name = Folder(config.lists.directory), wanted.source.name
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=folder.path) as temporary:
        fetched = _fetched(wanted, Path(temporary), _known(folder, wanted))
        at = datetime.now(UTC)
        if not fetched:
            import_run.still_current(folder, name, at)
            return None
        paths = [Path(temporary) / role for role in wanted.addresses]
        parcel = Parcel(name, paths, fetched=fetched)
        return import_run.take(config.policies.directory, folder, parcel, at)


def _known(folder: Folder, wanted: Wanted) -> dict[str, Original]:
    """Give what is known of the files that were taken last, by role.

    Only where what was kept of them is whole, all of them came from where they are now asked for,
    and this version read them: another may read more out of the same.
    """
    try:
        header = imported_source.read_header(folder, wanted.source.name)
        imported_source.read_entries(folder, wanted.source.name)
    except ListError:
        return {}  # it is damaged: what its publisher has is needed, changed or not
    if header is None or header.version != __version__:
        return {}
    known = {each.name: each for each in header.originals}
    same = {role: known[role].address for role in wanted.addresses if role in known}
    return known if same == wanted.addresses else {}


def _fetched(wanted: Wanted, into: Path, known: dict[str, Original]) -> dict[str, Fetched]:
    """Fetch all files of a source, or none where all are as they were.

    Where one has changed the others are needed too: only their entries are kept, not they.
    """
    found: dict[str, Fetched] = {}
    missing = dict(wanted.addresses)
    for is_conditional in (True, False):
        for role, address in list(missing.items()):
            before = known.get(role) if is_conditional else None
            say(f"{wanted.source.name}: fetching {address}")
            validators = fetch(
                address,
                into / role,
                largest=wanted.source.largest,
                known=Validators(before.etag, before.last_modified) if before else None,
                limits=_LIMITS,
            )
            if validators is not None:
                found[role] = Fetched(validators.etag, validators.last_modified, address)
                del missing[role]
        if not found or not missing:
            break
    return found
