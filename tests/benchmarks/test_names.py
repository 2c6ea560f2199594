import pytest

from benchmarks import names
from benchmarks.names import Accuracy, Case

CASES = """schema,name1,name2,is_match
Company,OAO Gazprom,Gazprom JSC,true
Person,Ann,Anna,true
Organization,Institute of Physics,Institute of Chemistry,false
"""


@pytest.fixture
def data(tmp_path):
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "name_bench_cases.csv").write_text(CASES)
    return tmp_path


def test_persons_are_left_out(data):
    found = names.cases(data / "names" / "name_bench_cases.csv")
    assert found == [
        Case("OAO Gazprom", "Gazprom JSC", is_match=True),
        Case("Institute of Physics", "Institute of Chemistry", is_match=False),
    ]
    assert found[0].score == 1
    assert found[1].score == 0


def test_accuracy_is_counted_from_the_threshold_on():
    scored = [(0.9, True), (0.8, False), (0.7, True), (0.1, False)]
    assert names.accuracy(scored, 0.8) == Accuracy(1, 1, 1)
    assert (Accuracy(1, 1, 1).precision, Accuracy(1, 1, 1).recall, Accuracy(3, 1, 2).f1) == (
        0.5,
        0.5,
        pytest.approx(2 / 3),
    )
    assert names.best_threshold(scored) == pytest.approx(0.5)


def test_the_table_says_what_was_not_there_to_be_measured(data, monkeypatch, capsys):
    monkeypatch.setattr(names, "ENTITIES", 30)
    assert names.main(["--data", str(data)]) == 0
    told = capsys.readouterr().out
    assert "F1" in told
    assert "slowest, ms" in told
    assert names.main([]) == 0
    assert "names not compared" in capsys.readouterr().out
