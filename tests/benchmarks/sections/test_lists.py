"""The section about lists: what it makes of samples, and each errand once, small."""

import json

import pytest

from benchmarks.__main__ import options_of
from benchmarks.host.child import BenchmarkError
from benchmarks.sections import lists
from benchmarks.sections.lists import MEASURES, SECTION, summary
from benchmarks.tasks import addresses, screening


def sampled(**values):
    return {"repetition": 0, **values}


def cells(block):
    return [(row.thing, row.measure.strip(), row.cells["measured"]) for row in block.rows]


def test_each_measure_is_told_in_its_unit_and_held_against_its_goal():
    samples = [
        sampled(cold_seconds=value, csv_mail=rate, listed=0, review=30, review_share=0.0015)
        for value, rate in ((17e-6, 90_000), (25e-6, 80_000), (21e-6, 120_000))
    ]
    block, judgements = summary(samples)
    assert block.title == "Lists and screening"
    assert cells(block) == [
        ("a verdict, 100,000 listed, cold", "µs", "21.0 (17.0–25.0)"),  # noqa: RUF001
        ("a verdict, 100,000 listed, cold", "goal ≤ 20", "missed by 1.0"),
        ("check -, csv, domains as in mail", "a CPU s", "90,000 (80,000–120,000)"),  # noqa: RUF001
        ("check -, csv, domains as in mail", "goal ≥ 100,000", "missed by 10,000"),
        ("not listed, called listed", "domains", "0"),
        ("not listed, called listed", "goal 0", "met"),
        ("not listed, for review", "domains", "30.0"),
        ("the same", "%", "0.150"),
        ("the same", "goal < 0.1", "missed by 0.050"),
    ]
    assert [each.is_met for each in judgements] == [False, False, True, False]


def test_the_title_says_how_much_was_read():
    block, _ = summary([sampled(entities=7266, load_seconds=0.03)])
    assert block.title == "Lists and screening; OFAC's set gives 7,266 institutions"


def test_every_measure_has_a_name_of_its_own():
    assert len({measure.key for measure in MEASURES}) == len(MEASURES)


def test_without_real_lists_the_rest_is_measured_and_the_reason_told(setting, monkeypatch):
    asked = []

    def errand(name, *_arguments):
        asked.append(name)
        return {"cold_seconds": 1e-5, "cached_seconds": 1e-7, "bytes": 1}

    monkeypatch.setattr(lists, "_errand", errand)
    monkeypatch.setattr(
        lists, "_monition", lambda _arguments, _config, said: (said.stat().st_size, 0)
    )
    outcome = SECTION.run(setting)
    assert asked == ["classifying"]
    (note,) = outcome.table.notes
    assert note.startswith("Not measured: reading, loading and swapping real lists, for which")
    assert {"json_mail", "csv_different"} <= set(outcome.samples[0])
    assert "load_seconds" not in outcome.samples[0]


def test_a_folder_without_the_files_is_told(tmp_path):
    (tmp_path / "ofac").mkdir()
    (tmp_path / "ofac" / "sdn.csv").touch()
    assert lists._missing(tmp_path) == (
        f"{tmp_path} has no ofac/alt.csv, ofac/add.csv, ofac/sdn_comments.csv"
    )


def test_a_folder_for_the_lists_must_be_one(tmp_path, capsys):
    assert options_of(["lists", "--data", str(tmp_path)]).data == tmp_path
    with pytest.raises(SystemExit):
        options_of(["lists", "--data", str(tmp_path / "none")])
    assert "is no folder" in capsys.readouterr().err


def test_a_command_that_fails_breaks_the_section_off(tmp_path):
    with pytest.raises(BenchmarkError, match=r"monition check failed: .*none\.toml"):
        lists._monition(["check", "a@b.c"], tmp_path / "none.toml")


def test_an_errand_is_a_process_that_tells_what_it_found(tmp_path):
    with pytest.raises(BenchmarkError, match=r"loading broke off: .* has no snapshot in force"):
        lists._errand("loading", tmp_path)


def test_classifying_small(monkeypatch):
    monkeypatch.setattr(screening, "LISTED", 50)
    monkeypatch.setattr(screening, "ASKED", 20)
    found = screening.classifying()
    assert found["cold_seconds"] > 0
    assert found["cached_seconds"] > 0
    json.dumps(found)


def test_invented_addresses_are_the_same_in_every_run():
    assert addresses.domains(100, seed=1) == addresses.domains(100, seed=1)
    assert len(set(addresses.domains(100, seed=1))) == 100
    mail = addresses.as_in_mail(1000, seed=1)
    used = [address.partition("@")[2] for address in mail]
    assert 200 < sum(domain in addresses.PROVIDERS for domain in used) < 400
    assert len(set(used)) < 600
    different = addresses.all_different(100, seed=1)
    assert len({address.partition("@")[2] for address in different}) == 100
