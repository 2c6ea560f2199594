"""Check an evidence pack of Monition's ledger, with nothing but Python's standard library (3.8 on).

    python3 verify.py                       # in the unpacked folder
    python3 verify.py PACK.zip --fingerprint sha256:…  --checkpoint FILE-KEPT-ELSEWHERE

It checks the files against the manifest, the signatures (Ed25519, RFC 8032), the chain of all
events up to the checkpoint, the personal data against what the chain sealed of it, and each finding
against the sealed events. Status 0: all is sound; 1: something is not; 2: wrong usage.

Whoever doubts a pack takes this from Monition's source: ``gateway/ledger/evidence/verify_pack.py``.
"""

from __future__ import annotations

import argparse
import base64
import csv
import hashlib
import io
import json
import sys
import zipfile
from itertools import zip_longest
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:  # evaluated by no Python before 3.9
    from collections.abc import Iterator

    Row = dict[str, Any]
    Parts = dict[str, tuple[Any, Any]]  # by its name, a part's salt and data
    Point = tuple[int, int, int, int]

TAG = b"monition-1"
PACK_TAG = "monition-pack-1"
CHECKPOINT_TAG = "monition-checkpoint-1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig.json"
NO_CHAIN = "that they are in the ledger's chain is not shown"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")  # noqa: RUF001

# The fields of a finding that an event's facts hold under the same name.
OF_FACTS = (
    *("standing", "kind", "tier", "entity", "entity_name", "list", "programme", "listed_on"),
    *("rule", "action", "snapshot", "policy", "department"),
)
# What pseudonyms keep from being compared, and what they may leave out.
PEOPLE = ("sender", "recipient", "reply", "queue_id", "next_queue_id", "message_id", "client")
MAY_NAME = ("matched", "policy_rule")


class UnsoundError(Exception):
    """Something is not as it was sealed; the text says what and where."""


# Ed25519 after RFC 8032, section 5.1.
P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
CURVE = -121665 * pow(121666, P - 2, P) % P
ROOT_OF_MINUS_ONE = pow(2, (P - 1) // 4, P)
SPKI = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, section 4

NEUTRAL: Point = (0, 1, 1, 0)


def added(one: Point, other: Point) -> Point:
    """The sum of two points in extended homogeneous coordinates (section 5.1.4)."""
    a = (one[1] - one[0]) * (other[1] - other[0]) % P
    b = (one[1] + one[0]) * (other[1] + other[0]) % P
    c = 2 * one[3] * other[3] * CURVE % P
    d = 2 * one[2] * other[2] % P
    e, f, g, h = b - a, d - c, d + c, b + a
    return (e * f % P, g * h % P, f * g % P, e * h % P)


def times(number: int, point: Point) -> Point:
    """A point added to itself so often; no secret is in it, so it need not take constant time."""
    total = NEUTRAL
    while number:
        if number & 1:
            total = added(total, point)
        point = added(point, point)
        number >>= 1
    return total


def decoded(raw: bytes) -> Point | None:
    """The point that 32 bytes stand for (section 5.1.3); ``None`` for none."""
    y = int.from_bytes(raw, "little")
    sign, y = y >> 255, y & (2**255 - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(CURVE * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT_OF_MINUS_ONE % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    if x & 1 != sign:
        x = P - x
    return (x, y, 1, x * y % P)


def encoded(point: Point) -> bytes:
    """A point as 32 bytes (section 5.1.2)."""
    inverse = pow(point[2], P - 2, P)
    x, y = point[0] * inverse % P, point[1] * inverse % P
    return (y | (x & 1) << 255).to_bytes(32, "little")


BASE = decoded((4 * pow(5, P - 2, P) % P).to_bytes(32, "little")) or NEUTRAL


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    """Whether this is that key's signature of the message (section 5.1.7)."""
    if len(key) != 32 or len(signature) != 64:
        return False
    public, scalar = decoded(key), int.from_bytes(signature[32:], "little")
    if public is None or scalar >= ORDER:
        return False
    digest = hashlib.sha512(signature[:32] + key + message).digest()
    challenge = int.from_bytes(digest, "little") % ORDER
    minus = (P - public[0], public[1], 1, P - public[3])
    return encoded(added(times(scalar, BASE), times(challenge, minus))) == signature[:32]


class Pack:
    """The files of a pack, in a ZIP or in a folder."""

    def __init__(self, path: Path) -> None:
        self._folder = path
        self.zip = None if path.is_dir() else zipfile.ZipFile(str(path))
        self.names = self.zip.namelist() if self.zip else [each.name for each in path.iterdir()]

    def open(self, name: str) -> IO[bytes]:
        """A stream of one file's bytes. Raises ``UnsoundError`` where there is none."""
        if name not in self.names:
            raise UnsoundError(f"{name} is missing")
        return self.zip.open(name) if self.zip else (self._folder / name).open("rb")

    def json(self, name: str) -> Any:
        """One file as JSON."""
        with self.open(name) as stream:
            return json.load(stream)

    def lines(self, name: str) -> Iterator[Row]:
        """One file's lines, each as JSON."""
        with self.open(name) as stream:
            yield from map(json.loads, stream)


def check_files(pack: Pack, manifest: Row) -> str:
    """Each file is the one that the manifest tells of, with no other, or ``UnsoundError``."""
    known = {*manifest["files"], MANIFEST, SIGNATURE} & {*pack.names}
    strange = sorted({*pack.names} - known)
    if pack.zip and sorted(pack.names) != sorted(known):  # a folder may hold others by now
        raise UnsoundError("the ZIP holds files that its manifest does not know, or one twice")
    for name, told in manifest["files"].items():
        digest = hashlib.sha256()
        with pack.open(name) as stream:
            while piece := stream.read(1 << 20):
                digest.update(piece)
        if digest.hexdigest() != told["sha256"]:
            raise UnsoundError(f"{name} was changed: its SHA-256 is not the manifest's")
    beside = f"; no part of the pack: {', '.join(map(ascii, strange))}" if strange else ""
    return f"{len(manifest['files'])} files are those of the manifest{beside}"


def signed_text(kept: Row) -> str:
    """What the signature of a checkpoint is over."""
    lines = [CHECKPOINT_TAG]
    for name in ("ledger", "seq", "hash", "id", "at", "taken_at"):
        value = "-" if kept.get(name) is None else str(kept[name])
        lines.append(f"{name} {value.split()[0]}")  # a line's end in a field would forge the next
    return "\n".join([*lines, ""])


def check_signatures(pack: Pack, kept: list[Row], expected: str | None) -> Iterator[str]:
    """Who signed the manifest and each checkpoint; ``UnsoundError`` for a wrong or other key."""
    with pack.open(MANIFEST) as stream:
        digest = hashlib.sha256(stream.read()).hexdigest()
    mark = pack.json(SIGNATURE) if SIGNATURE in pack.names else {}
    rows = [(f"the checkpoint of row {one['seq']}", one, signed_text(one)) for one in kept]
    for what, data, message in [("the manifest", mark, f"{PACK_TAG}\n{digest}\n"), *rows]:
        by = None
        if "signature" in data:
            key, value = (base64.b64decode(data[name]) for name in ("public_key", "signature"))
            by = f"sha256:{hashlib.sha256(SPKI + key).hexdigest()}"  # what people compare
            if not is_signed(key, message.encode(), value):
                raise UnsoundError(f"the signature of {what} is wrong")
        if expected and by != expected:
            raise UnsoundError(f"{what} is signed by {by or 'nobody'}, and not by {expected}")
        yield f"{what} is signed by {by}" if by else f"{what} is not signed"


def row_hash(row: Row) -> str:
    """SHA-256, in hex, over the tag and each column, each behind its length in eight bytes."""
    texts = [str(row[name]) for name in ("seq", "id", "at", "kind", "facts", "commitments")]
    columns = [TAG, *(text.encode() for text in texts), bytes.fromhex(row["previous"])]
    framed = b"".join(len(column).to_bytes(8, "big") + column for column in columns)
    return hashlib.sha256(framed).hexdigest()


class Sealed:
    """What the chain says of the chosen findings, gathered while it is walked."""

    def __init__(self, chosen: set[str], personal: dict[str, Parts]) -> None:
        self.chosen = chosen
        self.personal = personal
        self.events = self.erased = 0
        self.checked: set[str] = set()
        self.stories: dict[str, dict[str, Row]] = {}
        self.results: dict[str, str] = {}

    def take(self, row: Row, *, names_people: bool) -> None:
        """One event, whose hash is right: its parts are checked, its facts are kept if needed."""
        self.events += 1
        facts: Row = json.loads(row["facts"])
        kind = row["kind"]
        about = row["id"] if kind == "OBSERVED" else facts.get("observed")
        if names_people and about in self.chosen:
            self._check_parts(row)
        if about in self.chosen:
            event = {name: row[name] for name in ("id", "at", "kind", "facts")}
            self.stories.setdefault(about, {})["HELD" if kind == "RELEASED" else kind] = event
            if facts.get("notice_id"):
                self.results.setdefault(facts["notice_id"], "queued")
        elif kind == "NOTIFIED" and facts.get("notice") in self.results:
            self.results[facts["notice"]] = facts["result"]

    def part(self, event: Row | None, name: str) -> Row | None:
        """The data of one part; ``None`` where it was erased or never was."""
        data = event and self.personal.get(event["id"], {}).get(name, (None, None))[1]
        return json.loads(data) if data else None

    def _check_parts(self, row: Row) -> None:
        parts, promised = self.personal.get(row["id"], {}), json.loads(row["commitments"])
        where = f"row {row['seq']} ({row['id']}): its part "
        for name in sorted({*parts} ^ {*promised}):
            raise UnsoundError(f"{where}{name} is missing, or was never sealed")
        for name, (salt, data) in [*parts.items()]:
            if salt is None and data is None:
                self.erased += 1
                continue
            digest = hashlib.sha256(TAG + bytes.fromhex(salt) + data.encode())
            if digest.hexdigest() != promised[name]:
                raise UnsoundError(f"{where}{name} was changed: it is not what was sealed")
            parts[name] = (None, data)  # all of a pack is held at once: the salt has served
        self.checked.add(row["id"])


def check_chain(pack: Pack, sealed: Sealed, manifest: Row, kept: dict[int, str]) -> str:
    """Every row's hash; of a whole chain also that each follows the last, or ``UnsoundError``."""
    is_whole, previous, seq, first = manifest["chain"] == "full", "0" * 64, 0, None
    for row in pack.lines("chain.jsonl"):
        where = f"row {row['seq']} ({row['id']}) of the chain"
        if is_whole and (row["seq"] != seq + 1 or row["previous"] != previous):
            raise UnsoundError(f"{where} does not follow the one before it")
        if row["seq"] <= seq:
            raise UnsoundError(f"{where} is out of order")
        if row_hash(row) != row["hash"]:
            raise UnsoundError(f"{where} was changed: its hash does not fit it")
        seq, previous, first = row["seq"], row["hash"], first or row["hash"]
        if kept.get(seq, previous) != previous:
            raise UnsoundError(f"{where} is not the one that the checkpoint kept")
        sealed.take(row, names_people=not manifest["pseudonyms"])
    if not is_whole:
        return f"each of {sealed.events} events fits its own hash; {NO_CHAIN}"
    if first != manifest["ledger"] or seq not in kept or seq < max(kept):
        raise UnsoundError(f"the chain ends at row {seq}, before a checkpoint")
    return f"the chain is whole: {seq} events, from the first to the checkpoint"


def check_parts(sealed: Sealed) -> str:
    """All personal data belongs to an event of the pack, or ``UnsoundError``."""
    for stray in sorted({*sealed.personal} - sealed.checked):
        raise UnsoundError(f"there is personal data of an event of no finding here: {stray}")
    told = f"personal data of {len(sealed.checked)} events is what was sealed"
    return f"{told}; {sealed.erased} parts of it are erased"


def told(identity: str, sealed: Sealed) -> Row:
    """A finding as the sealed events tell it. Raises ``UnsoundError`` where none does."""
    story = sealed.stories.get(identity, {})
    seen, end = story.get("OBSERVED"), story.get("SETTLED")
    if seen is None:
        raise UnsoundError(f"the finding {identity} has no event")
    facts, ending = json.loads(seen["facts"]), json.loads(end["facts"]) if end else {}
    decision = json.loads(story["DISPOSED"]["facts"]) if "DISPOSED" in story else {}
    parts = [sealed.part(seen, "sender"), sealed.part(seen, "recipient")]
    parts += [sealed.part(end, "sender"), sealed.part(end, "recipient")] if end else []
    sender, recipient, after, reply = [part or {} for part in [*parts, None, None]][:4]
    row: Row = {name: facts.get(name) for name in OF_FACTS}
    row.update({name: decision.get(name) for name in ("licence", "expires_on")})
    row.update({name: sender.get(name) for name in ("queue_id", "message_id", "client")})
    row.update(id=identity, at=seen["at"], outcome=ending.get("outcome") or "pending")
    row.update(sender=sender.get("address"), recipient=recipient.get("address"))
    row.update(reply=reply.get("reply"), next_queue_id=after.get("next_queue_id"))
    for name in MAY_NAME:  # where it names somebody it stands in their part
        found = (part.get(name) for part in (facts, sender, recipient))
        row[name] = next((value for value in found if value is not None), None)
    row["disposition"] = decision.get("disposition") or "open"
    row["held"] = story.get("HELD", {}).get("kind") == "HELD"
    notice = ending.get("notice") or "none"
    row["notice"] = sealed.results.get(ending.get("notice_id") or "", notice)
    return {**row, "erased": True} if None in parts else row


def cell(value: Any) -> str:
    """A value as CSV has it; what a spreadsheet would run is behind an apostrophe."""
    value = {None: "", True: "yes", False: "no"}.get(value, value)
    return f"'{value}" if str(value).startswith(FORMULA) else str(value)


def check_findings(pack: Pack, sealed: Sealed, manifest: Row) -> str:
    """Each finding is what the events say, CSV says the same as JSON, or ``UnsoundError``."""
    columns, count = manifest["columns"], 0
    with pack.open("findings.csv") as stream:
        table = csv.reader(io.TextIOWrapper(stream, "utf-8", newline=""))
        if next(table, None) != columns:
            raise UnsoundError("findings.csv has not the columns that the manifest tells of")
        for row, cells in zip_longest(pack.lines("findings.jsonl"), table):
            if row is None or cells is None:
                raise UnsoundError("findings.csv and findings.jsonl are of different lengths")
            compare(row, told(row["id"], sealed), veiled=manifest["pseudonyms"])
            if cells != [cell(row.get(name)) for name in columns]:
                raise UnsoundError(f"findings.csv differs from findings.jsonl at {row['id']}")
            count += 1
    if not count == manifest["findings"] == len(sealed.chosen):
        raise UnsoundError(f"there are {count} findings, not {manifest['findings']}")
    return f"{count} findings are what the sealed events say, in JSON and in CSV"


def compare(row: Row, sealed: Row, *, veiled: bool) -> None:
    """``UnsoundError`` for the first field that differs; ``veiled``: people are not compared."""
    for name in sorted({*row, *sealed}):
        ours, theirs = row.get(name), sealed.get(name)
        if ours != theirs and not (veiled and name in (*PEOPLE, "erased")):
            raise UnsoundError(f"{row['id']} has {name} {ours!a}, the sealed events {theirs!a}")


def kept_elsewhere(path: Path) -> list[Row]:
    """The checkpoints of a file, one a line. Raises ``UnsoundError`` for a file of none."""
    try:
        kept = [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]
        if all({"seq", "hash"} <= {*one} for one in kept) and kept:
            return kept
    except (OSError, ValueError, TypeError) as error:
        raise UnsoundError(f"the checkpoint {path} cannot be used: {error}") from error
    raise UnsoundError(f"the checkpoint {path} cannot be used: it holds none")


def checks(path: Path, elsewhere: Path | None, expected: str | None) -> Iterator[str]:
    """All checks, one sentence each. Raises ``UnsoundError`` at the first that fails."""
    pack = Pack(path)
    manifest = pack.json(MANIFEST)
    if manifest["format"] != PACK_TAG:
        raise UnsoundError(f"this is no pack of the format {PACK_TAG}")
    yield check_files(pack, manifest)
    kept = [pack.json("checkpoint.json")]
    kept += kept_elsewhere(elsewhere) if elsewhere else []
    yield from check_signatures(pack, kept, expected)
    personal: dict[str, Parts] = {}
    for part in pack.lines("personal.jsonl"):
        personal.setdefault(part["event"], {})[part["part"]] = (part["salt"], part["data"])
    sealed = Sealed({row["id"] for row in pack.lines("findings.jsonl")}, personal)
    hashes: dict[int, str] = {}
    for one in kept:
        is_ours = one.get("ledger") in (None, manifest["ledger"])
        if not is_ours or hashes.setdefault(one["seq"], one["hash"]) != one["hash"]:
            raise UnsoundError(f"the checkpoint of row {one['seq']} is another ledger's")
    yield check_chain(pack, sealed, manifest, hashes)
    yield check_parts(sealed)
    yield check_findings(pack, sealed, manifest)


def main(arguments: list[str]) -> int:
    """Check a pack; returns the exit status."""
    parser = argparse.ArgumentParser(description="Check an evidence pack of Monition's ledger.")
    parser.add_argument("pack", nargs="?", type=Path, default=Path(__file__).resolve().parent)
    parser.add_argument("--fingerprint", help="of the key that must have signed: sha256:…")
    parser.add_argument("--checkpoint", type=Path, help="one that was kept elsewhere")
    chosen = parser.parse_args(arguments)
    last = "The pack is sound."
    try:
        for sentence in checks(chosen.pack, chosen.checkpoint, chosen.fingerprint):
            sys.stdout.write(f"ok   {sentence}\n")
            if NO_CHAIN in sentence:
                last = "The pack agrees with itself; it proves no more than who signed it."
    except Exception as error:  # noqa: BLE001 - whatever a pack holds, it is told and not thrown
        is_told = isinstance(error, UnsoundError)
        sys.stdout.write(f"BAD  {error if is_told else f'this is no sound pack ({error!a})'}\n")
        return 1
    sys.stdout.write(f"{last}\n")
    if not chosen.fingerprint:
        sys.stdout.write("Who made it is known by the key alone: name yours with --fingerprint.\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
