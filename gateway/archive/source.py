"""One imported list as it is kept: a header line that says what it is, then its entries."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from gateway.archive import folder as files
from gateway.errors import Fault, ListError
from gateway.lists.entry import Entry
from gateway.model import Listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gateway.archive.folder import Folder

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Original:
    """A file as it was read: its name, its bytes and their SHA-256.

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
    of Monition that read it: a later one may read more out of the same files.
    """

    source: str
    imported_at: datetime
    checked_at: datetime
    originals: tuple[Original, ...]
    entries: int
    rejected: Mapping[str, int] = field(default_factory=dict)
    version: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An import that was not taken: when, and why."""

    at: datetime
    reason: str


def write(folder: Folder, header: Header, entries: Iterable[Entry]) -> None:
    """Replace what is kept of a source. Raises ``OSError``."""
    lines = [dumped_header(header), *(_dumped(_of_entry(entry)) for entry in entries)]
    files.replace(folder.source(header.source), b"\n".join(lines) + b"\n")
    folder.refusal(header.source).unlink(missing_ok=True)


def write_checked(folder: Folder, source: str, at: datetime) -> None:
    """Write down that what is kept is still what the publisher has. Raises ``OSError``.

    In a file of its own: snapshots are made of the other one, and nothing in them changes.
    """
    files.replace(_checked(folder, source), _dumped({"at": _time(at)}) + b"\n")
    folder.refusal(source).unlink(missing_ok=True)


def write_refusal(folder: Folder, source: str, refusal: Refusal) -> None:
    """Write down why an import was not taken; what was kept before stays."""
    folder.make()
    said = {"at": _time(refusal.at), "reason": refusal.reason}
    files.replace(folder.refusal(source), _dumped(said) + b"\n")


def names(folder: Folder) -> list[str]:
    """Give the sources that were imported, by name."""
    return sorted(path.stem for path in folder.sources.glob("*.jsonl"))


def read_header(folder: Folder, source: str) -> Header | None:
    """Read what is known of an import; ``None``: there is none. Raises :class:`ListError`."""
    path = folder.source(source)
    try:
        with path.open("rb") as stream:
            header = parsed_header(stream.readline())
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, 1, error) from None
    checked = _read_checked(folder, source)
    if checked is None or checked < header.checked_at:
        return header
    return dataclasses.replace(header, checked_at=checked)


def read_entries(folder: Folder, source: str) -> list[Entry]:
    """Read the entries of an import; none where there is none. Raises :class:`ListError`."""
    path = folder.source(source)
    if not path.exists():
        return []
    found: list[Entry] = []
    try:
        with path.open("rb") as stream:
            header = parsed_header(stream.readline())
            found.extend(_entry(json.loads(line)) for line in stream)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, len(found) + 2, error) from None
    if len(found) != header.entries:
        raise _broken(path, len(found) + 2, f"it held {header.entries} entries")
    return found


def read_refusal(folder: Folder, source: str) -> Refusal | None:
    """Read why the latest import was not taken; ``None``: it was, or there was none."""
    path = folder.refusal(source)
    try:
        said = json.loads(path.read_bytes())
        return Refusal(datetime.fromisoformat(said["at"]), str(said["reason"]))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _broken(path, None, error) from None


def dumped_header(header: Header) -> bytes:
    """Give the line that a kept file begins with."""
    return _dumped(
        {
            "format": FORMAT,
            **dataclasses.asdict(header),
            "imported_at": _time(header.imported_at),
            "checked_at": _time(header.checked_at),
        }
    )


def parsed_header(line: bytes) -> Header:
    """Read that line. Raises ``ValueError``, ``KeyError`` or ``TypeError``."""
    said: dict[str, Any] = json.loads(line)
    if said.pop("format") != FORMAT:
        raise ValueError("another version of Monition wrote it")
    originals = tuple(Original(**each) for each in said.pop("originals"))
    imported, checked = (
        datetime.fromisoformat(said.pop(key)) for key in ("imported_at", "checked_at")
    )
    return Header(imported_at=imported, checked_at=checked, originals=originals, **said)


def _checked(folder: Folder, source: str) -> Path:
    return folder.sources / f"{source}.checked"


def _read_checked(folder: Folder, source: str) -> datetime | None:
    try:
        return datetime.fromisoformat(json.loads(_checked(folder, source).read_bytes())["at"])
    except (OSError, ValueError, KeyError, TypeError):
        return None  # then the day of the import stands, which is earlier: the careful side


def _broken(path: Path, line: int | None, error: Exception | str) -> ListError:
    message = f"is damaged ({error}); import the list again"
    return ListError([Fault(str(path), line, None, message)])


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


def _listing(said: dict[str, str]) -> Listing:
    values: dict[str, Any] = {"programme": None, "uid": None, **said}
    for name in _DAYS:
        if name in said:
            values[name] = date.fromisoformat(said[name])
    return Listing(**values)


_FIELDS = tuple(each.name for each in dataclasses.fields(Entry))
_LISTING_FIELDS = tuple(each.name for each in dataclasses.fields(Listing))
_DAYS = ("listed_on", "effective_from", "wind_down_until", "delisted_on")
