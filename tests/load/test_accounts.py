"""The comparison itself: it finds each fault that there could be in the books."""

import pytest

TAKEN = {"stage": "dot", "code": 250, "why": ""}
DEFERRED = {"stage": "MAIL", "code": 421, "why": ""}
LOST = {"stage": "dot", "code": None, "why": "reset"}
TO = "m1.1@mipt.ru"


def attempt(end, to=TO):
    return {"message": "m1", "is_matched": to == TO, "recipient": to, "content": "abc", **end}


def copies(count, to=TO, content="abc"):
    return [{"sender": "prof@example.edu", "recipients": [to], "content": content}] * count


@pytest.mark.parametrize(
    ("end", "kept", "outcomes", "is_cut"),
    [
        (TAKEN, copies(1), ["delivered"], False),
        (DEFERRED, [], [], False),
        (DEFERRED, [], ["failed"], False),
        (LOST, copies(1), ["unknown"], True),
        (LOST, copies(1), ["delivered"], True),
        (LOST, [], ["unknown"], True),
        (LOST, [], [], True),
    ],
)
def test_what_is_as_promised(compare, end, kept, outcomes, is_cut):
    findings = [(TO, outcome) for outcome in outcomes]
    assert compare([attempt(end)], kept, findings, is_cut=is_cut) == []


@pytest.mark.parametrize(
    ("end", "kept", "outcomes", "told"),
    [
        (TAKEN, [], ["delivered"], "accepted, and 0 times at the next hop"),
        (TAKEN, copies(2), ["delivered"], "accepted, and 2 times at the next hop"),
        (TAKEN, copies(1, content="xyz"), ["delivered"], "changed on its way"),
        (TAKEN, copies(1), [], "in the ledger as []"),
        (TAKEN, copies(1), ["pending"], "in the ledger as ['pending']"),
        (TAKEN, copies(1), ["delivered"] * 2, "in the ledger as ['delivered', 'delivered']"),
        (DEFERRED, copies(1), ["delivered"], "not accepted, and 1 times at the next hop"),
        (DEFERRED | {"code": 550}, [], [], "invented"),
        (LOST, copies(2), ["unknown"], "not accepted, and 2 times at the next hop"),
        (LOST, copies(1), [], "in the ledger as []"),
        (LOST, copies(1), ["failed"], "in the ledger as ['failed']"),
    ],
)
def test_what_is_not(compare, end, kept, outcomes, told):
    findings = [(TO, outcome) for outcome in outcomes]
    (fault, *_) = compare([attempt(end)], kept, findings, is_cut=True)
    assert fault.startswith(f"{TO}: ")
    assert told in fault


def test_where_nothing_broke_nobody_is_in_doubt(compare):
    (fault,) = compare([attempt(LOST)], copies(1), [(TO, "unknown")], is_cut=False)
    assert fault == f"{TO}: reset to dot: nothing broke, and yet it is not known"


def test_a_message_without_a_finding_leaves_no_trace(compare):
    to = "m1.1@example.org"
    assert compare([attempt(TAKEN, to)], copies(1, to), [], is_cut=False) == []
    assert compare([attempt(TAKEN, to)], copies(1, to), [(to, "delivered")], is_cut=False)


def test_what_nobody_sent_is_told(compare):
    assert compare([], copies(1), [], is_cut=True) == [f"{TO}: nobody sent that"]
    assert compare([], [], [(TO, "failed")], is_cut=True) == [f"{TO}: nobody sent that"]
