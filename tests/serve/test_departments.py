"""The file of departments at the start and at a reload: mail never waits until it is mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from structlog.testing import capture_logs

from gateway.config import machine_faults
from gateway.serve import load_in_force

TODAY = date(2026, 11, 22)


@pytest.fixture
def staff(tmp_path):
    file = tmp_path / "departments.csv"
    file.write_text("sender,department\njane@example.edu,Law\n")
    return file


@pytest.fixture
def named(config, staff):
    """A configuration that names the file."""
    institution = replace(config.institution, departments=staff)
    return replace(config, institution=institution)


def test_departments_are_read_at_the_start_and_again_at_a_reload(named, staff):
    loaded = load_in_force.load(named, TODAY)
    assert loaded.in_force.departments.of("jane@example.edu") == "Law"
    staff.write_text("sender,department\njane@example.edu,Arts\n")
    again = load_in_force.reload(named, TODAY, loaded)
    assert again.in_force.departments.of("jane@example.edu") == "Arts"


@pytest.mark.parametrize("content", ["sender,department\njane.doe,Law\n", "", None])
def test_a_faulty_file_keeps_the_old_ones_and_is_told_without_a_name(named, staff, content):
    known = load_in_force.load(named, TODAY)
    staff.unlink() if content is None else staff.write_text(content)
    with capture_logs() as logs:
        again = load_in_force.reload(named, TODAY, known)
    assert again.in_force.departments is known.in_force.departments
    (told,) = [line for line in logs if "departments" in line["event"]]
    assert told["event"] == "the departments cannot be read, the old ones stay"
    assert "departments.csv" in told["faults"][0]
    assert "jane.doe" not in str(told)


def test_without_it_a_gateway_starts_all_the_same_and_config_check_tells(named, staff):
    staff.unlink()
    assert load_in_force.load(named, TODAY).in_force.departments.of("jane@example.edu") is None
    faults = [fault for fault in machine_faults(named) if fault.key == "institution.departments"]
    assert len(faults) == 1
    assert "cannot be read (No such file or directory)" in str(faults[0])
    staff.write_text("sender,department\njane,Law\n")
    assert f"{staff}:2: the sender is no address" in str(list(machine_faults(named))[-1])
