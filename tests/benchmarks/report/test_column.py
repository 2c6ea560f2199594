from benchmarks.report.column import COLUMNS


def test_every_column_has_a_key_of_its_own():
    keys = [column.key for column in COLUMNS]
    assert len(set(keys)) == len(keys)


def test_the_four_with_goals_are_new_and_kept_small_and_large_with_twenty_sessions():
    goals = {(each.is_kept, each.size, each.sessions) for each in COLUMNS if each.has_goals}
    assert goals == {(kept, size, 20) for kept in (False, True) for size in (2_000, 200_000)}


def test_ten_megabytes_and_one_and_two_hundred_sessions_are_there():
    assert {each.is_kept for each in COLUMNS if each.size == 10_000_000} == {False, True}
    small = {(each.is_kept, each.sessions) for each in COLUMNS if each.size == 2_000}
    assert small == {(kept, sessions) for kept in (False, True) for sessions in (1, 20, 200)}


def test_columns_of_the_same_sessions_stand_together():
    order = [column.sessions for column in COLUMNS]
    assert order == sorted(order, key=order.index)


def test_every_session_has_a_message_unless_messages_are_huge():
    for column in COLUMNS:
        few = column.messages(1, 0.1)
        assert few == (5 if column.size > 1_000_000 else column.sessions)


def test_a_slow_peer_is_sent_fewer():
    column = COLUMNS[0]
    assert column.messages(2000) == 2000
    assert column.messages(2000, 0.25) == 500
