"""What the publishers have by now, fetched and taken in, a source after the other (S8).

Each step is told as it is taken, so that whoever waits sees where it is. A list that cannot be had
keeps no other from being taken.
"""

from __future__ import annotations

import contextlib
import fcntl
import shutil
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from gateway import __version__
from gateway.compliance.sanction_lists import list_sources
from gateway.compliance.sanction_lists.list_imports import ImportedList, imported_list, writable
from gateway.errors import ConfigError, FaultyFile, ListError, MonitionError
from gateway.list_store.files import imported_source
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files.lists_directory import Folder
from gateway.list_store.imports import import_run
from gateway.list_store.imports.import_run import ImportFiles
from gateway.list_store.imports.list_reading import ServerFacts
from gateway.list_store.snapshots import build_snapshot
from gateway.lookup.download import Timeouts, Validators, download

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Iterator, Mapping

    from gateway.compliance.sanction_lists.list_sources import SourceToFetch
    from gateway.config import Config
    from gateway.list_store.files.imported_source import Original
    from gateway.list_store.imports.import_run import ImportResult

_TEMPORARY = ".fetched-"
_LIMITS = Timeouts()


class NotUpdatedError(MonitionError):
    """Not all of what was asked for could be had."""

    exit_code = 1


class UnknownSourceError(MonitionError):
    """A source that is in no catalogue; the text names the nearest that is."""


@dataclass(frozen=True, slots=True)
class Terms:
    """What an institution has to know before it takes this list."""

    source: str
    licence: str
    notice: str


@dataclass(frozen=True, slots=True)
class Fetching:
    """One of a source's files is about to be fetched."""

    source: str
    address: str


@dataclass(frozen=True, slots=True)
class Unchanged:
    """The publisher has what was taken last."""

    source: str


@dataclass(frozen=True, slots=True)
class Updated:
    """A list was taken in."""

    source: str
    imported: ImportedList


@dataclass(frozen=True, slots=True)
class PoliciesInForce:
    """What people wrote is in force: a snapshot, by its digest, of so many institutions."""

    source: str
    snapshot: str
    institutions: int


@dataclass(frozen=True, slots=True)
class SourceRefused:
    """A source was not taken, and what was there before stays in force.

    ``fault`` is an error that is no matter of the source's: a bug of ours, or a disk that fails. A
    person can do nothing with its last line alone: the log has to have the whole. ``unwritten``
    says why it could not be written down that it was refused; ``None``: it was.
    """

    source: str
    reason: str
    fault: Exception | None = None
    unwritten: str | None = None


@dataclass(frozen=True, slots=True)
class PoliciesRefused:
    """What people wrote could not be put in force."""

    source: str
    reason: str


Step = Terms | Fetching | Unchanged | Updated | PoliciesInForce | SourceRefused | PoliciesRefused


def wanted_sources(config: Config, names: Iterable[str]) -> dict[str, SourceToFetch | None]:
    """Give where each source is fetched, in the order of taking them; none named, the configured.

    ``None`` stands for what people wrote, which is not fetched. Raises
    :class:`gateway.errors.ConfigError` for a configuration that names what cannot be had,
    :class:`UnknownSourceError`, and :class:`gateway.errors.ListError`.
    """
    named = list(names)
    if faults := list_sources.faults(config):
        raise ConfigError(faults)
    for name in named:
        if (wrong := list_sources.unknown(name)) is not None:
            raise UnknownSourceError(wrong)
    # All of them before the first is fetched.
    return {
        name: None if name == list_sources.POLICIES else list_sources.source_to_fetch(config, name)
        # What people wrote comes last: by then the lists that were damaged are mended.
        for name in sorted(
            named or config.lists.sources, key=lambda name: name == list_sources.POLICIES
        )
    }


def update(
    config: Config,
    wanted: Mapping[str, SourceToFetch | None],
    tell: Callable[[Step], object] = lambda _: None,
) -> None:
    """Fetch sources and take them in; ``tell`` hears each step as it is taken.

    What it raises ends the update, and the lists that were taken by then stay. No other update can
    run until this one has returned. Raises :class:`NotUpdatedError` where another is under way, and
    once all were tried, where one was refused; :class:`gateway.errors.MonitionError` where the
    lists directory cannot be written.
    """
    refused = []
    # What `tell` raises is nothing that happened to the lists: it goes past what words that.
    with contextlib.closing(_steps(config, wanted)) as steps:
        for step in steps:
            if isinstance(step, SourceRefused | PoliciesRefused):
                refused.append(step.source)
            tell(step)
    if refused:
        raise NotUpdatedError(
            f"not updated: {', '.join(refused)}; what was there before stays in force, and "
            "`monition lists status` tells its age"
        )


@contextlib.contextmanager
def update_lock(folder: Folder) -> Iterator[None]:
    """Keep another update out: a timer's and a person's may meet. Its leavings go.

    Raises :class:`NotUpdatedError` where there is one.
    """
    folder.make()
    with files.open_lock_file(folder.path / ".update") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise NotUpdatedError("another update is under way; wait for it to end") from None
        for left in folder.path.glob(f"{_TEMPORARY}*"):
            shutil.rmtree(left, ignore_errors=True)
        yield


def _steps(
    config: Config, wanted: Mapping[str, SourceToFetch | None]
) -> Generator[Step, None, None]:
    folder = Folder.of(config)
    with writable(folder), update_lock(folder):
        for name, each in wanted.items():
            yield from _policies(config, name) if each is None else _list(config, each)


def _policies(config: Config, name: str) -> Generator[Step, None, None]:
    folder, policies = (
        Folder.of(config),
        config.policies.directory,
    )
    try:
        made = build_snapshot.put_in_force(policies, folder, datetime.now(UTC))
    except (FaultyFile, OSError) as error:
        yield PoliciesRefused(name, str(error))
    else:
        yield PoliciesInForce(name, made.digest, len(made.entities))


def _list(config: Config, wanted: SourceToFetch) -> Generator[Step, None, None]:
    source = wanted.source
    if source.notice and source.can_be_fetched:
        yield Terms(source.name, source.licence, source.notice)
    try:
        taken = yield from _taken(config, wanted)
    except Exception as error:  # noqa: BLE001 - whatever it is, the other lists are fetched
        yield _refused(Folder.of(config), source.name, error)
        return
    if taken is None:
        yield Unchanged(source.name)
    else:
        yield Updated(source.name, imported_list(config, taken))


def _refused(folder: Folder, name: str, error: Exception) -> SourceRefused:
    """Word why a source was not taken, and write it down where that was not done."""
    reason = str(error).removeprefix(f"{name}: ")
    fault = None if isinstance(error, MonitionError) else error
    if fault is not None:
        reason = f"{type(error).__name__}: {reason}; the log has the whole"
    unwritten = None
    if not isinstance(error, ListError):
        try:
            import_run.record_refusal(folder, name, MonitionError(reason), datetime.now(UTC))
        except OSError as problem:
            unwritten = str(problem)
    return SourceRefused(name, reason, fault, unwritten)


def _taken(config: Config, wanted: SourceToFetch) -> Generator[Step, None, ImportResult | None]:
    """Fetch a source and take it in; ``None``: its publisher has not changed it."""
    folder, name = Folder.of(config), wanted.source.name
    with tempfile.TemporaryDirectory(prefix=_TEMPORARY, dir=folder.path) as temporary:
        fetched = yield from _fetched(wanted, Path(temporary), _known(folder, wanted))
        at = datetime.now(UTC)
        if not fetched:
            import_run.record_unchanged(folder, name, at)
            return None
        paths = [Path(temporary) / role for role in wanted.addresses]
        import_files = ImportFiles(name, paths, fetched=fetched)
        return import_run.import_list(config.policies.directory, folder, import_files, at)


def _known(folder: Folder, wanted: SourceToFetch) -> dict[str, Original]:
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


def _fetched(
    wanted: SourceToFetch, into: Path, known: dict[str, Original]
) -> Generator[Step, None, dict[str, ServerFacts]]:
    """Fetch all files of a source, or none where all are as they were.

    Where one has changed the others are needed too: only their entries are kept, not they.
    """
    found: dict[str, ServerFacts] = {}
    missing = dict(wanted.addresses)
    for is_conditional in (True, False):
        for role, address in list(missing.items()):
            before = known.get(role) if is_conditional else None
            yield Fetching(wanted.source.name, address)
            validators = download(
                address,
                into / role,
                largest=wanted.source.largest,
                known=Validators(before.etag, before.last_modified) if before else None,
                timeouts=_LIMITS,
            )
            if validators is not None:
                found[role] = ServerFacts(validators.etag, validators.last_modified, address)
                del missing[role]
        if not found or not missing:
            break
    return found
