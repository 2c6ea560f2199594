"""One imported list as it is kept: a header line that says what it is, then its entries."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from gateway.errors import ListError
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open
from gateway.lists.parsing.entry import Entry
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from gateway.list_store.files.lists_directory import Folder

FORMAT = 1

AGAIN = "import the list again"
"""The remedy for whatever befell what is kept of a list."""

_LONGEST = 1 << 24  # bytes of a header


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was read: its name, how many bytes it had, opened, and their SHA-256 in hex.

    Of one that was fetched also from which address, and the ETag and date that came with it.
    """

    name: str
    size: int
    sha256: str
    etag: str | None = None
    last_modified: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Header:
    """What is known of an import. ``rejected`` counts the rows not taken, by reason.

    ``checked_at`` is when it was last seen to be what the publisher has. ``version`` is the one
    of Monition that read it: a later one may read more out of the same files. ``digest`` is the
    SHA-256 of the lines that follow; of a file that an earlier version wrote it is empty.
    """

    source: str
    imported_at: datetime
    checked_at: datetime
    originals: tuple[Original, ...]
    entries: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    version: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An import that was not taken: when, and why."""

    at: datetime
    reason: str


def write(
    folder: Folder,
    header: Header,
    entries: Iterable[Entry],
    note: Callable[[str], None] = lambda _: None,
) -> None:
    """Replace what is kept of a source; the directory is held. Raises ``OSError``.

    The header's digest is taken here, and told to ``note`` before anything is replaced.
    """
    body = b"".join(_dumped(_of_entry(entry)) + b"\n" for entry in entries)
    header = dataclasses.replace(header, digest=hashlib.sha256(body).hexdigest())
    note(header.digest)
    files.replace(folder.source(header.source), dump_header(header) + b"\n" + body)
    _take_refusal_away(folder, header.source)


def write_checked(folder: Folder, source: str, at: datetime) -> None:
    """Write down that what is kept is still what the publisher has. Raises ``OSError``.

    In a file of its own: snapshots are made of the other one, and nothing in them changes.
    """
    files.replace(checked(folder, source), _dumped({"at": _time(at)}) + b"\n")
    _take_refusal_away(folder, source)


def _take_refusal_away(folder: Folder, source: str) -> None:
    # What was taken is taken, whatever lies where the refusal would: `status` tells of that.
    with contextlib.suppress(OSError):
        folder.refusal(source).unlink(missing_ok=True)


def write_refusal(folder: Folder, source: str, refusal: Refusal) -> None:
    """Write down why an import was not taken; what was kept before stays. Raises ``OSError``."""
    folder.make()
    said = {"at": _time(refusal.at), "reason": refusal.reason}
    files.replace(folder.refusal(source), _dumped(said) + b"\n")


def source_names(folder: Folder) -> list[str]:
    """Give the sources that were imported, by name. Raises :class:`ListError`."""
    paths = safe_open.files_in(folder.sources, ".jsonl")
    return [path.stem for path in paths if safe_open.is_own_name(path.name)]


def unknown_files(folder: Folder) -> list[Path]:
    """Give the files beside the sources' that no list can have. Raises :class:`ListError`."""
    paths = safe_open.files_in(folder.sources, ".jsonl")
    return [path for path in paths if not safe_open.is_own_name(path.name)]


def read_header(folder: Folder, source: str) -> Header | None:
    """Read what is known of an import; ``None``: there is none. Raises :class:`ListError`."""
    path = folder.source(source)
    try:
        with safe_open.open_file(path, AGAIN) as stream:
            header = _header(stream.readline(_LONGEST), source)
    except FileNotFoundError:
        return None
    except safe_open.MALFORMED as error:
        raise _broken(path, 1, error) from None
    checked = _read_checked(folder, source)
    if checked is None or checked < header.checked_at:
        return header
    return dataclasses.replace(header, checked_at=checked)


def read_entries(folder: Folder, source: str) -> list[Entry]:
    """Read the entries of an import; none where there is none. Raises :class:`ListError`.

    Also where they are not those that were written: each could be read, and one be another's.
    """
    return entries_if_there(folder, source) or []


def entries_if_there(folder: Folder, source: str) -> list[Entry] | None:
    """Read as :func:`read_entries`, but ``None``: there is no such file, or no more."""
    path = folder.source(source)
    found: list[Entry] = []
    seen = hashlib.sha256()
    at = 1
    try:
        with safe_open.open_file(path, AGAIN) as stream:
            header = _header(stream.readline(_LONGEST), source)
            read = _entry if header.digest else _entry_of_an_older_version
            for line in stream:
                at += 1
                seen.update(line)
                found.append(read(json.loads(line)))
    except FileNotFoundError:
        return None
    except safe_open.MALFORMED as error:
        raise _broken(path, at, error) from None
    if len(found) != header.entries:
        raise _broken(path, len(found) + 2, f"it held {header.entries} entries")
    if header.digest not in ("", seen.hexdigest()):
        raise _broken(path, None, "its entries are not those that were written")
    return found


def read_refusal(folder: Folder, source: str) -> Refusal | None:
    """Read why the latest import was not taken; ``None``: it was, or there was none.

    Raises :class:`ListError`.
    """
    path = folder.refusal(source)
    if (said := safe_open.read_file(path, AGAIN)) is None:
        return None
    try:
        found = json.loads(said)
        return Refusal(safe_open.parse_time(found["at"]), safe_open.parse_text(found["reason"]))
    except safe_open.MALFORMED as error:
        raise _broken(path, None, error) from None


def dump_header(header: Header) -> bytes:
    """Give the line that a kept file begins with, without its end."""
    return _dumped(
        {
            "format": FORMAT,
            **dataclasses.asdict(header),
            "imported_at": _time(header.imported_at),
            "checked_at": _time(header.checked_at),
        }
    )


def parse_header(line: bytes) -> Header:
    """Read the line that a kept file begins with. Raises one of ``safe_open.MALFORMED``."""
    said: dict[str, Any] = json.loads(line)
    if said.pop("format") != FORMAT:
        raise ValueError("another version of Monition wrote it")
    return Header(
        source=safe_open.parse_text(said.pop("source")),
        imported_at=safe_open.parse_time(said.pop("imported_at")),
        checked_at=safe_open.parse_time(said.pop("checked_at")),
        originals=tuple(Original(**each) for each in said.pop("originals")),
        entries=safe_open.parse_count(said.pop("entries")),
        rejected={reason: safe_open.parse_count(of) for reason, of in said.pop("rejected").items()},
        **said,
    )


def _header(line: bytes, source: str) -> Header:
    header = parse_header(line)
    if header.source != source:
        raise ValueError(f"it is of another list, {header.source}")
    return header


def checked(folder: Folder, source: str) -> Path:
    """The file that says when the list was last seen to be what is kept."""
    return folder.sources / f"{source}.checked"


def _read_checked(folder: Folder, source: str) -> datetime | None:
    try:
        said = safe_open.read_file(checked(folder, source), AGAIN)
        return None if said is None else safe_open.parse_time(json.loads(said)["at"])
    except (ListError, *safe_open.MALFORMED):
        return None  # then the day of the import stands, which is earlier: the careful side


def _broken(path: Path, line: int | None, error: Exception | str) -> ListError:
    what = error if isinstance(error, str) else safe_open.reason_of(error)
    return safe_open.damaged(path, line, f"is damaged ({what})", AGAIN)


def _dumped(content: object) -> bytes:
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False).encode("utf-8")


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _of_entry(entry: Entry) -> dict[str, Any]:
    said = {
        name: value
        for name in _FIELDS
        if (value := getattr(entry, name)) not in (None, ()) and name != "listings"
    }
    return {**said, "listings": [_of_listing(listing) for listing in entry.listings]}


def _of_listing(listing: Listing) -> dict[str, str]:
    values = ((name, getattr(listing, name)) for name in _LISTING_FIELDS)
    return {name: str(value) for name, value in values if value is not None}


def _entry(said: dict[str, Any]) -> Entry:
    listings = tuple(map(_listing, said.pop("listings")))
    rest: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in said.items()
    }
    return Entry(listings=listings, **rest)


def _entry_of_an_older_version(said: dict[str, Any]) -> Entry:
    """Read one that no digest vouches for: what is in it is looked at, value by value."""
    if not said["listings"]:
        raise ValueError("an entry without a designation")
    for name, value in said.items():
        if name != "listings":
            for each in [value] if name in _SINGLE else list(value):
                safe_open.parse_text(each)
    return _entry(said)


def _listing(said: dict[str, str]) -> Listing:
    values: dict[str, Any] = {"programme": None, "uid": None, **said}
    for name in _DAYS:
        if name in said:
            values[name] = date.fromisoformat(said[name])
    return Listing(**values)


_FIELDS = tuple(each.name for each in dataclasses.fields(Entry))
_SINGLE = ("id", "name", "place", "country")
_LISTING_FIELDS = tuple(each.name for each in dataclasses.fields(Listing))
_DAYS = ("listed_on", "effective_from", "wind_down_until", "delisted_on")
