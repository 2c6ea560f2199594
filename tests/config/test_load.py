import pickle
import re
import tomllib
from dataclasses import FrozenInstanceError, fields
from ipaddress import ip_network
from pathlib import Path

import pytest

from gateway import packaged
from gateway.config import Config, Desk, Endpoint, Metrics, Tls, find, load
from gateway.errors import ConfigError

LEAST = """\
[institution]
name = "Example University"
domains = ["example.edu"]
[compliance]
office = "Research Compliance"
email = "office@example.edu"
"""


TLS = '[relay]\ncertificate_file = "tls/chain.pem"\nkey_file = "tls/key.pem"\n'


def write(folder: Path, text: str) -> Path:
    file = folder / "monition.toml"
    file.write_text(text)
    return file


def settings(config: Config) -> set[str]:
    """Name every key there is, those of optional sections too."""
    found = set()
    for section in fields(Config):
        part = getattr(config, section.name)
        if section.name not in {"file", "lines"}:
            found |= {f"{section.name}.{field.name.rstrip('_')}" for field in fields(part)}
    return found


def test_the_least_configuration_has_the_contracts_defaults(tmp_path: Path):
    config = load(write(tmp_path, LEAST), {})
    assert config.institution.name == "Example University"
    assert config.institution.domains == ("example.edu",)
    assert config.compliance.office == "Research Compliance"
    assert config.compliance.email == "office@example.edu"
    assert config.compliance.officer is None
    assert config.compliance.phone is None
    assert config.compliance.disclosure_url is None
    assert config.compliance.notice_url is None
    assert config.relay.listen == (Endpoint("127.0.0.1", 10025),)
    assert config.relay.listen_tls == ()
    assert config.relay.certificate_file is config.relay.key_file is None
    assert config.relay.proxy_protocol == ()
    assert config.relay.next_hop_tls is Tls.NONE
    loopback = (ip_network("127.0.0.0/8"), ip_network("::1"))
    assert config.relay.clients == config.relay.trusted == loopback
    assert config.relay.next_hop == (Endpoint("127.0.0.1", 10026),)
    assert config.relay.workers == 1
    assert config.relay.max_sessions == 1000
    assert config.relay.max_recipients == 5000
    assert config.relay.on_ledger_failure == "defer"
    assert config.relay.bare_newlines == "refuse"
    assert config.relay.drain_seconds == 30
    assert config.ledger.path == Path("/var/lib/monition/ledger.db")
    assert config.ledger.emergency_journal == Path("/var/lib/monition/ledger.journal")
    assert config.lists.directory == Path("/var/lib/monition/lists")
    assert config.lists.sources == ("policies",)
    assert config.policies.directory == packaged.policies_directory()
    assert config.policies.mode == "warn"
    assert config.notices.submit == Endpoint("127.0.0.1", 10026)
    assert config.notices.tls is Tls.NONE
    assert config.notices.from_ == config.notices.reply_to == "office@example.edu"
    assert config.notices.every_days == 7
    assert config.notices.per_hour == 200
    assert config.notices.languages == ("en",)
    assert config.desk is config.metrics is config.console is None


def test_an_empty_optional_section_listens_at_its_default(tmp_path: Path):
    more = '[notices]\nfrom = "notice@example.edu"\n[desk]\n[metrics]\n[console]\n'
    config = load(write(tmp_path, LEAST + more), {})
    assert config.desk == Desk("notice@example.edu", Endpoint("127.0.0.1", 10027))
    assert config.metrics == Metrics(Endpoint("127.0.0.1", 9464))
    assert config.console is not None
    assert config.console.listen == Endpoint("127.0.0.1", 8460)
    assert config.notices.reply_to == "office@example.edu"


def test_every_key_can_be_set(tmp_path: Path):
    text = """\
[institution]
name = "U"
domains = ["u.example", "V.example"]
departments = "/l/departments.csv"
[compliance]
office = "O"
officer = "P"
email = "o@u.example"
phone = "1"
disclosure_url = "https://u.example/d"
notice_url = "https://u.example/n"
[relay]
listen = ["[::]:25", "unix:/run/m.sock"]
listen_tls = ["[::]:465"]
certificate_file = "/l/chain.pem"
key_file = "/l/key.pem"
clients = ["192.0.2.0/24"]
proxy_protocol = ["192.0.2.7"]
next_hop = ["mail.u.example:25"]
next_hop_tls = "verify"
workers = "auto"
trusted = []
max_sessions = 5
max_recipients = 6
on_ledger_failure = "deliver"
bare_newlines = "pass"
drain_seconds = 0
[ledger]
path = "/l/a.db"
emergency_journal = "/l/a.journal"
checkpoint_key_file = "/l/key.pem"
enterprise_number = 1
[retention]
open_days = 1
false_positive_days = 2
personal_days = 3
licensed_days = 4
exempt_days = 5
escalated_days = 6
remediated_days = 7
access_log_days = 8
notices_days = 31
[lists]
directory = "/l/lists"
sources = ["us-ofac-sdn", "us-csl"]
linkage = true
linkage_per_hour = 60
resolvers = ["192.0.2.53:53"]
mirrors = { us-csl = "https://mirror.example.edu/csl/", own = "http://127.0.0.1:8/own.csv" }
[policies]
directory = "/l/policies"
mode = "observe"
[notices]
submit = "[::1]:587"
tls = "verify"
from = "n@u.example"
reply_to = "r@u.example"
every_days = 14
per_hour = 20
languages = ["de", "en"]
[desk]
listen = "unix:/run/d.sock"
address = "d@u.example"
[metrics]
listen = "127.0.0.1:1"
[console]
listen = "127.0.0.1:2"
"""
    config = load(write(tmp_path, text), {})
    assert settings(config) <= config.lines.keys()
    default = load(write(tmp_path, LEAST), {})
    sections = ("institution", "compliance", "relay", "ledger", "retention", "lists", "policies")
    for section in (*sections, "notices"):
        ours, theirs = getattr(config, section), getattr(default, section)
        for field in fields(ours):
            assert getattr(ours, field.name) != getattr(theirs, field.name), field.name
    assert config.relay.trusted == ()
    assert config.relay.workers == "auto"
    assert config.notices.from_ == "n@u.example"


def test_relative_paths_count_from_the_files_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    write(
        tmp_path, LEAST + '[ledger]\npath = "a/../ledger.db"\n[policies]\ndirectory = "p"\n' + TLS
    )
    monkeypatch.chdir(tmp_path.parent)
    config = load(Path(tmp_path.name, "monition.toml"), {})
    assert config.ledger.path == tmp_path / "ledger.db"
    assert config.policies.directory == tmp_path / "p"
    assert config.relay.key_file == tmp_path / "tls" / "key.pem"


def test_a_configuration_is_frozen_and_travels_to_a_worker(tmp_path: Path):
    config = load(write(tmp_path, LEAST), {})
    with pytest.raises(FrozenInstanceError):
        config.relay.workers = 2  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(config))
    assert again == config
    assert again.lines == config.lines


def test_a_fault_of_a_setting_is_worded_with_its_line(tmp_path: Path):
    config = load(write(tmp_path, LEAST), {})
    assert str(config.fault("compliance.email", "bounces")) == (
        f"{tmp_path}/monition.toml:6: compliance.email: bounces"
    )
    assert config.fault("compliance.phone", "is dead").line == 4
    assert config.fault("relay.listen", "is taken").line is None


def test_the_file_is_searched_in_the_contracts_order(tmp_path: Path):
    system = write(tmp_path, LEAST)
    named = tmp_path / "named.toml"
    environ = {"MONITION_CONFIG": "/from/environment.toml"}
    assert find(named, environ, system=system) == named
    assert find(None, environ, system=system) == Path("/from/environment.toml")
    assert find(None, {}, system=system) == system
    assert find(None, {"MONITION_CONFIG": ""}, system=system) == system
    absent = tmp_path / "absent" / "monition.toml"
    assert find(None, {}, system=absent) == packaged.default_configuration()
    assert find(None, {}, system=system / "beneath-a-file") == packaged.default_configuration()


def test_a_system_file_that_cannot_be_looked_at_is_not_passed_over(tmp_path: Path):
    dangling = tmp_path / "monition.toml"
    dangling.symlink_to(tmp_path / "nowhere")
    assert find(None, {}, system=dangling) == dangling
    too_long = tmp_path / ("n" * 300)
    assert find(None, {}, system=too_long) == too_long


def test_a_named_file_that_is_missing_is_an_error(tmp_path: Path):
    with pytest.raises(ConfigError, match="No such file"):
        load(tmp_path / "none.toml", {})
    with pytest.raises(ConfigError, match="No such file"):
        load(None, {"MONITION_CONFIG": str(tmp_path / "none.toml")})


# ── config/monition.toml ─────────────────────────────────────────────────────────────────────


def uncommented() -> str:
    """Give the packaged file with its commented-out keys and sections switched on."""
    text = packaged.default_configuration().read_text()
    return re.sub(r"^# (?=\[\w+\]|\w+ = )", "", text, flags=re.MULTILINE)


def test_the_packaged_file_names_every_key_and_no_other(tmp_path: Path):
    config = load(write(tmp_path, uncommented()), {})
    assert {key for key in config.lines if re.fullmatch(r"\w+\.\w+", key)} == settings(config)


def test_the_packaged_file_says_the_defaults(tmp_path: Path):
    packaged_file = load(packaged.default_configuration(), {})
    least = load(write(tmp_path, LEAST), {})
    for section in ("relay", "ledger", "lists", "policies"):
        assert getattr(packaged_file, section) == getattr(least, section)
    for key in ("submit", "tls", "every_days", "per_hour", "languages"):
        assert getattr(packaged_file.notices, key) == getattr(least.notices, key)
    assert packaged_file.desk is packaged_file.metrics is packaged_file.console is None
    optional = load(write(tmp_path, uncommented()), {})
    assert optional.desk is not None
    assert optional.desk.listen == Desk("").listen
    assert optional.metrics == Metrics()
    assert optional.console is not None
    assert optional.console.listen == Endpoint("127.0.0.1", 8460)


def test_the_packaged_file_gives_each_key_a_reason():
    for line in packaged.default_configuration().read_text().splitlines():
        if re.match(r"(# )?\w+ = ", line):
            _, _, reason = line.removeprefix("# ").partition("# ")
            assert len(reason) > 10, line


def test_the_packaged_file_says_which_keys_are_required():
    text = packaged.default_configuration().read_text()
    required = re.findall(r"^(\w+) = .*# required", text, re.MULTILINE)
    assert required == ["name", "domains", "office", "email"]
    assert tomllib.loads(text).keys() == {
        "institution",
        "compliance",
        "relay",
        "ledger",
        "retention",
        "lists",
        "policies",
        "notices",
    }
