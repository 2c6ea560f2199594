"""``monition audit checkpoint`` and ``verify --checkpoint``: signed, kept, and met again."""

from __future__ import annotations

import json
import os
import sqlite3
from configparser import RawConfigParser
from contextlib import closing
from datetime import UTC, datetime
from email import message_from_bytes, policy
from pathlib import Path

import pytest
from aiosmtpd.controller import UnixSocketController
from click.testing import CliRunner

from gateway.cli.audit.checkpoint import checkpoint
from gateway.cli.main import command
from gateway.ledger.record.events import heartbeat
from gateway.ledger.store.sqlite_store import SqliteStore


class Box:
    """Keeps what is handed in."""

    def __init__(self):
        self.envelopes = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - aiosmtpd's name
        self.envelopes.append(envelope)
        return "250 Ok"


@pytest.fixture
def mta(tmp_path):
    box = Box()
    controller = UnixSocketController(box, unix_socket=tmp_path / "mta.sock")
    controller.start()
    box.address = f"unix:{tmp_path / 'mta.sock'}"
    yield box
    controller.stop()


@pytest.fixture
def beat(tmp_path):
    """Append so many events."""

    def beat(count=1):
        store = SqliteStore(tmp_path / "ledger.db")
        with store.transaction():
            for _ in range(count):
                store.append(heartbeat("p", at=datetime.now(UTC), entropy=os.urandom))
        store.close()

    beat(3)
    return beat


@pytest.fixture
def audit(tmp_path):
    path = tmp_path / "monition.toml"

    def audit(verb, *arguments, submit="127.0.0.1:1"):
        path.write_text(
            f"""
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "compliance@example.edu"
[notices]
submit = "{submit}"
[ledger]
path = "{tmp_path / "ledger.db"}"
emergency_journal = "{tmp_path / "ledger.journal"}"
"""
        )
        words = ["audit", verb, "-c", str(path), *map(str, arguments)]
        return CliRunner().invoke(command, words)

    return audit


@pytest.fixture
def key(audit, tmp_path, beat):
    """A key: its file, its public half's file, its fingerprint."""
    result = audit("checkpoint", "--make-key", tmp_path / "key.pem")
    assert result.exit_code == 0
    pem, _, fingerprint = result.stdout.partition("fingerprint ")
    (tmp_path / "public.pem").write_text(pem)
    return tmp_path / "key.pem", tmp_path / "public.pem", fingerprint.strip()


@pytest.fixture
def signed(audit, key, tmp_path):
    path = tmp_path / "signed.json"
    path.write_text(audit("checkpoint", "--key", key[0]).stdout)
    return path


def test_a02_a_signed_checkpoint_is_met_and_its_signer_named(audit, key, signed, beat):
    beat()
    result = audit("verify", "--checkpoint", signed, "--public-key", key[1])
    assert result.exit_code == 0, result.output
    assert "The checkpoint of row 3 is met." in result.stdout
    assert f"Signed by {key[2]}." in result.stdout
    assert "Compare" not in result.stdout
    assert "Compare that with the key you keep" in audit("verify", "--checkpoint", signed).stdout
    shown = json.loads(audit("verify", "--checkpoint", signed, "--format", "json").stdout)
    assert (shown["intact"], shown["signed_by"]) == (True, [key[2]])


def test_a02_an_unsigned_one_is_met_too_unless_a_key_is_asked_for(audit, key, tmp_path):
    kept = tmp_path / "kept.json"
    kept.write_text(audit("checkpoint").stdout)
    assert "It is not signed" in audit("verify", "--checkpoint", kept).stdout
    result = audit("verify", "--checkpoint", kept, "--public-key", key[1])
    assert (result.exit_code, "row 3 is not signed" in result.stderr) == (1, True)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"taken_at": "2020-01-01T00:00:00+00:00"}, "was changed or forged"),
        ({"hash": "00" * 32}, "was changed or forged"),
        ({"seq": 9}, "was changed or forged"),
    ],
)
def test_a02_a_wrong_signature_ends_with_1(audit, signed, changes, says):
    signed.write_text(json.dumps({**json.loads(signed.read_text()), **changes}))
    result = audit("verify", "--checkpoint", signed)
    assert (result.exit_code, says in result.stderr) == (1, True)
    shown = audit("verify", "--checkpoint", signed, "--format", "json")
    assert (shown.exit_code, json.loads(shown.stdout)["intact"]) == (1, False)


def test_a02_another_key_ends_with_1_and_both_are_named(audit, key, signed, tmp_path):
    other = tmp_path / "other.pem"
    pem, _, fingerprint = audit("checkpoint", "--make-key", other).stdout.partition("fingerprint ")
    (tmp_path / "other-public.pem").write_text(pem)
    result = audit("verify", "--checkpoint", signed, "--public-key", tmp_path / "other-public.pem")
    assert result.exit_code == 1
    assert f"by another key, {key[2]}, and not by {fingerprint.strip()}" in result.stderr


def test_a02_a_rewritten_and_another_ledger_end_with_1(audit, signed, tmp_path, beat):
    for path in tmp_path.glob("ledger.db*"):
        path.unlink()
    beat(4)
    result = audit("verify", "--checkpoint", signed)
    assert (result.exit_code, "is another ledger's" in result.stderr) == (1, True)


def test_a02_a_shorter_ledger_ends_with_1(audit, signed, tmp_path):
    with closing(sqlite3.connect(tmp_path / "ledger.db")) as connection:
        guard = "SELECT sql FROM sqlite_master WHERE name = 'event_is_never_deleted'"
        ((sql,),) = connection.execute(guard).fetchall()
        connection.execute("DROP TRIGGER event_is_never_deleted")
        connection.execute("DELETE FROM event WHERE seq = 3")
        connection.execute(sql)
        connection.commit()
    assert audit("verify").exit_code == 0
    result = audit("verify", "--checkpoint", signed)
    assert result.exit_code == 1
    assert "ends at row 2, but the checkpoint was taken at row 3" in result.stderr


def test_a02_a_history_is_added_to_and_met_as_a_whole(audit, key, beat, tmp_path):
    history = tmp_path / "history.jsonl"
    for _ in range(3):
        result = audit("checkpoint", "--key", key[0], "--to", history)
        assert (result.exit_code, result.stdout) == (0, "")
        assert f"is kept: {history}." in result.stderr
        beat()
    result = audit("verify", "--checkpoint", history, "--public-key", key[1])
    assert (result.exit_code, "All 3 checkpoints are met, the last of row 5." in result.stdout) == (
        0,
        True,
    )
    lines = history.read_text().splitlines()
    history.write_text("\n".join(reversed(lines)))
    result = audit("verify", "--checkpoint", history)
    assert (result.exit_code, "was shorter than it had been" in result.stderr) == (1, True)


def test_a02_a_checkpoint_is_mailed_to_the_office(audit, key, mta):
    result = audit("checkpoint", "--key", key[0], "--mail", submit=mta.address)
    assert (result.exit_code, "is kept: compliance@example.edu." in result.stderr) == (0, True)
    (envelope,) = mta.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == ("<>", ["compliance@example.edu"])
    message = message_from_bytes(envelope.content, policy=policy.default)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Subject"] == "Monition: checkpoint of row 3"
    (attachment,) = message.iter_attachments()
    kept = attachment.get_content()
    assert json.loads(kept)["seq"] == 3
    assert attachment.get_filename() == "checkpoint-3.json"
    assert json.loads(kept)["hash"] in message.get_body().get_content()


def test_a_mailed_checkpoint_can_be_verified_as_it_is(audit, key, mta, tmp_path):
    audit("checkpoint", "--key", key[0], "--mail", submit=mta.address)
    message = message_from_bytes(mta.envelopes[0].content, policy=policy.default)
    (attachment,) = message.iter_attachments()
    saved = tmp_path / "saved.json"
    saved.write_bytes(attachment.get_content())
    assert audit("verify", "--checkpoint", saved, "--public-key", key[1]).exit_code == 0


def test_one_way_that_fails_leaves_the_others(audit, beat, tmp_path):
    history = tmp_path / "history.jsonl"
    result = audit("checkpoint", "--mail", "--to", history)
    assert result.exit_code == 1
    assert "127.0.0.1:1 does not take the mail" in result.stderr
    assert f"The checkpoint of row 3 is kept: {history}." in result.stderr
    assert history.read_text().count("\n") == 1


def test_a_history_beside_the_ledger_is_kept_with_a_warning(audit, beat, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    assert "lies beside" not in audit("checkpoint", "--to", tmp_path / "elsewhere" / "h").stderr
    result = audit("checkpoint", "--to", tmp_path / "h")
    assert (result.exit_code, "can rewrite both" in result.stderr) == (0, True)


def test_the_shipped_unit_says_what_the_command_understands():
    unit = RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(Path(__file__).parents[3] / "systemd" / "monition-checkpoint.service")
    program, *words = unit["Service"]["ExecStart"].split()
    assert (Path(program).name, words[:2]) == ("monition", ["audit", "checkpoint"])
    asked = checkpoint.make_context("checkpoint", words[2:]).params
    assert (asked["mail"], asked["syslog"], str(asked["key_file"])) == (
        *(True, True, "%d/checkpoint-key"),
    )
    credential, _, _ = unit["Service"]["LoadCredential"].partition(":")
    assert credential == "checkpoint-key"


def test_a_public_key_without_a_checkpoint_is_wrong_usage(audit, key):
    result = audit("verify", "--public-key", key[1])
    assert (result.exit_code, "name one with --checkpoint" in result.stderr) == (2, True)


def test_a_key_is_never_overwritten_and_a_loose_one_not_used(audit, key):
    result = audit("checkpoint", "--make-key", key[0])
    assert (result.exit_code, "never overwritten" in result.stderr) == (2, True)
    key[0].chmod(0o644)
    result = audit("checkpoint", "--key", key[0])
    assert (result.exit_code, "may be used by others" in result.stderr) == (2, True)


def test_a02_another_signer_of_a_history_is_told(audit, key, tmp_path):
    history = tmp_path / "history.jsonl"
    assert "so far" not in audit("checkpoint", "--key", key[0], "--to", history).stderr
    assert audit("checkpoint", "--make-key", tmp_path / "k2.pem").exit_code == 0
    result = audit("checkpoint", "--key", tmp_path / "k2.pem", "--to", history)
    assert result.exit_code == 0
    assert f"was signed by {key[2]} so far, and this checkpoint by sha256:" in " ".join(
        result.stderr.split()
    )
