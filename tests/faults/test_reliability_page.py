"""``docs/reliability.md`` and the tests tell of the same faults, and count the same."""

import re
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
PAGE = (HERE.parents[1] / "docs" / "reliability.md").read_text(encoding="utf-8")
NEXT_HOP, WAITS, CLIENT = (
    runpy.run_path(str(HERE / f"test_{name}.py")) for name in ("next_hop", "waits", "client")
)

# Every table of the page, by the heading or the words before it, and the faults it must tell of.
TABLES = {
    "## The next hop ends": set(NEXT_HOP["ENDS"]),
    "In a message of chunks (BDAT):": set(NEXT_HOP["CHUNK_ENDS"]),
    "## The next hop says 421": set(NEXT_HOP["GOODBYES"]),
    "## The next hop hangs": set(WAITS["HANGS"]) | {"at the connection"},
    "## The next hop speaks first": set(WAITS["SURPRISES"]),
    "## The client vanishes": set(CLIENT["STEPS"]),
    "A client that only falls silent": set(WAITS["SILENCES"]) | set(WAITS["CHUNK_SILENCES"]),
}


@pytest.mark.parametrize("place", TABLES)
def test_the_page_tells_of_every_fault_and_of_no_other(place):
    assert PAGE.count(place) == 1
    rows = re.search(r"\n\|---.*\n((?:\|.*\n)+)", PAGE[PAGE.index(place) :])[1]
    told = [name for row in rows.splitlines() for name in row.split(" | ")[0][2:].split(" · ")]
    assert sorted(told) == sorted(TABLES[place])


def test_the_page_counts_as_the_tests_do():
    places = sum(map(len, TABLES.values())) + len(WAITS["SURPRISES"]) * (len(WAITS["IDLE_AT"]) - 1)
    collect = [sys.executable, "-m", "pytest", "--collect-only", "-q", HERE]
    found = subprocess.run(collect, capture_output=True, text=True, check=True, cwd=HERE.parents[1])
    tests = [line for line in found.stdout.splitlines() if "::" in line]
    tests = [line for line in tests if Path(__file__).name not in line]
    assert f"\n{places} places to fail, {len(tests)} tests:" in PAGE


def test_the_page_knows_the_waits_under_test():
    waits = runpy.run_path(str(HERE / "hasty.py"))["WAITS"]
    seconds = (
        waits[f"{name}_SECONDS"] for name in ("CONNECT", "NEXT_HOP", "FINAL_REPLY", "CLIENT")
    )
    told = "{} for a connection, {} for a reply, {} for the reply to the dot, {} for the client"
    assert told.format(*seconds) in " ".join(PAGE.split())
