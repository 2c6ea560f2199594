"""What was done to the imported lists, and by whom: imports, refreshes, lists that may go.

``acts.jsonl`` begins with a line that names the folder, so that another folder in its place, or an
old copy of it, is told from the one that was worked with. An act stands there before what it does:
what is on record and was not done costs nothing.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from datetime import UTC
from typing import TYPE_CHECKING

from gateway.errors import ListError
from gateway.list_store.files import lists_directory as files
from gateway.list_store.files import safe_open

if TYPE_CHECKING:
    from datetime import datetime

    from gateway.list_store.files.lists_directory import Folder

IMPORT, REFRESH, FORGET = "import", "refresh", "forget"

_AGAIN = "move it away; the next import begins another"


@dataclass(frozen=True, slots=True)
class RecordedAct:
    """One act: on which list, and the digest of what it left of it, empty where that is nothing.

    ``id`` is random. ``by`` and ``reason`` are a person's, where one said so. ``after`` is what was
    last in force by then (:attr:`RecordedActs.place`), where that was remembered: by it an act
    counts also in a folder put in the place of one that is gone.
    """

    id: str
    at: datetime
    act: str
    source: str
    digest: str
    by: str = ""
    reason: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True)
class RecordedActs:
    """All acts in a folder of that random name; ``None``: it has none, nothing was done in it."""

    folder: str | None = None
    acts: tuple[RecordedAct, ...] = ()

    @property
    def place(self) -> str | None:
        """The last act, by its id; before the first, the folder itself."""
        return self.acts[-1].id if self.acts else self.folder

    def since(self, place: str | None) -> tuple[RecordedAct, ...]:
        """Give the acts that were done after that; none where it is not known here."""
        ids = [self.folder, *(each.id for each in self.acts)]
        known = self.acts[ids.index(place) :] if place is not None and place in ids else ()
        return known or tuple(each for each in self.acts if place and each.after == place)


def read(folder: Folder) -> RecordedActs:
    """Read what is on record. A file that is damaged or gone says nothing, and so allows nothing.

    Nor does a line that cannot be read.
    """
    try:
        lines = (safe_open.read_file(folder.acts, _AGAIN) or b"").splitlines()
        name = json.loads(lines[0])["folder"] if lines else None
    except (ListError, *safe_open.MALFORMED):
        return RecordedActs()
    acts = []
    for line in lines[1:]:
        try:
            acts.append(_act(line))
        except safe_open.MALFORMED:
            continue
    return RecordedActs(name, tuple(acts))


def begin(folder: Folder) -> None:
    """Give the folder its name, where it has none. Raises ``OSError``."""
    if read(folder).folder is None:
        said = json.dumps({"folder": secrets.token_hex(8)})
        files.replace(folder.acts, said.encode() + b"\n")


def add(folder: Folder, act: RecordedAct) -> None:
    """Put an act on record, durably. Raises ``OSError``."""
    begin(folder)
    said = {
        "id": act.id,
        "at": act.at.astimezone(UTC).isoformat(timespec="seconds"),
        "act": act.act,
        "source": act.source,
        "digest": act.digest,
        "by": act.by,
        "reason": act.reason,
        "after": act.after,
    }
    files.append(folder.acts, json.dumps(said, ensure_ascii=False).encode("utf-8"))


def _act(line: bytes) -> RecordedAct:
    said = json.loads(line)
    texts = {
        name: safe_open.parse_text(said[name])
        for name in ("id", "act", "source", "digest", "by", "reason", "after")
    }
    return RecordedAct(at=safe_open.parse_time(said["at"]), **texts)
