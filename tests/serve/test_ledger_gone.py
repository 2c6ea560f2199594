"""A ledger that was there and is gone is a fault, and no first start, until a person says so."""

import signal
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner

from gateway.cli.main import command


def ledger_files(folder):
    return sorted(folder.glob("ledger.db*"))


def remove(folder):
    for path in ledger_files(folder):
        if path.is_file():
            path.unlink()


def put_an_empty_file(folder):
    remove(folder)
    (folder / "ledger.db").touch()


def put_another(folder):
    """A whole ledger, that of another gateway: begun here, as a person might by mistake."""
    remove(folder)
    mark = folder / "ledger.record" / "ledger.json"
    kept = mark.read_bytes()
    mark.unlink()
    assert begin(folder).exit_code == 0
    mark.write_bytes(kept)


def begin(folder, *more):
    return CliRunner().invoke(
        command, ["ledger", "begin", *more, "-c", str(folder / "monition.toml")]
    )


def rows(folder, sql):
    with closing(sqlite3.connect(folder / "ledger.db")) as database:
        return database.execute(sql).fetchall()


def is_unready(gateway):
    status, text = gateway.get("/readyz")
    return status == 503 and "monition ledger begin" in text and text


def deliver(gateway, token):
    with gateway.client() as client:
        assert client.open() == 250
        assert client.deliver(f"{token}-unmatched") == 250
        assert client.deliver(f"{token}-matched", f"{token}@mipt.ru") == 250


def journalled(folder):
    return (folder / "ledger.journal").read_text().count('"kind":"OBSERVED"')


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("lose", [remove, put_an_empty_file, put_another])
def test_o07_a_ledger_that_is_gone_is_a_fault_until_a_person_begins_another(
    serve, until, tmp_path, lose, workers
):
    """R17 too: what is found meanwhile goes to the emergency journal, and none of it is lost."""
    gateway = serve(workers=workers)
    deliver(gateway, "before")
    gateway.send(signal.SIGTERM)
    gateway.ended()
    lose(tmp_path)
    gateway = serve(workers=workers, ready=False)
    assert f"the ledger {tmp_path}/ledger.db was begun on" in until(lambda: is_unready(gateway))
    until(lambda: "does not serve" not in gateway.get("/readyz")[1])
    deliver(gateway, "gone")
    assert journalled(tmp_path) == 1
    assert gateway.get("/livez")[0] == 200
    told = [each for each in gateway.logged("ledger") if "was begun on" in each["message"]]
    assert 1 <= len(told) <= workers
    done = begin(tmp_path, "--by", "j.lindqvist", "--reason", "the disk was lost")
    assert done.exit_code == 0, done.output
    until(gateway.is_well, "the new ledger to be taken")
    deliver(gateway, "after")
    gateway.send(signal.SIGTERM)
    gateway.ended()
    ((facts, reason),) = rows(
        tmp_path,
        "SELECT facts, data FROM event JOIN personal ON event = id WHERE kind = 'BEGUN'"
        " AND facts LIKE '%lindqvist%'",
    )
    assert '"instead_of":"' in facts
    assert "the disk was lost" in reason
    found = [row[0] for row in rows(tmp_path, "SELECT recipient FROM finding ORDER BY seq")]
    assert found == ["gone@mipt.ru", "after@mipt.ru"]
    serve(workers=workers)


def test_o07_a_ledger_that_goes_away_under_a_running_gateway_is_not_begun_anew(
    serve, until, tmp_path
):
    gateway = serve(workers=1)
    deliver(gateway, "before")
    kept = {path: path.read_bytes() for path in ledger_files(tmp_path) if path.is_file()}
    remove(tmp_path)
    deliver(gateway, "gone")
    until(lambda: is_unready(gateway), "it to be missed")
    assert not (tmp_path / "ledger.db").exists()
    for path, content in kept.items():
        path.write_bytes(content)
    until(gateway.is_well, "the restored one to be taken")
    found = {row[0] for row in rows(tmp_path, "SELECT recipient FROM finding")}
    assert found == {"before@mipt.ru", "gone@mipt.ru"}


def test_o07_a_ledger_that_is_there_is_not_begun(serve, tmp_path):
    serve(workers=1)
    done = begin(tmp_path)
    assert done.exit_code == 2
    assert "it goes on" in done.output
    assert rows(tmp_path, "SELECT count(*) FROM event WHERE kind = 'BEGUN'") == [(0,)]


def test_o07_a_first_ledger_may_be_begun_by_hand(config, tmp_path):
    done = begin(tmp_path)
    assert done.exit_code == 0, done.output
    ((facts,),) = rows(tmp_path, "SELECT facts FROM event WHERE kind = 'BEGUN'")
    assert '"instead_of":null' in facts
