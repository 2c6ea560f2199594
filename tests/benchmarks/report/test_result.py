import json

from benchmarks.report.goal import Goal, judge
from benchmarks.report.result import Result
from benchmarks.report.table import Block, Row, Table
from benchmarks.sections.section import Outcome


def an_outcome(peers, title="CPU", foreign_share=0.1):
    columns = tuple(peer.name for peer in peers)
    here = {peer.name: "1.00" for peer in peers if peer.missing is None}
    rows = [Row("new 2 KB", "CPU, ms", here), Row("new 2 KB", "messages/s", here)]
    return Outcome(
        table=Table(columns, [Block(title, rows)]),
        judgements=[judge(Goal("goal ≤ 2", 2), "relay", "CPU", peers[2].name, 1.0)],
        samples=[{"repetition": 0, "cpu_seconds": 0.5}],
        foreign_share=foreign_share,
    )


def a_result(peers, **outcomes):
    return Result({"kernel": "6.1"}, {"quick": True}, peers, 0.0, outcomes)


def test_a_missing_peer_keeps_its_column_and_is_named_with_the_reason(without_floor):
    text = a_result(without_floor, relay=an_outcome(without_floor)).table("simple")
    lines = text.splitlines()
    assert lines[4].split() == ["new", "2", "KB", "CPU,", "ms", "missing", "1.00", "1.00", "1.00"]
    assert lines[5].split() == ["messages/s", "1.00", "1.00", "1.00"]
    assert "not measured: floor, TCP: it is not installed" in lines
    assert "rival, Proxy: 1.0" in lines


def test_all_sections_are_one_table(peers):
    result = a_result(peers, relay=an_outcome(peers), memory=an_outcome(peers, "memory"))
    text = result.table("simple")
    assert text.count("floor") == 2  # the heading, and the list of versions
    assert text.index("CPU\n") < text.index("memory\n")


def test_the_file_holds_every_sample_every_goal_and_the_machine(without_floor, tmp_path):
    result = a_result(without_floor, relay=an_outcome(without_floor, foreign_share=0.3))
    file = result.write(tmp_path)
    assert file.name == "19700101-000000.json"
    read = json.loads(file.read_text())
    assert read["machine"] == {"kernel": "6.1"}
    assert read["peers"]["floor, TCP"] == "it is not installed"
    assert read["samples"] == {"relay": [{"repetition": 0, "cpu_seconds": 0.5}]}
    assert read["goals"][0]["is_met"] is True
    assert result.foreign_share == 0.3


def test_a_run_in_which_nothing_could_be_measured_still_says_who_was_here(peers):
    result = a_result(peers)
    assert result.table("simple").strip().startswith("floor, TCP: 1.0")
    assert result.foreign_share == 0
