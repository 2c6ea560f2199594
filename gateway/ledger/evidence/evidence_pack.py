"""The evidence pack: a ZIP that whoever gets it can check with nothing but Python.

It holds the chosen findings for people (CSV) and for programs (JSON lines), the sealed events that
they come from, a checkpoint, and the program that checks all of it (:mod:`verify_pack`). What it
proves, and to whom, is in ``docs/decisions/0015-evidence.md``.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import json
import zipfile
from contextlib import closing, contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from gateway.ledger.evidence import pack_contents, safe_cell
from gateway.ledger.query.logged_reading import COLUMNS, LoggedReading
from gateway.ledger.verify.checkpoint import as_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from gateway.ledger.evidence.signing import SigningKey
    from gateway.ledger.questions.filters import Filters
    from gateway.ledger.verify.checkpoint import KeptCheckpoint

FORMAT = "monition-pack-1"
PROGRAM = Path(__file__).with_name("verify_pack.py")

HOW_TO = """\
HOW TO VERIFY THIS PACK

You need Python 3.8 or later, and nothing else. Unpack, and in the folder run

    python3 verify.py

or leave it packed: python3 verify.py PACK.zip. Each line says what was checked; the last
one is "The pack is sound.", and the exit status 0. "BAD" names the first thing wrong.

Four things cannot come out of the pack itself:

1. The program. Whoever could forge the pack could forge verify.py in it. Take it from
   Monition's own source (gateway/ledger/evidence/verify_pack.py) if you have any doubt.
2. The key. If the pack is signed, compare the key's fingerprint with the one that was
   written down when the key was made: verify.py --fingerprint sha256:...
3. A checkpoint kept elsewhere (in a mailbox, in a log on another machine), from before the
   pack was made: verify.py --checkpoint FILE. With it nobody, not even who holds the
   key, can have rewritten what came before it.
4. That none was left out. Whoever takes a finding and its personal data out of an unsigned
   pack leaves a sound one. With a signature that you checked, none was left out after it
   was made; which findings were asked for is in the manifest ("filters").

WHAT IS IN IT

findings.csv     the findings, for a spreadsheet. A cell that one would take for a formula
                 begins with an apostrophe, which is not part of the data.
findings.jsonl   the same findings, one JSON object a line
chain.jsonl      the sealed events, oldest first, column by column as they are stored.
                 They name institutions, rules and times, and no correspondent. Where the
                 manifest says "chain": "chosen" only those of these findings are here:
                 then their place in the ledger is not shown, and anyone could have made
                 them up. Such a pack is worth what its signature is worth.
personal.jsonl   the personal data beside the events of these findings, with the salts of
                 their commitments. Where salt and data are null it was erased.
checkpoint.json  the head of the chain when the pack was made
manifest.json    who made it, when, by which filters; the SHA-256 of each file

The formats are in Monition's docs/decisions/0003-hash-format.md and 0015-evidence.md.
"""


class ChainScope(StrEnum):
    """Which events go along: all, so that the chain can be walked, or the findings' alone."""

    FULL = "full"
    CHOSEN = "chosen"


@dataclass(frozen=True, slots=True)
class PackDescription:
    """Who made a pack, when, why, by which filters as they were asked; ``version`` is ours.

    ``kept`` is the checkpoint of what is being read. With a ``key`` the manifest is signed too.
    """

    made_at: datetime
    by: str
    reason: str | None
    filters: Mapping[str, str]
    version: str
    kept: KeptCheckpoint
    key: SigningKey | None = None
    chain: ChainScope = ChainScope.FULL


def write_pack(
    stream: IO[bytes],
    reading: LoggedReading,
    filters: Filters,
    about: PackDescription,
    progress: Callable[[int], None] = lambda _: None,
) -> int:
    """Write a pack; returns how many findings are in it.

    Who reads is recorded before the first row is read. ``progress`` hears the ``seq`` of each
    event. Raises ``LedgerError`` where the ledger is not intact, or the reading cannot be recorded.
    """
    chosen = reading.log_findings(filters)

    def rows() -> Iterator[dict[str, Any]]:
        found = reading.reader.findings(chosen)
        return found if reading.shows_names else map(reading.pseudonymised, found)

    # Closed in any case: a ZIP that is forgotten half written complains when it is collected.
    with closing(_Pack(stream, about.made_at)) as pack:
        pack.put("HOW-TO-VERIFY.txt", HOW_TO)
        pack.put("verify.py", PROGRAM.read_text(encoding="utf-8"))
        with pack.file("findings.csv") as file:
            _write_csv(rows(), file)
        findings = pack.put_lines("findings.jsonl", rows())
        whole = about.chain is ChainScope.FULL
        events = pack_contents.sealed_events(reading.reader, None if whole else chosen, progress)
        pack.put_lines("chain.jsonl", (event._asdict() for event in events))
        parts = pack_contents.personal_parts(reading.reader, chosen) if reading.shows_names else ()
        pack.put_lines("personal.jsonl", (part._asdict() for part in parts))
        pack.put("checkpoint.json", as_line(about.kept) + "\n")
        manifest = _manifest(about, pack, findings, names_people=reading.shows_names)
        pack.put("manifest.json", manifest)
        if about.key is not None:
            pack.put("manifest.sig.json", _signature(manifest, about.key))
    return findings


def _manifest(about: PackDescription, pack: _Pack, findings: int, *, names_people: bool) -> str:
    fields = {
        "format": FORMAT,
        "made_at": about.made_at.isoformat(timespec="seconds"),
        "by": about.by,
        "reason": about.reason,
        "version": about.version,
        "filters": dict(about.filters),
        "pseudonyms": not names_people,
        "chain": about.chain.value,
        "ledger": about.kept.ledger,
        "findings": findings,
        "columns": list(COLUMNS),
        "files": pack.files,
    }
    return json.dumps(fields, ensure_ascii=False, indent=1) + "\n"


def _write_csv(rows: Iterable[Mapping[str, Any]], file: _Digested) -> None:
    # Quoted throughout: readers take a lone CR for a row's end.
    writer = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(COLUMNS)
    for row in rows:
        writer.writerow([safe_cell.cell_text(row.get(name)) for name in COLUMNS])


def _signature(manifest: str, key: SigningKey) -> str:
    digest = hashlib.sha256(manifest.encode()).hexdigest()
    signature = key.signature(f"{FORMAT}\n{digest}\n".encode())
    fields = {
        "public_key": base64.b64encode(signature.key).decode(),
        "signature": base64.b64encode(signature.value).decode(),
    }
    return json.dumps(fields) + "\n"


class _Pack:
    """A ZIP being written, each file's digest taken on the way."""

    def __init__(self, stream: IO[bytes], at: datetime) -> None:
        self._zip = zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED)
        self._at = at.timetuple()[:6]
        self.files: dict[str, dict[str, object]] = {}

    @contextmanager
    def file(self, name: str) -> Iterator[_Digested]:
        """A file being written, of any size."""
        entry = zipfile.ZipInfo(name, self._at)
        entry.compress_type = zipfile.ZIP_DEFLATED
        entry.external_attr = 0o600 << 16
        with self._zip.open(entry, "w", force_zip64=True) as inner:
            digested = _Digested(inner)
            yield digested
        self.files[name] = {"sha256": digested.digest.hexdigest(), "bytes": digested.size}

    def put(self, name: str, text: str) -> None:
        """A file of a known text."""
        with self.file(name) as file:
            file.write(text)

    def put_lines(self, name: str, rows: Iterable[Mapping[str, Any]]) -> int:
        """A file with one JSON object a line; how many there are."""
        count = 0
        with self.file(name) as file:
            for count, row in enumerate(rows, 1):  # noqa: B007 - how many is what is asked
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
        return count

    def close(self) -> None:
        """Write the directory of the ZIP."""
        self._zip.close()


class _Digested:
    """A stream of text that takes the SHA-256 of what goes through it, as UTF-8."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, text: str) -> int:
        """Pass on, counted and digested."""
        data = text.encode()
        self.digest.update(data)
        self.size += len(data)
        return self._stream.write(data)
