import pytest

from benchmarks.sections import names
from benchmarks.sections.all_sections import SECTIONS
from benchmarks.sections.names import SECTION, Accuracy, NamePair
from benchmarks.sections.section import Setting

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
    found = names.name_pairs(data / "names" / "name_bench_cases.csv")
    assert found == [
        NamePair("OAO Gazprom", "Gazprom JSC", is_match=True),
        NamePair("Institute of Physics", "Institute of Chemistry", is_match=False),
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


@pytest.fixture
def setting(tmp_path):
    """A run of one repetition, with a folder of data or none."""

    def make(data):
        return Setting(tmp_path, (), 1, 0, True, 1, lambda _: None, data=data)

    return make


def test_the_section_says_what_was_not_there_to_be_measured(data, setting, monkeypatch):
    monkeypatch.setattr(names, "ENTITIES", 30)
    outcome = SECTION.run(setting(data))
    told = {
        (row.thing, row.measure.strip()): row.cells["measured"]
        for row in outcome.table.blocks[0].rows
    }
    assert told["the other half of the pairs", "F1"]
    assert told["a question, the slowest", "goal ≤ 100"] == "met"
    assert told["asked for as it is said, found in three", "goal ≥ 90"] == "met"
    assert outcome.table.notes == []
    (sample,) = outcome.samples
    assert 0 < sample["median_seconds"] <= sample["slowest_seconds"]
    outcome = SECTION.run(setting(None))
    assert outcome.table.notes == ["Names not compared: --data names no folder."]
    assert "F1" not in {row.measure for row in outcome.table.blocks[0].rows}


def test_each_goal_is_judged_on_the_median():
    samples = [{"f1": 0.91}, {"found": 1.0}, {"found": 0.5}, {"found": 0.8}]
    block, judgements = names.summary(samples)
    assert block.title == "Names"
    assert [(each.measured, each.is_met) for each in judgements] == [(0.91, True), (80, False)]


def test_it_is_a_section_of_the_benchmarks():
    assert SECTIONS["names"] is SECTION
    assert not SECTION.is_relay
