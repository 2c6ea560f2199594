from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from gateway.model import Action, Tier
from gateway.notices.template_facts import facts_of, variables


def test_institutions_are_grouped_and_kept_in_order(notice, matter, config):
    first, second = matter(), matter(entity="b", entity_name="B", tier=Tier.ADVISORY)
    again = matter(recipient="z@mipt.ru")
    facts = facts_of(notice(first, second, again), config, "en")
    assert [one.recipients for one in facts.matched] == [
        ("a.petrov@stud.mipt.ru", "z@mipt.ru"),
        ("a.petrov@stud.mipt.ru",),
    ]
    assert facts.tiers == ("blocking", "advisory")
    assert facts.matched[0].listed_on == date(2022, 8, 2)


@pytest.mark.parametrize(
    ("actions", "told"),
    [
        ([Action.WARN], (True, False)),
        ([Action.REFUSE], (False, True)),
        ([Action.WARN, Action.REFUSE], (True, True)),
        (["refuse"], (False, True)),
    ],
)
def test_delivered_and_refused_are_told_apart(actions, told, notice, matter, config):
    facts = facts_of(notice(*(matter(action=one) for one in actions)), config, "en")
    assert (facts.delivered, facts.refused) == told


def test_the_message_s_time_is_its_event_s(notice, config):
    made = datetime(2026, 11, 26, 12, tzinfo=UTC)
    facts = facts_of(notice(id=ulid(made - timedelta(days=4)), created_at=made), config, "en")
    assert facts.sent_at == made - timedelta(days=4)


@pytest.mark.parametrize("age", [timedelta(days=-1), timedelta(days=61)])
def test_an_id_of_another_time_tells_none(age, notice, config):
    made = datetime(2026, 11, 26, 12, tzinfo=UTC)
    assert facts_of(notice(id=ulid(made - age), created_at=made), config, "en").sent_at == made


@pytest.mark.parametrize("id_", ["PREVIEW", "", "u" * 26])
def test_an_id_that_is_no_ulid_tells_no_time(id_, notice, config, now):
    assert facts_of(notice(id=id_), config, "en").sent_at == now


def test_names_are_clean_and_those_of_the_templates(notice, matter, config):
    facts = facts_of(notice(matter(entity_name="A\r\n\u202eB\t C")), config, "en")
    assert facts.matched[0].name == "A B C"
    assert variables(facts)["matched"] == facts.matched
    assert variables(facts)["office"] == "Research Compliance"


def ulid(at: datetime) -> str:
    number, out = int(at.timestamp() * 1000), ""
    for _ in range(10):
        number, digit = divmod(number, 32)
        out = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[digit] + out
    return out + "Z6X0V5W3Q9G4T2AB"
