"""The program in an evidence pack: it finds everything, and needs nothing."""

from __future__ import annotations

import ast
import hashlib
import io
import json
import os
import subprocess
import sys
import zipfile
from contextlib import contextmanager

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.ledger.evidence import signing, verify_pack
from gateway.ledger.evidence.evidence_pack import PROGRAM, ChainScope, PackDescription, write_pack
from gateway.ledger.query.ledger_reader import COLUMNS
from gateway.ledger.query.logged_reading import Access, LoggedReading
from gateway.ledger.questions.filters import Filters
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.ledger.verify.checkpoint import KeptCheckpoint, as_line
from gateway.model import Rule

# RFC 8032, section 7.1: TEST 1, 2, 3 and SHA(abc); public key, message, signature.
SHA_OF_ABC = hashlib.sha512(b"abc").hexdigest()
VECTORS = """\
d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a
-
e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46b
d25bf5f0595bbe24655141438e7a100b

3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c
72
92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c
387b2eaeb4302aeeb00d291612bb0c00

fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025
af82
6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc659
4a7c15e9716ed28dc027beceea1ec40a

ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf
SHA-512 of abc
dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e030
3dca179c138ac17ad9bef1177331a704
"""
VECTORS = [
    (key, message.replace("-", "").replace("SHA512 of abc", SHA_OF_ABC), "".join(signature))
    for key, message, *signature in (block.split("\n") for block in VECTORS.strip().split("\n\n"))
]


@pytest.mark.parametrize(("key", "message", "signature"), VECTORS)
def test_the_vectors_of_rfc_8032_hold_and_no_changed_bit_does(key, message, signature):
    key, message, signature = (bytes.fromhex(text) for text in (key, message, signature))
    assert verify_pack.is_signed(key, message, signature)
    assert not verify_pack.is_signed(key, message + b"x", signature)
    for place in (0, 31, 32, 63):
        changed = bytearray(signature)
        changed[place] ^= 1
        assert not verify_pack.is_signed(key, message, bytes(changed))


def by_library(key, message, signature):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


@settings(max_examples=25)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=2000), st.integers(0, 95 * 8))
def test_it_agrees_with_the_library_on_what_is_signed_and_what_is_not(seed, message, bit):
    secret = Ed25519PrivateKey.from_private_bytes(seed)
    key, signature = secret.public_key().public_bytes_raw(), secret.sign(message)
    assert verify_pack.is_signed(key, message, signature)
    both = bytearray(key + signature)
    both[bit // 8] ^= 1 << bit % 8
    key, signature = bytes(both[:32]), bytes(both[32:])
    assert verify_pack.is_signed(key, message, signature) == by_library(key, message, signature)


@settings(max_examples=25)
@given(st.binary(max_size=100), st.binary(max_size=100))
def test_no_bytes_make_it_stumble(key, signature):
    assert not verify_pack.is_signed(key, b"m", signature)


def test_a_signature_has_one_form_alone():
    """RFC 8032, section 8.4: S plus the group's order is refused."""
    key, message, signature = (bytes.fromhex(text) for text in VECTORS[1])
    scalar = int.from_bytes(signature[32:], "little") + verify_pack.ORDER
    other = signature[:32] + scalar.to_bytes(32, "little")
    assert not verify_pack.is_signed(key, message, other)


def test_it_runs_on_python_3_8_and_imports_the_standard_library_alone():
    tree = ast.parse(PROGRAM.read_text(), feature_version=(3, 8))
    names = {
        alias.name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import)
        for alias in node.names
    } | {
        node.module.partition(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)
    }
    assert names <= sys.stdlib_module_names
    calls = {
        node.func.attr
        for node in ast.walk(tree)
        if isinstance(getattr(node, "func", None), ast.Attribute)
    }
    # Newer than 3.8.
    assert not calls & {
        "removeprefix",
        "removesuffix",
        "is_relative_to",
        "hexdigest_file",
        "file_digest",
    }


@pytest.fixture
def key(tmp_path):
    return signing.make_key(tmp_path / "key.pem")


@pytest.fixture
def access(mail):
    return Access("auditor", "audit export", "a test", mail.now, os.urandom)


@pytest.fixture
def packed(case, mail, access, key):
    """Make a pack in memory, with the filters and choices given."""

    def packed(filters=Filters(), *, names=True, signed=True, chain=ChainScope.FULL):  # noqa: B008
        stream = io.BytesIO()
        with LoggedReading(case.path, access if names else None) as reading:
            kept = KeptCheckpoint(
                reading.checkpoint(), reading.reader.identity(), "2026-11-22T08:00:00+00:00"
            )
            about = PackDescription(
                made_at=mail.now(),
                by="auditor",
                reason="a test",
                filters={},
                version="0.1.0",
                kept=key.signed(kept) if signed else kept,
                key=key if signed else None,
                chain=chain,
            )
            packed.kept = about.kept
            write_pack(stream, reading, filters, about)
        return stream.getvalue()

    return packed


_WHOLE = []


@pytest.fixture
def whole(request):
    """One pack of all findings, made for the first test that asks."""
    if not _WHOLE:
        _WHOLE.append(request.getfixturevalue("packed")())
    return _WHOLE[0]


@pytest.fixture
def check(tmp_path, capsys):
    """Check a pack; gives the exit status and what was said."""

    def check(content, *options):
        path = tmp_path / "pack.zip"
        path.write_bytes(content)
        status = verify_pack.main([str(path), *map(str, options)])
        return status, capsys.readouterr().out

    return check


@contextmanager
def opened(content):
    """The files of a pack by name; what the block leaves is in ``files.packed``."""

    class Files(dict):
        packed = b""

    files = Files()
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        files.update({name: pack.read(name) for name in pack.namelist()})
    yield files
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as pack:
        for name, data in files.items():
            pack.writestr(name, data)
    files.packed = stream.getvalue()


def forged(content, name, change):
    """The pack with one file's lines changed, and a manifest to match: unsigned, as a forger's."""
    with opened(content) as files:
        lines = files[name].decode().splitlines(keepends=True)
        changed = change(lines)
        files[name] = "".join(lines if changed is None else changed).encode()
        manifest = json.loads(files["manifest.json"])
        digest = hashlib.sha256(files[name]).hexdigest()
        manifest["files"][name]["sha256"] = digest
        files["manifest.json"] = json.dumps(manifest).encode()
        files.pop("manifest.sig.json", None)
    return files.packed


def edit(number, **changes):
    """Change fields of one line of JSON."""

    def change(lines):
        row = json.loads(lines[number])
        row.update(
            {name: new(row[name]) if callable(new) else new for name, new in changes.items()}
        )
        lines[number] = json.dumps(row, ensure_ascii=False) + "\n"

    return change


def test_a08_a_pack_is_sound_and_says_what_was_checked(case, packed, check, key):
    status, said = check(packed(), "--fingerprint", signing.fingerprint(key.public))
    assert status == 0, said
    assert "ok   7 files are those of the manifest" in said
    assert f"ok   the manifest is signed by {signing.fingerprint(key.public)}" in said
    assert "ok   the chain is whole: 14 events" in said
    assert "ok   personal data of 12 events is what was sealed; 1 parts of it are erased" in said
    assert "ok   5 findings are what the sealed events say" in said
    assert said.endswith("The pack is sound.\n")


@pytest.mark.parametrize("chain", list(ChainScope))
@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("signed", [True, False])
def test_a08_every_sort_of_pack_is_sound(packed, check, chain, names, signed):
    filters = Filters(entity="us-ofac-38316")
    status, said = check(packed(filters, names=names, signed=signed, chain=chain))
    assert status == 0, said
    assert ("The pack is sound." in said) is (chain is ChainScope.FULL)
    assert ("it proves no more than who signed it" in said) is (chain is ChainScope.CHOSEN)
    assert ("is not signed" in said) is not signed


def test_a08_a_pack_of_some_findings_holds_the_personal_data_of_no_other(case, packed, check):
    content = packed(Filters(sender="jane@example.edu"))
    assert check(content)[0] == 0
    with opened(content) as files:
        everything = b"".join(files.values()).lower()
        chain = files["chain.jsonl"].decode().splitlines()
        personal = [json.loads(line) for line in files["personal.jsonl"].splitlines()]
    assert len(chain) == 14
    assert {part["event"] for part in personal} < {json.loads(line)["id"] for line in chain}
    assert [part["part"] for part in personal].count("notes") == 1
    for address in set(case.addresses) - {"jane@example.edu", "ivan1@stud.mipt.ru"}:
        assert address.lower().encode() not in everything


def test_a08_a_pack_by_pseudonyms_holds_nobodys_personal_data(case, packed):
    with opened(packed(names=False)) as files:
        everything = b"".join(files.values()).lower()
        assert files["personal.jsonl"] == b""
    for address in case.addresses:
        assert address.lower().encode() not in everything


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("chain.jsonl", edit(1, at="2026-11-23T07:08:09.123Z"), "its hash does not fit it"),
        ("chain.jsonl", edit(1, facts=lambda t: t.replace("warn", "pass")), "hash does not fit"),
        ("chain.jsonl", edit(1, commitments="{}"), "its hash does not fit it"),
        ("chain.jsonl", edit(4, hash="00" * 32), "its hash does not fit it"),
        ("chain.jsonl", lambda lines: lines[:3] + lines[4:], "does not follow the one before"),
        ("chain.jsonl", lambda lines: lines[:3] + lines[2:], "does not follow the one before"),
        ("chain.jsonl", lambda lines: lines[1:], "does not follow the one before"),
        ("chain.jsonl", lambda lines: lines[:-1], "before a checkpoint"),
        ("chain.jsonl", lambda lines: [], "before a checkpoint"),
        ("personal.jsonl", edit(0, data=lambda t: t.replace("ivan", "anna")), "was changed"),
        ("personal.jsonl", edit(0, salt="00" * 32), "it is not what was sealed"),
        ("personal.jsonl", edit(0, part="notes"), "is missing, or was never sealed"),
        ("personal.jsonl", lambda lines: lines[1:], "is missing, or was never sealed"),
        ("personal.jsonl", edit(0, event="01KAMZT3G00000000000000000"), "is missing, or was"),
        ("findings.jsonl", edit(0, standing="clear"), "has standing 'clear', the sealed events"),
        ("findings.jsonl", edit(0, sender="anna@example.edu"), "has sender"),
        ("findings.jsonl", edit(4, disposition="open"), "has disposition"),
        ("findings.jsonl", edit(4, licence=None), "has licence"),
        ("findings.jsonl", edit(3, notice="none"), "has notice"),
        ("findings.jsonl", edit(2, held=False), "has held"),
        ("findings.jsonl", edit(0, erased=True), "has erased"),
        ("findings.jsonl", edit(0, new="x"), "has new 'x', the sealed events None"),
        ("findings.jsonl", edit(0, id="01KAMZT3G00000000000000000"), "of no finding here"),
        ("findings.jsonl", lambda lines: lines[1:], "of no finding here"),
        ("findings.jsonl", lambda lines: lines[:-1], "of no finding here"),
        ("findings.csv", lambda lines: lines[:-1], "of different lengths"),
        ("findings.csv", lambda lines: [line.replace("licensed", "open") for line in lines], "csv"),
        ("findings.csv", lambda lines: lines[1:], "has not the columns"),
        ("checkpoint.json", edit(0, seq=13), "signature of the checkpoint of row 13 is wrong"),
        ("checkpoint.json", edit(0, hash="00" * 32), "signature of the checkpoint"),
        ("checkpoint.json", edit(0, taken_at="2027"), "signature of the checkpoint"),
        ("checkpoint.json", edit(0, at="2026-11-22T07:08:09Z\nx"), "signature of the checkpoint"),
        ("personal.jsonl", edit(0, salt="x"), "no sound pack"),
        ("chain.jsonl", lambda lines: ["junk\n"], "no sound pack"),
    ],
)  # fmt: skip
def test_a08_whatever_a_forger_changes_is_found_with_its_place(whole, check, name, change, says):
    status, said = check(forged(whole, name, change))
    assert (status, said.splitlines()[-1][:5]) == (1, "BAD  ")
    assert says in said.splitlines()[-1]


def test_a08_a_pack_that_was_made_anew_by_another_is_not_signed_by_us(packed, check, key, tmp_path):
    content = packed()
    fingerprint = signing.fingerprint(key.public)
    unsigned = forged(content, "HOW-TO-VERIFY.txt", lambda lines: ["x\n"])
    assert check(unsigned)[0] == 0
    status, said = check(unsigned, "--fingerprint", fingerprint)
    assert (status, "the manifest is signed by nobody, and not by" in said) == (1, True)
    other = signing.make_key(tmp_path / "other.pem")
    status, said = check(content, "--fingerprint", signing.fingerprint(other.public))
    assert (status, f"is signed by {fingerprint}, and not by" in said) == (1, True)


def test_a08_a_changed_manifest_and_a_strange_file_are_found(packed, check):
    with opened(packed()) as files:
        files["manifest.json"] = files["manifest.json"].replace(b"a test", b"another")
    assert "the signature of the manifest is wrong" in check(files.packed)[1]
    with opened(packed()) as files:
        files["extra.txt"] = b"x"
    assert "files that its manifest does not know" in check(files.packed)[1]
    with opened(packed()) as files:
        files["findings.csv"] += b"x"
    assert "findings.csv was changed: its SHA-256" in check(files.packed)[1]
    with opened(packed()) as files:
        del files["personal.jsonl"]
    assert "personal.jsonl is missing" in check(files.packed)[1]
    with opened(packed()) as files:
        manifest = json.loads(files["manifest.json"])
        files["manifest.json"] = json.dumps({**manifest, "format": "x"}).encode()
    assert "no pack of the format" in check(files.packed)[1]


def test_a02_a_checkpoint_kept_elsewhere_shows_a_chain_that_was_made_anew(
    case, packed, check, tmp_path
):
    content = packed()
    kept = tmp_path / "kept.jsonl"
    kept.write_text(as_line(packed.kept) + "\n")
    assert check(content, "--checkpoint", kept)[0] == 0
    for changes, says in (
        ({"hash": "00" * 32}, "another ledger's"),
        ({"seq": 5}, "is not the one that the checkpoint kept"),
        ({"seq": 99}, "before a checkpoint"),
        ({"ledger": "00" * 32}, "is another ledger's"),
    ):
        row = {**json.loads(as_line(packed.kept)), **changes}
        del row["signature"]
        kept.write_text(json.dumps(row))
        status, said = check(content, "--checkpoint", kept)
        assert (status, says in said) == (1, True), said


def test_a08_the_packs_own_program_runs_alone_in_the_unpacked_folder(packed, tmp_path):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(packed())) as pack:
        pack.extractall(folder)
    assert (folder / "verify.py").read_bytes() == PROGRAM.read_bytes()
    command = [sys.executable, "-I", "-S", folder / "verify.py"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "The pack is sound." in ran.stdout
    assert "name yours with --fingerprint" in ran.stdout
    text = (folder / "findings.jsonl").read_text().replace("licensed", "open")
    (folder / "findings.jsonl").write_text(text)
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stdout) == (
        1,
        "BAD  findings.jsonl was changed: its SHA-256 is not the manifest's\n",
    )


def test_what_is_no_pack_at_all_is_told(check, tmp_path, capsys):
    assert check(b"junk")[0] == 1
    assert "this is no sound pack (BadZipFile" in check(b"junk")[1]
    assert verify_pack.main([str(tmp_path / "none.zip")]) == 1
    with pytest.raises(SystemExit) as ended:
        verify_pack.main(["--nonsense"])
    assert ended.value.code == 2


def test_it_knows_every_column_of_a_finding():
    known = {*verify_pack.OF_FACTS, *verify_pack.PEOPLE, *verify_pack.MAY_NAME}
    known |= {"id", "at", "outcome", "notice", "disposition", "licence", "expires_on", "held"}
    assert known == set(COLUMNS)


def test_a08_by_pseudonyms_what_lies_in_an_address_is_left_out_and_the_pack_is_sound(
    case, packed, check, mail
):
    store = SqliteStore(case.path)
    for number, (rule, matched) in enumerate(
        [(Rule.EMBEDDED, "mipt.ru"), (Rule.EXACT_ADDRESS, "rector@mipt.ru")]
    ):
        records = mail.observed(
            mail.sighting(f"e{number}", ("ivan%mipt.ru@example.org",)),
            [mail.decision(mail.finding("ivan%mipt.ru@example.org", rule=rule, matched=matched))],
            at=mail.now(),
            entropy=os.urandom,
        )
        with store.transaction():
            store.append(records[0])
    store.close()
    content = packed(names=False)
    status, said = check(content)
    assert status == 0, said
    with opened(content) as files:
        rows = [json.loads(line) for line in files["findings.jsonl"].splitlines()]
    assert [(row["rule"], row["matched"]) for row in rows[:2]] == [
        ("exact-address", None),
        ("embedded", None),
    ]
    assert rows[-1]["matched"] == "mipt.ru"
    stranger = forged(content, "findings.jsonl", edit(0, id="01KAMZT3G00000000000000000"))
    assert "has no event" in check(stranger)[1]
    shorter = forged(content, "findings.jsonl", lambda lines: lines[1:])
    assert "findings.csv differs from findings.jsonl" in check(shorter)[1]
    hidden = forged(content, "findings.jsonl", edit(len(rows) - 1, matched=None))
    assert "has matched None, the sealed events 'mipt.ru'" in check(hidden)[1]


def test_a08_a_finding_taken_out_of_an_unsigned_pack_leaves_its_personal_data(packed, check):
    content = packed(signed=False)
    for name in ("findings.jsonl", "findings.csv"):
        content = forged(content, name, lambda lines: lines[:-1])
    with opened(content) as files:
        manifest = json.loads(files["manifest.json"])
        manifest["findings"] -= 1
        files["manifest.json"] = json.dumps(manifest).encode()
    status, said = check(files.packed)
    assert (status, "personal data of an event of no finding here" in said) == (1, True), said


def test_a08_a_strange_file_in_the_unpacked_folder_is_told(packed, tmp_path, capsys):
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(io.BytesIO(packed())) as pack:
        pack.extractall(folder)
    (folder / "letter.txt").write_text("x")
    assert verify_pack.main([str(folder)]) == 0
    assert "of the manifest; no part of the pack: 'letter.txt'" in capsys.readouterr().out


@pytest.mark.parametrize("content", [None, b"", b"junk", b"[1]", b"{}", b"7", b"\xff"])
def test_a08_a_checkpoint_that_is_none_is_named_and_not_the_pack(whole, check, tmp_path, content):
    kept = tmp_path / "kept.jsonl"
    if content is not None:
        kept.write_bytes(content)
    status, said = check(whole, "--checkpoint", kept)
    assert (status, f"BAD  the checkpoint {kept} cannot be used" in said) == (1, True), said
