import json
import re
import shutil
import tomllib
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from gateway import packaged
from gateway.cli.main import command

BAD = Path(__file__).parents[2] / "bad_config"

SOUND = """\
[institution]
name = "Universität Beispiel"
domains = ["example.edu"]

[compliance]
office = "Research \\"Compliance\\""
email = "office@example.edu"

[relay]
trusted = ["192.0.2.1", "198.51.100.0/24"]
workers = "auto"

[ledger]
path = "ledger.db"
emergency_journal = "ledger.journal"
"""


def monition(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments)


@pytest.fixture
def sound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MONITION_CONFIG", raising=False)
    file = tmp_path / "monition.toml"
    file.write_text(SOUND)
    return file


@pytest.mark.parametrize("name", sorted(folder.name for folder in BAD.iterdir()))
def test_p05_a_faulty_configuration_is_told_whole(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    shutil.copy(BAD / name / "monition.toml", tmp_path)
    monkeypatch.chdir(tmp_path)
    result = monition("config", "check", "-c", "monition.toml")
    assert (
        result.stdout.replace(str(tmp_path), "/HERE") == (BAD / name / "expected-error").read_text()
    )
    assert result.exit_code == 1
    count = len(result.stdout.splitlines())
    assert result.stderr == ("1 fault found.\n" if count == 1 else f"{count} faults found.\n")


def test_there_are_enough_bad_configurations():
    assert len(list(BAD.iterdir())) >= 15
    for folder in BAD.iterdir():
        assert sorted(file.name for file in folder.iterdir()) == ["expected-error", "monition.toml"]


def test_a_sound_configuration_is_told_with_what_was_checked(sound: Path):
    result = monition("config", "check", "--config", "monition.toml")
    assert result.stdout == ""
    assert "monition.toml: the configuration: no fault\n" in result.stderr
    policies = re.escape(str(packaged.policies_directory()))
    for what in (r"\d+ rules", r"\d+ entities", "notices in en"):
        assert re.search(f"^{policies}: {what}: no fault$", result.stderr, re.MULTILINE)
    assert "packaged defaults" not in result.stderr
    assert result.exit_code == 0


def test_a_file_that_cannot_be_read_is_wrong_usage(sound: Path):
    for verb in ("check", "show"):
        result = monition("config", verb, "-c", "none.toml")
        assert result.exit_code == 2
        assert result.stdout == ""
        assert result.stderr == "none.toml: cannot be read: No such file or directory\n"


def test_p05_a_fault_in_the_policies_is_told_with_those_of_the_configuration(sound: Path):
    shutil.copytree(packaged.policies_directory(), "ours")
    entities = sorted(Path("ours/entities").glob("*.toml"))
    entities[0].write_text(entities[0].read_text() + "\n[[entity]]\nunheard_of = 1\n")
    sound.write_text(SOUND + 'jurnal = 1\n[policies]\ndirectory = "ours"\n')
    result = monition("config", "check", "-c", "monition.toml")
    first, *others = result.stdout.splitlines()
    assert first.startswith("monition.toml:16: ledger.jurnal: unknown key; known here: ")
    assert any(f"{entities[0]}:" in line and "unheard_of" in line for line in others)
    assert result.exit_code == 1


def test_faults_can_be_read_by_programs(sound: Path):
    sound.write_text(SOUND + "jurnal = 1\n")
    result = monition("config", "check", "-c", "monition.toml", "--format", "json")
    fault = json.loads(result.stdout)
    assert "emergency_journal" in fault.pop("message")
    assert fault == {"file": "monition.toml", "line": 16, "key": "ledger.jurnal"}
    result = monition("config", "check", "-c", "monition.toml", "--format", "csv")
    assert result.stdout.startswith("file,line,key,message\nmonition.toml,16,ledger.jurnal,")


def test_the_packaged_defaults_say_that_they_are(monkeypatch: pytest.MonkeyPatch):
    file = str(packaged.default_configuration())
    result = monition("config", "check", "-c", file)
    # Whether /var/lib/monition is there depends on the machine.
    assert {line.split(": ")[1] for line in result.stdout.splitlines()} <= {
        "ledger.path",
        "ledger.emergency_journal",
    }


def test_p03_an_exception_that_has_ended_is_told_and_is_no_fault(sound: Path):
    shutil.copytree(packaged.policies_directory(), "ours")
    Path("ours/exceptions.toml").write_text(
        """\
[[exception]]
name = "joint dissertation"
owner = "J. Doe"
reason = "licence"
recipient = ["viam.ru"]
until = 2024-06-30
"""
    )
    sound.write_text(SOUND + '[policies]\ndirectory = "ours"\n')
    result = monition("config", "check", "-c", "monition.toml")
    assert result.stdout == ""
    assert "the exception 'joint dissertation' of J. Doe ended on 2024-06-30" in result.stderr
    assert result.exit_code == 0


def test_p05_a_fault_in_a_notice_text_is_told(sound: Path):
    sound.write_text(SOUND + '[notices]\nlanguages = ["en", "tlh"]\n')
    result = monition("config", "check", "-c", "monition.toml")
    assert "there are no texts in 'tlh'" in result.stdout
    assert result.exit_code == 1


# ── show ─────────────────────────────────────────────────────────────────────────────────────


def test_what_is_shown_is_a_configuration_again(sound: Path, tmp_path: Path):
    result = monition("config", "show", "-c", "monition.toml")
    assert result.exit_code == 0
    shown = tomllib.loads(result.stdout)
    assert shown["institution"]["name"] == "Universität Beispiel"
    assert shown["compliance"]["office"] == 'Research "Compliance"'
    assert shown["relay"]["workers"] == "auto"
    assert shown["relay"]["trusted"] == ["192.0.2.1", "198.51.100.0/24"]
    assert shown["ledger"]["path"] == str(tmp_path / "ledger.db")
    assert shown["notices"]["from"] == "office@example.edu"
    again = tmp_path / "again.toml"
    again.write_text(result.stdout)
    second = monition("config", "show", "-c", str(again))
    assert tomllib.loads(second.stdout) == shown


def test_each_value_is_shown_with_where_it_comes_from(sound: Path):
    lines = monition("config", "show", "-c", "monition.toml").stdout.splitlines()
    line = {key: next(x for x in lines if x.startswith(f"{key} = ")) for key in ("name", "tls")}
    assert line["name"].endswith("# monition.toml:2")
    assert line["tls"].endswith("# default")
    assert any(x.startswith("# phone =") and x.endswith("# left out") for x in lines)
    assert "# [desk] is left out: nothing listens" in lines


def test_it_is_shown_to_programs(sound: Path):
    result = monition("config", "show", "-c", "monition.toml", "--format", "json")
    rows = {row["key"]: row for row in map(json.loads, result.stdout.splitlines())}
    assert rows["relay.workers"] == {
        "key": "relay.workers",
        "value": "auto",
        "source": "monition.toml",
        "line": 11,
    }
    assert rows["relay.clients"] == {
        "key": "relay.clients",
        "value": ["127.0.0.0/8", "::1"],
        "source": "default",
        "line": None,
    }
    assert rows["compliance.phone"]["value"] is None
    table = monition("config", "show", "-c", "monition.toml", "--format", "table").stdout
    assert "127.0.0.0/8, ::1" in table


def test_the_environment_names_the_file(sound: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("MONITION_CONFIG", str(sound))
    assert "Universität Beispiel" in monition("config", "show").stdout


def test_a_faulty_configuration_is_not_shown(sound: Path):
    sound.write_text(SOUND + "jurnal = 1\n")
    result = monition("config", "show", "-c", "monition.toml")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("monition.toml:16: ledger.jurnal: unknown key")
