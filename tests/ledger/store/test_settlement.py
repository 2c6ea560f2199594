from __future__ import annotations

import json
import os
from contextlib import closing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import LedgerError
from gateway.ledger.record.events import SettledRecipient
from gateway.ledger.record.record import canonical
from gateway.ledger.store import settlement as settlements
from gateway.ledger.store.settlement import any_window_is_open
from gateway.ledger.store.sqlite_store import SqliteStore
from gateway.model import MatchedInstitution, NoticeRequest, Outcome, Suppression


@pytest.fixture
def store(folder):
    with closing(SqliteStore(folder / "ledger.db")) as store:
        yield store


@pytest.fixture
def take(mail, store):
    """Observe a message and settle it; the notice's state."""

    def take(message, recipients=("ivan@stud.mipt.ru",), *, alter=lambda s: s, now=None, **changes):
        found = mail.records(message, recipients)
        settlement = alter(mail.settlement(message, found, **changes))
        with store.transaction():
            for record in found:
                store.append(record)
            return settlements.write_settlement(
                store, settlement, now=now or settlement.at, process="p", entropy=os.urandom
            )

    return take


@pytest.fixture
def queued(store):
    def queued():
        return store._database.execute("SELECT request FROM outbox ORDER BY created_at").fetchall()

    return queued


@pytest.fixture
def notices(store):
    def notices():
        rows = store._database.execute(
            "SELECT facts FROM event WHERE kind = 'SETTLED' ORDER BY seq"
        )
        return [json.loads(facts)["notice"] for (facts,) in rows]

    return notices


def with_outcome(*outcomes, **fields):
    def alter(settlement):
        results = tuple(
            replace(result, outcome=outcome, **fields)
            for result, outcome in zip(settlement.results, outcomes, strict=True)
        )
        return replace(settlement, results=results)

    return alter


def test_n02_ten_messages_in_a_week_are_ten_events_and_one_notice(take, queued, notices):
    states = [take(f"m{number}") for number in range(10)]
    assert states == ["queued", *["suppressed:rhythm"] * 9]
    assert notices() == states
    assert len(queued()) == 1


def test_n02_the_window_opens_again_after_its_time(mail, take, queued):
    start = mail.now()
    week, moment = mail.WEEK, mail.timedelta(milliseconds=2)
    assert take("m1", now=start) == "queued"
    assert take("m2", now=start + week - moment) == "suppressed:rhythm"
    assert take("m3", now=start + week) == "queued"
    assert len(queued()) == 2


def test_n02_one_person_has_one_window_however_they_are_spelt(take):
    assert take("m1", to="prof@example.edu") == "queued"
    assert take("m2", to="Prof@Example.EDU") == "suppressed:rhythm"
    assert take("m3", to="other@example.edu") == "queued"


def test_n02_a_new_window_opens_the_way_and_shuts_all_windows(take):
    def windows(*keys):
        return lambda s: replace(s, request=replace(s.request, windows=keys))

    assert take("m1", alter=windows("us-ofac-38316 tier a")) == "queued"
    assert take("m2", alter=windows("us-ofac-38316 tier a", "us-ofac-38316 tier b")) == "queued"
    assert take("m3", alter=windows("us-ofac-38316 tier b")) == "suppressed:rhythm"


@pytest.mark.parametrize("outcome", [Outcome.REFUSED, Outcome.FAILED, Outcome.UNKNOWN])
def test_no_notice_of_a_message_that_was_not_delivered_and_no_window_opens(take, queued, outcome):
    assert take("m1", alter=with_outcome(outcome)) == "none"
    assert queued() == []
    assert take("m2") == "queued"


def test_our_own_refusal_is_told(take):
    assert take("m1", alter=with_outcome(Outcome.REFUSED, refused_by_us=True)) == "queued"


def test_only_matters_whose_recipients_were_delivered_are_named(take, queued, notices):
    alter = with_outcome(Outcome.FAILED, Outcome.DELIVERED)
    assert take("m1", ("a@mipt.ru", "b@mipt.ru"), alter=alter) == "queued"
    ((request,),) = queued()
    assert [matter["recipient"] for matter in json.loads(request)["matters"]] == ["b@mipt.ru"]
    assert notices() == ["none", "queued"]


def test_the_windows_of_an_institution_that_is_not_named_stay_shut(take):
    def two(settlement):
        first, second = settlement.request.matters
        request = replace(
            settlement.request,
            matters=(first, replace(second, entity="nstri")),
            windows=("nstri tier x", "us-ofac-38316 tier x"),
        )
        return with_outcome(Outcome.DELIVERED, Outcome.FAILED)(replace(settlement, request=request))

    def other(settlement):
        return replace(settlement, request=replace(settlement.request, windows=("nstri tier x",)))

    assert take("m1", ("a@mipt.ru", "b@nstri.ir"), alter=two) == "queued"
    assert take("m2", alter=other) == "queued"


def test_a_suppression_is_recorded_and_opens_no_window(take, queued, notices):
    assert take("m1", suppression=Suppression.LIST_MAIL) == "suppressed:list-mail"
    assert (
        take("m2", request=None, suppression=Suppression.OBSERVE_MODE) == "suppressed:observe-mode"
    )
    assert take("m3", request=None) == "none"
    assert notices() == ["suppressed:list-mail", "suppressed:observe-mode", "none"]
    assert queued() == []


def test_the_first_word_stands(mail, store, queued, notices):
    found = mail.records()
    settlement = mail.settlement("m1", found)
    with store.transaction():
        store.append(found[0])
        for expected in ("queued", "none"):
            state = settlements.write_settlement(
                store, settlement, now=settlement.at, process="p", entropy=os.urandom
            )
            assert state == expected
    assert len(queued()) == len(notices()) == 1


def test_what_was_never_observed_cannot_be_settled(mail, store):
    settlement = mail.settlement("m1", mail.records())
    with pytest.raises(LedgerError, match="never observed"), store.transaction():
        settlements.write_settlement(
            store, settlement, now=settlement.at, process="p", entropy=os.urandom
        )


def test_a_notice_tells_when_the_next_could_come(mail, take, store):
    at = mail.now().replace(microsecond=0)
    take("m1", now=at)
    with store.transaction():
        (notice,) = store.claim(owner="o", now=at, lease=mail.WEEK, limit=9, per_hour=9)
    assert notice.created_at == at
    assert notice.next_at == at + mail.WEEK
    assert notice.id == notice.request.matters[0].event


def test_a_window_opened_by_a_clock_that_was_wrong_silences_nobody(mail):
    now = mail.now()
    assert any_window_is_open({"a": now + 2 * mail.WEEK}, now, mail.WEEK)
    assert not any_window_is_open({"a": now - mail.timedelta(days=1)}, now, mail.WEEK)
    assert any_window_is_open({"a": now, "b": None}, now, mail.WEEK)


texts = st.text(st.characters(exclude_categories=["Cs"]))
optional = st.none() | texts


@given(
    st.builds(
        NoticeRequest,
        message=texts,
        to=texts,
        matters=st.lists(st.from_type(MatchedInstitution), max_size=3).map(tuple),
        windows=st.lists(texts).map(tuple),
        refused=st.booleans(),
        language=texts,
        in_reply_to=optional,
        references=st.lists(texts).map(tuple),
    )
)
def test_a_request_is_kept_whole(request):
    text = canonical(settlements.request_as_json(request))
    back = settlements.request_from_json(json.loads(text))
    # What cannot be UTF-8 is spelt out when it is kept; all else is the same.
    assert canonical(settlements.request_as_json(back)) == text


def test_a_request_of_a_newer_version_is_read_without_its_news(mail):
    request = mail.settlement("m1", mail.records()).request
    data = json.loads(canonical(settlements.request_as_json(request)))
    data["new"] = 1
    data["matters"][0]["newer"] = 2
    assert settlements.request_from_json(data) == request


@pytest.mark.parametrize("suppression", [None, Suppression.BULK])
def test_a_settlement_is_kept_whole_for_the_journal(mail, suppression):
    settlement = mail.settlement("m1", mail.records(), suppression=suppression)
    settlement = replace(settlement, at=settlement.at.replace(microsecond=0))
    data = json.loads(canonical(settlements.as_json(settlement)))
    back = settlements.from_json(data, rhythm=any_window_is_open)
    assert replace(back, may_notify=settlement.may_notify) == settlement
    assert back.may_notify({"a": None}, mail.now())


def test_a_result_without_words_is_kept(mail):
    settlement = replace(
        mail.settlement("m1", ()), results=(SettledRecipient("E", Outcome.UNKNOWN),), request=None
    )
    data = json.loads(canonical(settlements.as_json(settlement)))
    assert settlements.from_json(data, rhythm=any_window_is_open).results == settlement.results
