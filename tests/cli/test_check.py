import csv
import io
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from gateway.cli.main import command
from gateway.list_store.files import linked_domains
from gateway.list_store.files.lists_directory import Folder
from gateway.screening.dns_linkage import Link

REPO = Path(__file__).parents[2]


@pytest.fixture
def check():
    """Run ``monition check`` with the packaged configuration; gives its result."""

    def run(*arguments, stdin=None, config=REPO / "config" / "monition.toml"):
        words = ["check", "--config", str(config), *arguments]
        return CliRunner().invoke(command, words, input=stdin, catch_exceptions=False)

    return run


def objects(result):
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_s04_the_json_of_a_verdict_is_the_contracts(check):
    (row,) = objects(check("--format", "json", "--on", "2026-11-22", "a@stud.mipt.ru"))
    snapshot, policy = row.pop("snapshot"), row.pop("policy")
    (evidence,) = row.pop("evidence")
    assert snapshot.startswith("sha256:")
    assert policy.startswith("sha256:")
    assert evidence.startswith("mipt.ru: ROR 00v0z9322")
    assert row == {
        "address": "a@stud.mipt.ru",
        "domain": "stud.mipt.ru",
        "standing": "listed",
        "kind": "individual",
        "entity": {
            "id": "us-ofac-38316",
            "name": "Moscow Institute of Physics and Technology",
            "listings": [
                {
                    "list": "US-OFAC-SDN",
                    "programme": "RUSSIA-EO14024",
                    "uid": "38316",
                    "listed_on": "2022-08-02",
                    "effective_from": "2022-08-02",
                    "wind_down_until": "2022-08-31",
                }
            ],
        },
        "tier": "blocking",
        "matched": "mipt.ru",
        "rule": "subdomain",
        "action": "warn",
        "policy_rule": "listed institutions: warn",
    }


def test_the_keys_stand_in_the_contracts_order_and_absent_things_are_null(check):
    (row,) = objects(check("--format", "json", "a@example.org"))
    assert list(row) == [
        "address",
        "domain",
        "standing",
        "kind",
        "entity",
        "tier",
        "matched",
        "rule",
        "evidence",
        "action",
        "policy_rule",
        "snapshot",
        "policy",
    ]
    assert row["entity"] is row["tier"] is row["matched"] is row["rule"] is None
    assert (row["standing"], row["kind"], row["action"]) == ("clear", "individual", "pass")


def test_s17_an_unreadable_address_is_for_review_with_an_error_and_the_next_still_comes(check):
    first, second = objects(check("--format", "json", "a@mipt..ru", "a@mipt.ru"))
    assert (first["standing"], first["rule"], first["action"]) == (
        "review",
        "unreadable",
        "observe",
    )
    assert (first["domain"], first["entity"], first["tier"]) == (None, None, None)
    assert first["error"]
    assert second["standing"] == "listed"
    assert "error" not in second


def test_addresses_come_from_standard_input_one_a_line(check):
    stdin = b"a@mipt.ru\n\n  <b@example.org>\r\n\xe9ric@mipt.ru\nc@\xff.ru\nlast@bmstu.ru"
    rows = objects(check("--format", "json", "-", stdin=stdin))
    assert [row["address"] for row in rows] == [
        "a@mipt.ru",
        "b@example.org",
        "\\xe9ric@mipt.ru",
        "c@\\xff.ru",
        "last@bmstu.ru",
    ]
    assert [row["standing"] for row in rows] == ["listed", "clear", "listed", "review", "listed"]


def test_csv_has_one_flat_line_an_address(check):
    result = check("--format", "csv", "a@mipt.ru", "=1+1@example.org")
    listed, clear = csv.DictReader(io.StringIO(result.stdout))
    assert listed["entity_name"] == "Moscow Institute of Physics and Technology"
    assert (listed["list"], listed["listed_on"]) == ("US-OFAC-SDN", "2022-08-02")
    assert clear["address"] == "'=1+1@example.org"
    assert clear["list"] == clear["error"] == ""


def test_s05_the_day_may_be_another(check):
    before, after = (
        objects(check("--format", "json", "--on", day, "a@mipt.ru"))[0]
        for day in ("2022-08-01", "2022-08-02")
    )
    assert (before["standing"], before["tier"], before["action"]) == ("clear", None, "pass")
    assert before["entity"]["id"] == "us-ofac-38316"
    assert "not in force before 2022-08-02" in before["evidence"][1]
    assert (after["standing"], after["action"]) == ("listed", "warn")


def test_people_get_the_verdict_in_words(check):
    result = check("--on", "2026-11-22", "a@stud.mipt.ru", "ivan@gmail.com")
    text = result.stdout
    assert result.exit_code == 0
    assert result.stderr == ""
    for words in (
        "a@stud.mipt.ru: listed\n",
        "stud.mipt.ru lies below mipt.ru, a domain of the institution below.",
        "Moscow Institute of Physics and Technology (us-ofac-38316, RU)",
        "US-OFAC-SDN, RUSSIA-EO14024, entry 38316, listed 2022-08-02",
        "wind-down until 2022-08-31 (over)",
        "tier         blocking",
        "ROR 00v0z9322",
        "warn. The message goes on; the match is written down and its sender is told.",
        "listed institutions: warn",
        "ivan@gmail.com: clear\n",
        "No list names gmail.com",
        "personal: a person's own",
        "leaves no trace",
    ):
        assert words in text
    assert "\x1b" not in text


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("era_1@mil.ru", "era_1@mil.ru is an address of the institution below."),
        ("a@mipt.ru", "mipt.ru is a domain of the institution below."),
        ("b+a=mipt.ru@lists.example", "Within it stands an address at mipt.ru"),
        ("postmaster", "It names no domain"),
        ("@@", "It cannot be read as one address: it names nobody. So it is for people"),
    ],
)
def test_the_reason_is_said_for_each_way_of_matching(address, words, check):
    assert words in check(address).stdout


def test_what_would_move_the_cursor_is_spelt_out(check):
    assert "\x1b" not in check("a\x1b[2J@mipt.ru").stdout
    assert "\\x1b[2J@mipt.ru: review" in check("a\x1b[2J@mipt.ru").stdout


def test_p01_the_sender_bears_on_the_decision(check, tmp_path):
    directory = tmp_path / "policies"
    directory.mkdir()
    for path in (REPO / "policies").iterdir():
        if path.name != "exceptions.toml":
            (directory / path.name).symlink_to(path)
    (directory / "exceptions.toml").write_text(
        '[[exception]]\nname = "Detector"\nowner = "o"\nreason = "r"\nentity = ["us-ofac-38316"]\n'
        'sender = ["physics.example.edu"]\nuntil = 2026-12-31\n'
    )
    config = tmp_path / "monition.toml"
    config.write_text(
        '[institution]\nname = "U"\ndomains = ["example.edu"]\n'
        '[compliance]\noffice = "O"\nemail = "o@example.edu"\n'
        f'[policies]\ndirectory = "{directory}"\nmode = "observe"\n'
    )
    words = ("--on", "2026-11-22", "--format", "json", "a@mipt.ru")
    (row,) = objects(check("--from", "Jane <jane@physics.example.edu>", *words, config=config))
    assert (row["action"], row["policy_rule"]) == ("observe", "exception: Detector")
    (row,) = objects(check("--from", "<>", *words, config=config))
    assert row["action"] == "warn"
    assert "mode is observe" in check("a@mipt.ru", config=config).stdout


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "Missing argument"),
        (("--on", "yesterday", "a@b.org"), "--on"),
        (("--from", "a@b..c", "a@b.org"), "--from"),
        (("--format", "xml", "a@b.org"), "--format"),
    ],
)
def test_wrong_usage_ends_with_status_2(words, told, check):
    result = check(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_help_has_an_example(check):
    assert "monition check a@stud.mipt.ru" in check("--help").stdout


def test_s07_a_link_by_the_dns_is_explained(check, tmp_path):
    link = Link("friend.example", "NS", "ns.mipt.ru", "mipt.ru")
    linked_domains.add(Folder(tmp_path / "lists"), link, datetime.now(UTC).date())
    config = tmp_path / "monition.toml"
    config.write_text(
        '[institution]\nname = "U"\ndomains = ["example.edu"]\n'
        '[compliance]\noffice = "O"\nemail = "o@example.edu"\n[lists]\ndirectory = "lists"\n'
    )
    words = check("ivan@friend.example", config=config).stdout
    assert words.startswith(
        "ivan@friend.example: review\n"
        "  By the DNS, friend.example is tied to a domain of the institution below.\n"
        "  institution  Moscow Institute of Physics and Technology"
    )
    assert "NS ns.mipt.ru lies inside mipt.ru, seen " in words


@pytest.mark.parametrize(
    ("text", "standing"),
    [
        ("mipt.ru", "listed"),
        ("example.org", "clear"),
        ("a\uff20mipt.ru", "listed"),
        ("a[at]mipt.ru", "listed"),
        ('"a@mipt.ru"', "listed"),
        ("a@mipt.ru,", "listed"),
        ("postmaster", "clear"),
        ("a@mipt.ru, b@gmail.com", "review"),
        ("a@gmail.com b@gmail.com", "review"),
        ("a b c", "review"),
    ],
)
def test_s17_check_never_says_clear_to_what_it_did_not_read_as_one_address(check, text, standing):
    (row,) = objects(check("--format", "json", text))
    assert row["standing"] == standing
    assert ("error" in row) is (standing == "review")
