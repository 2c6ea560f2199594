from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.ledger.questions.filters import Filters, as_sql, parse_moment

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-20", datetime(2026, 11, 20, tzinfo=UTC)),
        ("2026-11-20T08:30:00Z", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("2026-11-20T08:30:00.5+02:00", datetime(2026, 11, 20, 6, 30, 0, 500000, tzinfo=UTC)),
        ("2026-11-20 08:30", datetime(2026, 11, 20, 8, 30, tzinfo=UTC)),
        ("7d", NOW - timedelta(days=7)),
        ("12h", NOW - timedelta(hours=12)),
        ("30m", NOW - timedelta(minutes=30)),
        (" 2W ", NOW - timedelta(days=14)),
    ],
)
def test_a_moment_in_each_accepted_form(text, expected):
    assert parse_moment(text, NOW) == expected


def test_a_day_that_ends_a_period_is_within():
    assert parse_moment("2026-11-20", NOW, is_end=True) == datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "yesterday",
        "7",
        "7y",
        "-7d",
        "2026-13-01",
        "2026-1-1",
        "999999w",
        "\u0667d",
        "9999-12-31",
    ],
)
def test_anything_else_is_refused_with_what_is_accepted(text):
    with pytest.raises(ValueError, match=r"is no time; accepted are a day .* 7d, 2w"):
        parse_moment(text, NOW, is_end=True)


@given(st.text())
def test_no_text_leads_to_another_error(text):
    try:
        moment = parse_moment(text, NOW)
    except ValueError:
        with pytest.raises(ValueError, match="is no time"):
            parse_moment(text, NOW)
    else:
        assert moment.tzinfo is not None


@given(st.text())
def test_no_value_enters_the_sql(text):
    filters = Filters(sender=text, domain=text, entity=text, list=text, programme=text)
    plain = Filters(sender="x", domain="x", entity="x", list="x", programme="x")
    if "*" not in text:
        assert as_sql(filters)[0] == as_sql(plain)[0]


def test_a_zone_other_than_utc_is_understood():
    east = timezone(timedelta(hours=3))
    sql, values = as_sql(Filters(since=NOW.astimezone(east), until=NOW))
    assert sql == "1 AND at >= :since AND at < :until"
    assert values == {"since": "2026-11-22T12:00:00.000Z", "until": "2026-11-22T12:00:00.000Z"}
