from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.addresses.address_text import from_text
from gateway.addresses.domain_name import normalise
from gateway.model import Claim, Entity, Kind, Listing, Rule, Standing
from gateway.screening import snapshot as screening
from gateway.screening.classify import classify
from gateway.screening.confusables import skeleton
from gateway.screening.known_clear import KnownClear
from gateway.screening.recipient_kind import MailboxKinds

DAY = date(2026, 11, 22)
LISTED = (Listing("L", "P", "1"),)
PEOPLE = MailboxKinds(
    {"gmail.com": "Google"}, {"skoltech.pages.dev": "S"}, frozenset(), frozenset(), frozenset()
)
SIGNS = "abcdefghijklmnopqrstuvwxyz0123456789-"


def entity(id_, *domains, reviewer="r", **kinds):
    claims = tuple(Claim(domain, "s", reviewer, DAY, **kinds) for domain in domains)
    return Entity(id_, id_.upper(), listings=LISTED, domains=claims)


@pytest.fixture(scope="module")
def snapshot():
    entities = [
        entity("a", "skoltech.ru", "mipt.ru", "phys.example.org", "tju.edu.cn", "oceanbank.ru"),
        entity("b", "gmial.com"),
        entity("c", "morgan.ae", reviewer=None),
        entity("d", "skoltech.dev", clears=True),
    ]
    return screening.build(entities, PEOPLE)


def verdict(address, snapshot, on=DAY):
    return classify(from_text(address), snapshot, on)


@pytest.mark.parametrize(
    ("domain", "how"),
    [
        ("skoltexh.ru", "skoltexh.ru is one slip away from skoltech.ru"),
        ("skoltch.ru", "skoltch.ru is one slip away from skoltech.ru"),
        ("skolttech.ru", "skolttech.ru is one slip away from skoltech.ru"),
        ("sklotech.ru", "sklotech.ru is one slip away from skoltech.ru"),
        ("lab.skoltexh.ru", "skoltexh.ru is one slip away from skoltech.ru"),
        ("skoltech.com", "skoltech.com is skoltech.ru with another ending"),
        ("skoltech.ac.uk", "skoltech.ac.uk is skoltech.ru with another ending"),
        ("mlpt.ru", "mlpt.ru reads like mipt.ru"),
        ("m1pt.ru", "m1pt.ru reads like mipt.ru"),
        ("rnipt.ru", "rnipt.ru reads like mipt.ru"),
        ("mail.rnipt.ru", "rnipt.ru reads like mipt.ru"),
        ("m\u0456pt.ru", "xn--mpt-jhd.ru reads like mipt.ru"),
    ],
)
def test_s06_a_lookalike_is_for_review_and_says_of_what(domain, how, snapshot):
    found = verdict(f"ivan@{domain}", snapshot)
    assert (found.standing, found.rule, found.entity.id) == (Standing.REVIEW, Rule.LOOKALIKE, "a")
    assert found.evidence[-1] == how
    assert found.kind is Kind.INDIVIDUAL


@pytest.mark.parametrize(
    "domain",
    [
        "mit.edu",  # three letters of mipt: a slip says nothing of so short a label
        "mept.ru",
        "tju.edu",
        "hhit.edu.cn",
        "scu.edu.au",
        "mut.ac.za",
        "skolteach.com",  # a slip and another ending
        "skxltxch.ru",  # two slips
        "phys.example.com",
        "mipt.com",
        "mipt.org",
        "oceanbanks.ru",
        "oceanbank.com",
        "morgan.edu",  # the list's own website, which nobody reviewed
        "ru",
        "skoltech",
    ],
)
def test_s06_what_is_not_alike_is_clear(domain, snapshot):
    assert verdict(f"ivan@{domain}", snapshot).standing is Standing.CLEAR


@pytest.mark.parametrize(
    ("listed", "other", "standing"),
    [
        # Four letters that take nine in the A-label: too short for a slip to say anything.
        (
            "\u0444\u0438\u0437\u0444.\u0440\u0444",
            "\u0444\u0438\u0437.\u0440\u0444",
            Standing.CLEAR,
        ),
        ("\u0444\u0438\u0437\u0444.\u0440\u0444", "\u0444\u0438\u0437\u0444.com", Standing.CLEAR),
        ("\u0444\u0438\u0437.\u0440\u0444", "\u0444\u0438\u0437.com", Standing.CLEAR),
        # Six letters: one of them lost, whatever that does to the A-label.
        (
            "\u0444\u0438\u0437\u0442\u0435\u0445.\u0440\u0444",
            "\u0444\u0438\u0437\u0442\u0435.\u0440\u0444",
            Standing.REVIEW,
        ),
        (
            "\u0444\u0438\u0437\u0442\u0435\u0445.\u0440\u0444",
            "\u0444\u0438\u0437\u0442\u0435\u0445.com",
            Standing.REVIEW,
        ),
    ],
)
def test_s06_letters_are_counted_as_a_person_sees_them(listed, other, standing):
    held = screening.build([entity("a", normalise(listed))], PEOPLE)
    assert verdict(f"ivan@{other}", held).standing is standing


@pytest.mark.parametrize("sign", ["\u0142", "\u00f8", "\u0111", "\u0127", "\u0167"])
def test_s06_a_letter_with_a_stroke_is_read_as_the_letter(sign):
    plain = dict(zip("\u0142\u00f8\u0111\u0127\u0167", "lodht", strict=True))[sign]
    held = screening.build([entity("a", f"a{plain}b.ru")], PEOPLE)
    assert verdict(f"ivan@a{sign}b.ru", held).standing is Standing.REVIEW


def test_s06_of_several_that_are_near_each_is_found():
    held = screening.build([entity("a", "skoltech.ru", "skaltach.ru", "skoltich.ru")], PEOPLE)
    for slip, near in (("skaltaxh.ru", "skaltach.ru"), ("skoltechs.ru", "skoltech.ru")):
        found = verdict(f"ivan@{slip}", held)
        assert (found.standing, found.matched) == (Standing.REVIEW, near)


def test_s06_a_personal_provider_is_no_lookalike(snapshot):
    assert verdict("ivan@gmail.com", snapshot).kind is Kind.PERSONAL
    assert verdict("ivan@gmail.com", snapshot).standing is Standing.CLEAR
    assert verdict("ivan@gmail.co", snapshot).standing is Standing.CLEAR


def test_s06_a_shared_host_is_no_lookalike(snapshot):
    assert verdict("ivan@skoltech.pages.dev", snapshot).standing is Standing.CLEAR


def test_s06_what_a_person_took_out_is_clear_although_it_looks_alike(snapshot):
    assert verdict("ivan@skoltech.dev", snapshot).standing is Standing.CLEAR
    assert verdict("ivan@skoltesh.dev", snapshot).standing is Standing.CLEAR


def test_s06_what_looks_like_a_domain_that_is_listed_no_more_is_clear():
    past = Entity(
        "a", "A", listings=(Listing("L", None, None, delisted_on=DAY),), domains=LISTED_CLAIM
    )
    held = screening.build([past], PEOPLE)
    assert verdict("i@skoltexh.ru", held, date(2026, 11, 21)).standing is Standing.REVIEW
    assert verdict("i@skoltexh.ru", held).standing is Standing.CLEAR


LISTED_CLAIM = (Claim("skoltech.ru", "s", "r", DAY),)


def test_s06_the_relay_asks_about_lookalikes_and_forgets_about_others(snapshot):
    known_clear = KnownClear(snapshot)
    for _ in range(2):
        assert not known_clear.is_clear(b"RCPT TO:<ivan@skoltexh.ru>\r\n")
        assert known_clear.is_clear(b"RCPT TO:<ivan@example.com>\r\n")


@given(st.text(SIGNS, min_size=6, max_size=12), st.data())
def test_s06_every_slip_of_a_long_label_is_found(label, data):
    label = f"a{label.strip('-')}z"
    held = screening.build([entity("a", f"{label}.ru")], PEOPLE)
    at = data.draw(st.integers(0, len(label) - 1))
    sign = data.draw(st.sampled_from(SIGNS))
    slips = {
        label[:at] + label[at + 1 :],
        label[:at] + sign + label[at:],
        label[:at] + sign + label[at + 1 :],
        label[:at] + label[at : at + 2][::-1] + label[at + 2 :],
    } - {label}
    for slip in slips:
        found = verdict(f"i@{slip}.ru", held)
        assert (found.standing, found.rule) == (Standing.REVIEW, Rule.LOOKALIKE), slip


@given(st.text(max_size=20))
def test_a_skeleton_of_anything_is_a_text(text):
    assert isinstance(skeleton(text), str)
    assert isinstance(skeleton(f"xn--{text}"), str)


def test_skeletons_of_cyrillic_letters_are_latin():
    label = normalise("\u0441\u043e\u0440\u0443.ru").partition(".")[0]  # Cyrillic es, o, er, u
    assert label.startswith("xn--")
    assert skeleton(label) == "copy"
