from benchmarks.peers.peer import Role
from benchmarks.traffic.load import EVERYBODY, LOADS, UNMATCHED, Load, pace


def test_half_load_is_half_of_what_the_slowest_takes():
    load = Load("kept 2 KB", 2_000, is_kept=True, roles=UNMATCHED)
    assert pace(load, [16_200, 11_646, 23_871]) == 5_800


def test_a_load_may_be_another_part():
    load = Load("kept 2 KB", 2_000, is_kept=True, roles=UNMATCHED, part=0.2, sessions=1)
    assert pace(load, [390.0]) == 78
    assert load.way == "kept 2 KB, one session"


def test_every_load_has_a_key_of_its_own():
    assert len({load.key for load in LOADS}) == len(LOADS)


def test_unmatched_mail_is_compared_without_those_who_bear_less():
    assert Role.MATCHED not in UNMATCHED
    assert set(EVERYBODY) == set(Role)
