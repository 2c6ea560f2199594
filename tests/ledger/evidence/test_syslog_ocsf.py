from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.evidence import syslog_ocsf
from gateway.ledger.query.ledger_reader import COLUMNS, LedgerReader
from gateway.ledger.questions.filters import Filters

# RFC 5424, section 6: header, one element of structured data, the message.
LINE = re.compile(
    r"<(\d{1,3})>1 (\S+) (\S+) (\S+) (\S+) (\S+) "
    r'(\[[^ ]+(?: [!-~]+="(?:[^"\\\]]|\\["\\\]])*")*\]) (.*)'
)
PARAMETER = re.compile(r'([!-~]+)="((?:[^"\\\]]|\\["\\\]])*)"')


@pytest.fixture
def rows(case):
    with LedgerReader(case.path) as reader:
        return {row["id"]: row for row in reader.findings(Filters())}


def parameters(line):
    found = PARAMETER.findall(LINE.fullmatch(line)[7])
    return {name: re.sub(r'\\(["\\\]])', r"\1", value) for name, value in found}


def test_a08_a_line_of_syslog_says_all_that_the_finding_has(rows, case):
    row = rows[case.settled]
    line = syslog_ocsf.syslog_line(row, host="gate.example.edu", enterprise=32473)
    found = LINE.fullmatch(line)
    assert found[1] == "133"  # local0, notice
    assert found.group(2, 3, 4, 5, 6) == (
        *("2026-11-22T07:08:09.123Z", "gate.example.edu", "monition", "-", "FINDING"),
    )
    assert found[7].startswith("[finding@32473 ")
    wanted = {
        name: {True: "true", False: "false"}.get(value, value)
        for name, value in row.items()
        if value is not None
    }
    assert parameters(line) == wanted
    assert found[8] == (
        "Mail to Moscow Institute of Physics and Technology (listed, blocking, US-OFAC-SDN): "
        "warn, delivered"
    )


def test_a08_what_would_end_a_parameter_or_a_line_is_escaped(rows, case):
    line = syslog_ocsf.syslog_line(rows[case.evil], host="g", enterprise=1)
    assert parameters(line)["sender"] == 'x\\x1b[31m"]\\ y@example.edu'
    assert r'sender="x\\x1b[31m\"\]\\ y@example.edu"' in line


@given(st.text(), st.text())
def test_a_line_is_one_line_whatever_is_in_it(value, host):
    row = {"at": "2026-11-22T07:08:09.123Z", "standing": "review", "sender": value}
    line = syslog_ocsf.syslog_line(row, host=host, enterprise=32473)
    assert LINE.fullmatch(line)
    assert line.isprintable()
    assert line.splitlines() == [line]


@pytest.mark.parametrize(
    ("row", "priority"),
    [
        ({"standing": "listed"}, 133),
        ({"standing": "review"}, 134),
        ({"standing": "listed", "action": "refuse"}, 132),
    ],
)
def test_a_refusal_weighs_more_than_a_finding_and_that_more_than_a_doubt(row, priority):
    line = syslog_ocsf.syslog_line(
        {"at": "2026-11-22T07:08:09.123Z", **row}, host="g", enterprise=1
    )
    assert line.startswith(f"<{priority}>1 ")


def test_a08_an_ocsf_event_has_what_the_schema_requires(rows, case):
    """Schema 1.3.0: base_event, finding, detection_finding, the profile security_control."""
    event = syslog_ocsf.ocsf_event(rows[case.settled], version="0.1.0")
    assert {"metadata", "severity_id", "finding_info", "action_id", "time"} <= event.keys()
    assert (event["category_uid"], event["class_uid"], event["activity_id"]) == (2, 2004, 1)
    assert event["type_uid"] == 200401
    assert event["time"] == 1795331289123
    assert event["metadata"]["version"] == "1.3.0"
    assert event["metadata"]["profiles"] == ["security_control"]
    assert event["metadata"]["product"]["vendor_name"]
    assert {"title", "uid"} <= event["finding_info"].keys()
    assert event["finding_info"]["uid"] == case.settled
    assert (event["severity_id"], event["status_id"]) == (4, 4)  # blocking; licensed
    assert (event["action_id"], event["disposition_id"]) == (1, 15)
    (evidence,) = event["evidences"]
    assert evidence["email"]["from"] == "=cmd@example.edu"
    assert evidence["email"]["to"] == ["ivan0@stud.mipt.ru"]
    assert evidence["src_endpoint"] == {"ip": "192.0.2.7"}
    assert event["unmapped"]["disposition"] == "licensed"
    assert {each["type_id"] for each in event["observables"]} == {5, 2}


def test_an_erased_person_is_in_no_event(rows, case):
    event = syslog_ocsf.ocsf_event(rows[case.erased], version="0.1.0")
    assert "evidences" not in event
    assert [each["value"] for each in event["observables"]] == ["ivan3@stud.mipt.ru"]


def test_a_client_that_is_no_address_is_a_name(rows, case):
    row = {**rows[case.settled], "client": "unix socket"}
    event = syslog_ocsf.ocsf_event(row, version="0.1.0")
    assert event["evidences"][0]["src_endpoint"] == {"name": "unix socket"}
    assert "unix socket" not in [each["value"] for each in event["observables"]]


def test_what_a_later_version_writes_is_taken_with_patience(rows, case):
    strange = {"tier": "new", "standing": "new", "disposition": "new", "action": "new"}
    event = syslog_ocsf.ocsf_event({**rows[case.settled], **strange}, version="9")
    assert (event["severity_id"], event["confidence_id"]) == (1, 0)
    assert (event["status_id"], event["action_id"], event["disposition_id"]) == (0, 0, 0)


def test_every_column_is_somewhere_in_an_event(rows, case):
    row = dict.fromkeys(COLUMNS, "x") | {"at": rows[case.settled]["at"], "held": True}
    event = syslog_ocsf.ocsf_event(row, version="0.1.0")
    mapped = {"id", "at", "sender", "recipient", "message_id", "client"}
    assert event["unmapped"].keys() == set(COLUMNS) - mapped


def test_the_page_tells_of_every_field_of_an_event(rows, case):
    page = (Path(__file__).parents[3] / "docs" / "siem.md").read_text()
    event = syslog_ocsf.ocsf_event(rows[case.settled], version="0.1.0")
    explained = {"activity_name", "category_name", "class_name", "type_name", "message"}
    explained |= {"severity", "confidence", "status", "action", "disposition"}
    named = {name for name in event if f"`{name}" in page}
    assert set(event) - named - explained == set()
    assert syslog_ocsf.OCSF_VERSION in page
