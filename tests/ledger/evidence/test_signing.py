from __future__ import annotations

import os
import stat
import subprocess
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from gateway.errors import LedgerError
from gateway.ledger.evidence import signing
from gateway.ledger.record.chain import Checkpoint
from gateway.ledger.verify.checkpoint import KeptCheckpoint

KEPT = KeptCheckpoint(
    Checkpoint(7, "ab" * 32, "01KAMZT3G00000000000000000", "2026-11-22T07:08:09.123Z"),
    "cd" * 32,
    "2026-11-22T08:00:00+00:00",
)


@pytest.fixture
def key(tmp_path):
    return signing.make_key(tmp_path / "key.pem")


def pem(key, encryption=None):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        encryption or serialization.NoEncryption(),
    )


def test_a02_a_key_is_made_read_and_its_signature_holds(tmp_path, key):
    signed = signing.read_key(tmp_path / "key.pem").signed(KEPT)
    assert signing.signature_fault(signed, key.public) is None
    assert signing.signature_fault(signed, None) is None
    assert replace(signed, signature=None) == KEPT


@pytest.mark.parametrize(
    "changes",
    [
        {"ledger": "ce" * 32},
        {"taken_at": "2026-11-22T08:00:01+00:00"},
        {"checkpoint": replace(KEPT.checkpoint, seq=8)},
        {"checkpoint": replace(KEPT.checkpoint, hash="ba" * 32)},
        {"checkpoint": replace(KEPT.checkpoint, id=None)},
        {"checkpoint": replace(KEPT.checkpoint, at=None)},
    ],
)
def test_a02_whatever_is_changed_the_signature_is_wrong(key, changes):
    forged = replace(key.signed(KEPT), **changes)
    assert "the signature of the checkpoint of row" in signing.signature_fault(forged, key.public)
    assert "is wrong" in signing.signature_fault(forged, None)


def test_a02_another_key_and_no_signature_are_named(tmp_path, key):
    other = signing.make_key(tmp_path / "other.pem")
    assert "is signed by another key, sha256:" in signing.signature_fault(
        other.signed(KEPT), key.public
    )
    assert "is not signed" in signing.signature_fault(KEPT, key.public)
    assert signing.signature_fault(KEPT, None) is None
    no_point = replace(key.signed(KEPT).signature, key=b"\xff" * 32)
    assert "is wrong" in signing.signature_fault(replace(KEPT, signature=no_point), None)


def test_o06_a_key_is_its_owners_alone_and_is_never_overwritten(tmp_path, key):
    path = tmp_path / "key.pem"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="is there already: a key is never overwritten"):
        signing.make_key(path)
    assert path.read_bytes() == before
    with pytest.raises(LedgerError, match="cannot be written"):
        signing.make_key(tmp_path / "no" / "key.pem")


@pytest.mark.parametrize(("mode", "is_fine"), [(0o600, 1), (0o400, 1), (0o440, 1), (0o644, 0)])
def test_a_key_that_others_may_read_is_refused(tmp_path, key, mode, is_fine):
    path = tmp_path / "key.pem"
    path.chmod(mode)
    if is_fine:
        assert signing.read_key(path).public == key.public
    else:
        with pytest.raises(
            LedgerError, match=r"may be used by others \(its mode is 0644\): `chmod"
        ):
            signing.read_key(path)


def test_what_is_no_key_of_ours_is_told(tmp_path):
    path = tmp_path / "key.pem"
    secret = serialization.BestAvailableEncryption(b"x")
    for content, says in (
        (b"junk", "holds no private key in PEM"),
        (pem(ec.generate_private_key(ec.SECP256R1())), "is not one of Ed25519"),
        (pem(ed25519.Ed25519PrivateKey.generate(), secret), "has a passphrase"),
    ):
        path.write_bytes(content)
        path.chmod(0o600)
        with pytest.raises(LedgerError, match=says):
            signing.read_key(path)
    for read in (signing.read_key, signing.read_public_key):
        with pytest.raises(LedgerError, match="cannot be read"):
            read(tmp_path / "none.pem")


def test_a_public_key_is_read_and_what_is_none_is_told(tmp_path, key):
    path = tmp_path / "public.pem"
    path.write_text(signing.public_pem(key.public))
    assert signing.read_public_key(path) == key.public
    path.write_bytes((tmp_path / "key.pem").read_bytes())
    with pytest.raises(LedgerError, match="holds no public key in PEM"):
        signing.read_public_key(path)
    other = ec.generate_private_key(ec.SECP256R1()).public_key()
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    path.write_bytes(other.public_bytes(serialization.Encoding.PEM, form))
    with pytest.raises(LedgerError, match="is not one of Ed25519"):
        signing.read_public_key(path)


@pytest.mark.e2e
def test_openssl_knows_the_same_key_and_fingerprint(tmp_path, key):
    """What docs/decisions/0015-evidence.md tells people to type."""
    path = tmp_path / "key.pem"
    der = subprocess.run(
        ["openssl", "pkey", "-in", path, "-pubout", "-outform", "DER"],
        capture_output=True,
        check=True,
        env=os.environ,
    ).stdout
    digest = subprocess.run(["sha256sum"], input=der, capture_output=True, check=True).stdout
    assert signing.fingerprint(key.public) == "sha256:" + digest.split()[0].decode()
