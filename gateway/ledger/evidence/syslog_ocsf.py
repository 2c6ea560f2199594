"""A finding for a SIEM: as a line of syslog (RFC 5424), or as an event of OCSF. Pure.

The tables of what became what are in ``docs/siem.md``.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from gateway.ledger.record.record import parse_timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping

Row = dict[str, Any]

OCSF_VERSION = "1.3.0"

_LOCAL0 = 16  # RFC 5424, table 1
_NOTICE, _WARNING, _INFORMATIONAL = 5, 4, 6  # table 2
_LONGEST_VALUE = 2000

# Detection Finding, in the category Findings.
_CATEGORY, _CLASS, _CREATE = 2, 2004, 1
_SEVERITY = {
    "blocking": (4, "High"),
    "export-control": (4, "High"),
    "research-security": (3, "Medium"),
    "advisory": (2, "Low"),
}
_UNWEIGHED = (1, "Informational")
_CONFIDENCE = {"listed": (3, "High"), "review": (1, "Low")}
_STATUS = {
    "open": (1, "New"),
    "escalated": (2, "In Progress"),
    "false-positive": (3, "Suppressed"),
    "personal": (3, "Suppressed"),
    "licensed": (4, "Resolved"),
    "exempt": (4, "Resolved"),
    "remediated": (4, "Resolved"),
}
# What was done to the mail: action_id, and disposition_id of the profile security_control.
_ACTION = {
    "pass": (1, "Allowed", 1, "Allowed"),
    "observe": (1, "Allowed", 17, "Logged"),
    "warn": (1, "Allowed", 15, "Detected"),
    "refuse": (2, "Denied", 2, "Blocked"),
}


def syslog_line(row: Mapping[str, Any], *, host: str, enterprise: int) -> str:
    """A finding as RFC 5424 asks, without a line's end: all fields that it has as parameters.

    ``row`` has the columns of ``audit list``, as a reading gives them. ``host`` is this machine's
    name, ``enterprise`` a private enterprise number (section 7.2.2).
    """
    severity = _NOTICE if row.get("standing") == "listed" else _INFORMATIONAL
    if row.get("action") == "refuse":
        severity = _WARNING
    parameters = "".join(
        f' {name}="{_value(value)}"' for name, value in row.items() if value is not None
    )
    header = f"<{_LOCAL0 * 8 + severity}>1 {row['at']} {_name(host)} monition - FINDING"
    return f"{header} [finding@{enterprise}{parameters}] {_sentence(row)}"


def ocsf_event(row: Mapping[str, Any], *, version: str) -> Row:
    """A finding as an event of the Open Cybersecurity Schema Framework; ``version`` is ours.

    A Detection Finding (class 2004) with the profile ``security_control``. ``row`` has the columns
    of ``audit list``; ``KeyError`` where one is missing.
    """
    time = int(parse_timestamp(row["at"]).timestamp() * 1000)
    severity_id, severity = _SEVERITY.get(row["tier"] or "", _UNWEIGHED)
    confidence_id, confidence = _CONFIDENCE.get(row["standing"] or "", (0, "Unknown"))
    status_id, status = _STATUS.get(row["disposition"], (0, "Unknown"))
    action_id, action, disposition_id, disposition = _ACTION.get(
        row["action"] or "", (0, "Unknown", 0, "Unknown")
    )
    event: Row = {
        "activity_id": _CREATE,
        "activity_name": "Create",
        "category_uid": _CATEGORY,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "type_uid": _CLASS * 100 + _CREATE,
        "type_name": "Detection Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "status_id": status_id,
        "status": status,
        "action_id": action_id,
        "action": action,
        "disposition_id": disposition_id,
        "disposition": disposition,
        "message": _sentence(row),
        "metadata": {
            "version": OCSF_VERSION,
            "profiles": ["security_control"],
            "uid": row["id"],
            "log_name": "finding",
            "product": {"name": "Monition", "vendor_name": "Monition", "version": version},
        },
        "finding_info": _finding_info(row, time),
        "unmapped": {
            name: value for name, value in row.items() if value is not None and name not in _MAPPED
        },
    }
    if evidence := _evidence(row):
        event["evidences"] = [evidence]
    if observables := _observables(row):
        event["observables"] = observables
    return event


_MAPPED = frozenset({"id", "at", "sender", "recipient", "message_id", "client"})


def _finding_info(row: Mapping[str, Any], time: int) -> Row:
    info: Row = {
        "uid": row["id"],
        "title": f"Mail to {row['entity_name'] or 'an institution'}",
        "desc": _sentence(row),
        "types": ["Sanctioned institution"],
        "created_time": time,
    }
    if row["policy_rule"]:
        info["analytic"] = {"name": row["policy_rule"], "type_id": 1, "type": "Rule"}
    return info


def _evidence(row: Mapping[str, Any]) -> Row:
    evidence: Row = {}
    if row["sender"] and row["recipient"]:
        addresses = {"from": row["sender"], "to": [row["recipient"]]}
        envelope = {"smtp_from": row["sender"], "smtp_to": [row["recipient"]]}
        message = {"message_uid": row["message_id"]} if row["message_id"] else {}
        evidence["email"] = {**addresses, **envelope, **message}
    if row["client"]:
        evidence["src_endpoint"] = {"ip" if _is_ip(row["client"]) else "name": row["client"]}
    return evidence


def _observables(row: Mapping[str, Any]) -> list[Row]:
    found = (
        ("evidences.email.from", "Email Address", 5, row["sender"]),
        ("evidences.email.to", "Email Address", 5, row["recipient"]),
        ("evidences.src_endpoint.ip", "IP Address", 2, _is_ip(row["client"]) and row["client"]),
    )
    return [
        {"name": name, "type": kind, "type_id": number, "value": value}
        for name, kind, number, value in found
        if value
    ]


def _is_ip(client: str | None) -> bool:
    """Whether it is an address: a trusted peer may have told a name, or that it knows none."""
    try:
        ip_address(client or "")
    except ValueError:
        return False
    return True


def _sentence(row: Mapping[str, Any]) -> str:
    about = ", ".join(str(row[name]) for name in ("standing", "tier", "list") if row.get(name))
    done = f"{row.get('action') or 'unknown'}, {row.get('outcome') or 'unknown'}"
    return _plain(f"Mail to {row.get('entity_name') or 'an institution'} ({about}): {done}")


def _value(value: object) -> str:
    """A parameter's value: the three signs that section 6.3.3 names are escaped."""
    shown = {True: "true", False: "false"}[value] if isinstance(value, bool) else str(value)
    escaped = _plain(shown[:_LONGEST_VALUE]).replace("\\", "\\\\")
    return escaped.replace('"', '\\"').replace("]", "\\]")


def _plain(text: str) -> str:
    """Nothing that would end a line or move a terminal: each such sign is spelt out."""
    return "".join(sign if sign.isprintable() else f"\\x{ord(sign):02x}" for sign in text)


def _name(host: str) -> str:
    """A HOSTNAME: printable ASCII without spaces, or none."""
    return "".join(sign for sign in host if "!" <= sign <= "~")[:255] or "-"
