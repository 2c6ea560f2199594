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

    ``id`` is random. ``by`` and ``reason`` are a person's, where one said so.
    """

    id: str
    at: datetime
    act: str
    source: str
    digest: str
    by: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RecordedActs:
    """All acts in a folder of that random name; ``after`` is the act that its first one follows.

    Both are ``None`` in a folder that nothing was ever done in.
    """

    folder: str | None = None
    after: str | None = None
    acts: tuple[RecordedAct, ...] = ()

    @property
    def last(self) -> str | None:
        """The id of the last act."""
        return self.acts[-1].id if self.acts else self.after

    def since(self, act: str | None) -> tuple[RecordedAct, ...]:
        """Give the acts after that one; none where it is not known here."""
        if act == self.after:
            return self.acts
        ids = [each.id for each in self.acts]
        return self.acts[ids.index(act) + 1 :] if act in ids else ()


def read(folder: Folder) -> RecordedActs:
    """Read what is on record. A file that is damaged or gone says nothing, and so allows nothing.

    Nor does a line that cannot be read.
    """
    try:
        lines = (safe_open.read_file(folder.acts, _AGAIN) or b"").splitlines()
        first = json.loads(lines[0]) if lines else {}
        name, after = first.get("folder"), first.get("after")
    except (ListError, *safe_open.MALFORMED):
        return RecordedActs()
    acts = []
    for line in lines[1:]:
        try:
            acts.append(_act(line))
        except safe_open.MALFORMED:
            continue
    return RecordedActs(name, after, tuple(acts))


def begin(folder: Folder, continues: tuple[str, str | None] | None) -> None:
    """Give the folder its name, where it has none. Raises ``OSError``.

    ``continues`` is the name and the last act of the folder that stood here before and is gone: a
    new one takes its place, and what is done in it counts as done in that one.
    """
    if read(folder).folder is None:
        name, after = continues or (secrets.token_hex(8), None)
        files.replace(folder.acts, json.dumps({"folder": name, "after": after}).encode() + b"\n")


def add(folder: Folder, act: RecordedAct, continues: tuple[str, str | None] | None) -> None:
    """Put an act on record, durably. Raises ``OSError``; ``continues`` as for :func:`begin`."""
    begin(folder, continues)
    said = {
        "id": act.id,
        "at": act.at.astimezone(UTC).isoformat(timespec="seconds"),
        "act": act.act,
        "source": act.source,
        "digest": act.digest,
        "by": act.by,
        "reason": act.reason,
    }
    files.append(folder.acts, json.dumps(said, ensure_ascii=False).encode("utf-8"))


def _act(line: bytes) -> RecordedAct:
    said = json.loads(line)
    texts = {
        name: safe_open.parse_text(said[name])
        for name in ("id", "act", "source", "digest", "by", "reason")
    }
    return RecordedAct(at=safe_open.parse_time(said["at"]), **texts)
