"""What a version says of the kept files, written into ``expected/``: run once, by that version.

``python tests/version_before/record.py /path/to/that/version/bin/monition``. The questions stand in
``expected/*.json`` beside the answers; this fills in the answers. The tests ask the same questions
of the program of today.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

HERE = Path(__file__).parent
EXPECTED = HERE / "expected"
QUESTIONS = ("configuration", "lists", "verdicts", "ledger", "first")
PATIENCE = 30
PORT = re.compile(r'"(127\.0\.0\.1|\[::1\]):\d+"')

# What depends on the hour, on other programs, or (is_current) on the version's own number.
PASSING = {"age_seconds", "gateway_snapshots", "gateway_policies", "gateway_unknown", "is_current"}

EVENTS = "SELECT seq, id, lower(hex(hash)) FROM event ORDER BY seq"
LATE = (
    "SELECT id, kind, at, facts, commitments, lower(hex(hash)) FROM event "
    "WHERE seq > ? AND kind IN ('OBSERVED', 'SETTLED') ORDER BY seq"
)


def lay_out(folder: Path) -> Path:
    """Copy the kept files to where they may be changed, ledgers unpacked."""
    for name in ("installation", "first", "evidence"):
        shutil.copytree(HERE / name, folder / name, copy_function=shutil.copyfile)
    for packed in folder.glob("*/ledger.db.gz"):
        ledger = packed.with_suffix("")
        ledger.write_bytes(gzip.decompress(packed.read_bytes()))
        ledger.chmod(0o600)
        packed.unlink()
    return folder


def questions(name: str) -> list[dict]:
    return json.loads((EXPECTED / f"{name}.json").read_text("utf-8"))


def asked_in(folder: Path, case: dict) -> tuple[Path, list[str]]:
    """Where a question is asked, and its arguments."""
    return folder / case["in"], [*case["arguments"], "-c", "monition.toml"]


def rows(stdout: str, folder: Path) -> list:
    """Read what was printed, one object a line, the copy's own folder taken out."""
    return [_lasting(json.loads(line)) for line in stdout.replace(str(folder), "").splitlines()]


def _lasting(value):
    if isinstance(value, dict):
        return {key: _lasting(each) for key, each in value.items() if key not in PASSING}
    return [_lasting(each) for each in value] if isinstance(value, list) else value


def select(ledger: Path, query: str, *values) -> list[list]:
    with closing(sqlite3.connect(ledger)) as connection:
        return [list(row) for row in connection.execute(query, values)]


def serve_once(monition: list[str], folder: Path) -> None:
    """Start the gateway on the files, on ports that are free, and end it when it serves."""
    configuration = folder / "monition.toml"
    before = configuration.read_text()
    configuration.write_text(PORT.sub(lambda _: f'"127.0.0.1:{_free()}"', before))
    log = folder / "log"
    with log.open("wb") as stderr:
        gateway = subprocess.Popen(
            [*monition, "serve", "-c", str(configuration)], stderr=stderr, env=_environment()
        )
    try:
        _wait(lambda: '"event": "serving"' in log.read_text(), log)
        gateway.send_signal(signal.SIGTERM)
        assert gateway.wait(PATIENCE) == 0, log.read_text()
    finally:
        gateway.kill()
        gateway.wait()
        log.unlink()
        configuration.write_text(before)


def _wait(is_so, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _environment() -> dict[str, str]:
    return {**os.environ, "SUDO_USER": "officer", "TZ": "UTC"}


def main(monition: str) -> None:
    for name in QUESTIONS:
        cases = questions(name)
        for case in cases:
            _answer(case, monition)
        _write(name, cases)
    with tempfile.TemporaryDirectory() as top:
        folder = lay_out(Path(top))
        ledgers = {name: folder / name / "ledger.db" for name in ("installation", "first")}
        kept = {name: select(ledger, EVENTS) for name, ledger in ledgers.items()}
        serve_once([monition], folder / "installation")
        late = select(ledgers["installation"], LATE, len(kept["installation"]))
        _write("events", {**kept, "journalled": late})


def _answer(case: dict, monition: str) -> None:
    with tempfile.TemporaryDirectory() as top:
        folder = lay_out(Path(top))
        if case["in"] == "first":
            serve_once([monition], folder / "first")
        where, arguments = asked_in(folder, case)
        answer = subprocess.run(
            [monition, *arguments],
            cwd=where,
            env=_environment(),
            input=case.get("input", "").encode(),
            capture_output=True,
            check=False,
        )
        case["status"] = answer.returncode
        case["rows"] = rows(answer.stdout.decode(), folder)
        print(" ".join(case["arguments"]), case["status"], len(case["rows"]), sep="\t")


def _write(name: str, said: list | dict) -> None:
    """As JSON, a row a line."""
    text = json.dumps(said, ensure_ascii=False)
    if isinstance(said, list):
        text = "[\n" + ",\n".join(map(_lines, said)) + "\n]"
    (EXPECTED / f"{name}.json").write_text(text + "\n", "utf-8")


def _lines(case: dict) -> str:
    head = json.dumps({**case, "rows": []}, ensure_ascii=False)
    rows = ",\n".join(json.dumps(row, ensure_ascii=False) for row in case["rows"])
    return head.replace('"rows": []', f'"rows": [\n{rows}]') if rows else head


if __name__ == "__main__":
    main(sys.argv[1])
