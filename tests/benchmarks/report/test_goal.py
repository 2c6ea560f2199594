import pytest

from benchmarks.report.goal import Goal, judge

AT_MOST = Goal("goal ≤ 1.5", 1.5)
AT_LEAST = Goal("goal ≥ 200", 200, is_least=True)


@pytest.mark.parametrize(
    ("goal", "measured", "verdict"),
    [
        (AT_MOST, 1.2, "met"),
        (AT_MOST, 1.5, "met"),
        (AT_MOST, 2.18, "missed by 0.68"),
        (AT_LEAST, 563, "met"),
        (AT_LEAST, 200, "met"),
        (AT_LEAST, 150.4, "missed by 50"),
    ],
)
def test_a_goal_is_met_or_missed_by_so_much(goal, measured, verdict):
    assert goal.verdict(measured) == verdict
    assert goal.is_met(measured) is (verdict == "met")


def test_a_judgement_holds_what_a_program_needs():
    judged = judge(AT_MOST, "relay", "new 2 KB: CPU", "ours", 2.0)
    assert (judged.bound, judged.measured, judged.is_met) == (1.5, 2.0, False)
