"""Every systemd unit is clean, tight, and agrees with what the gateway does by default."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from configparser import RawConfigParser
from pathlib import Path

import pytest

from gateway.config import Relay

REPO = Path(__file__).parents[1]
FOLDER = REPO / "systemd"
UNITS = sorted(
    path
    for path in (REPO / "systemd").iterdir()
    if path.suffix in {".service", ".socket", ".timer"}
)
SERVICES = [path for path in UNITS if path.suffix == ".service"]
HIGHEST_EXPOSURE = 2.0


def _ids(paths: list[Path]) -> dict:
    return {"argvalues": paths, "ids": [path.name for path in paths]}


@pytest.fixture
def analyze(tmp_path):
    """Run systemd-analyze on a copy that starts a program which is there."""
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")

    def analyze(unit: Path, verb: str, *options: str) -> subprocess.CompletedProcess[str]:
        stand_in = Path(sys.executable).with_name("monition")
        for path in UNITS:  # a unit may name another
            text = path.read_text().replace("/opt/monition/bin/monition", str(stand_in))
            (tmp_path / path.name).write_text(text)
        command = [program, verb, *options, str(tmp_path / unit.name)]
        return subprocess.run(command, capture_output=True, text=True, check=False)

    return analyze


@pytest.mark.e2e
@pytest.mark.parametrize("unit", **_ids(UNITS))
def test_o02_systemd_has_nothing_to_say_against_the_unit(unit, analyze):
    verified = analyze(unit, "verify", "--man=no")
    assert (verified.returncode, verified.stdout, verified.stderr) == (0, "", "")


@pytest.mark.e2e
@pytest.mark.parametrize("unit", **_ids(SERVICES))
def test_o02_the_unit_is_hardly_exposed(unit, analyze, capsys):
    judged = analyze(unit, "security", "--offline=true", "--no-pager")
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", judged.stdout)
    assert found, judged.stderr
    with capsys.disabled():
        print(f" [{unit.name}: exposure {found[1]}]", end="")
    assert float(found[1]) <= HIGHEST_EXPOSURE, judged.stdout


@pytest.fixture
def gateway_unit():
    unit = RawConfigParser(strict=False)
    unit.optionxform = str  # systemd's keys are told apart by case
    unit.read(REPO / "systemd/monition.service")
    return unit


def _seconds(text: str) -> int:
    assert text.endswith("s"), text
    return int(text.removesuffix("s"))


def test_o02_a_faulty_configuration_is_not_tried_again(gateway_unit):
    assert gateway_unit["Service"]["Restart"] == "on-failure"
    assert gateway_unit["Service"]["RestartPreventExitStatus"] == "2"


def test_r18_systemd_waits_until_the_sessions_are_drained(gateway_unit):
    assert _seconds(gateway_unit["Service"]["TimeoutStopSec"]) > Relay().drain_seconds + 10
    assert "KillSignal" not in gateway_unit["Service"]  # SIGTERM, systemd's own default


def test_r20_there_is_a_descriptor_for_both_ends_of_every_session(gateway_unit):
    assert int(gateway_unit["Service"]["LimitNOFILE"]) > 2 * Relay().max_sessions


def test_o06_the_gateway_is_nobody_special_and_its_files_are_its_own(gateway_unit):
    service = gateway_unit["Service"]
    user = re.search(r"(?m)^u (\S+) ", (REPO / "systemd/monition.sysusers").read_text())
    assert user
    assert service["User"] == service["Group"] == user[1] == "monition"
    assert service["UMask"] == "0077"
    assert service["StateDirectoryMode"] == "0750"
    assert service["CapabilityBoundingSet"] == ""
