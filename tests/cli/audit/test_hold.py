from __future__ import annotations

import json


def test_hold_and_release_are_told_and_counted(audit, events):
    held = audit("hold", events[0], events[1], "--matter", "2026-17")
    assert (held.exit_code, held.stderr) == (0, "2 findings under hold for 2026-17\n")
    again = audit("hold", events[0], events[2], "--matter", "2026-17")
    assert "1 finding passed over: under hold for it already" in again.stderr
    rows = audit("list", "--format", "json").stdout.splitlines()
    assert all(json.loads(row)["held"] for row in rows)
    done = audit("hold", "--release", *events, "--matter", "2026-17", "--reason", "It ended.")
    assert done.stderr == "3 findings released\n"
    told = " ".join(audit("show", events[0]).stdout.split())
    assert "officer put it under hold for 2026-17: nothing of it is erased until" in told
    assert "officer ended the hold for 2026-17 on it." in told


def test_hold_needs_a_matter(audit, events):
    assert "a hold needs --matter" in audit("hold", events[0]).stderr
    assert "passed over: under no such hold" in audit("hold", "--release", events[0]).stderr


def test_hold_has_an_example_and_begins_no_ledger(audit, ledger_path):
    shown = audit("hold", "--help")
    assert "monition audit hold" in shown.stdout.partition("Example")[2]
    result = audit("hold", "01", "--matter", "x")
    assert (result.exit_code, "there is no ledger" in result.stderr) == (2, True)
    assert not ledger_path.exists()
