"""What a notice says to people: everything, in its order, and no word too many."""

from __future__ import annotations

import re
import runpy
from dataclasses import replace
from pathlib import Path

import pytest

from gateway.model import Action, Standing, Tier
from gateway.notices import render

reading = runpy.run_path(str(Path(__file__).with_name("reading.py")))
plain, html, flat, Page = (reading[name] for name in ("plain", "html", "flat", "Page"))

# Kept here by hand: the packaged list of such words is checked against it.
NEVER_SAID = (
    "violat",
    "illegal",
    "unlawful",
    "suspicious",
    "suspect",
    "penalt",
    "prosecut",
    "criminal",
    "offence",
    "prison",
    "exempt",
    "publish",
    "publication",
    "sanctioned",
    "informational material",
)


def in_order(text, *parts) -> bool:
    at = 0
    for part in parts:
        found = text.find(part, at)
        if found < 0:
            return False
        at = found + len(part)
    return True


@pytest.mark.parametrize("tier", [*Tier])
def test_n07_it_says_everything_in_its_order(tier, letter, matter):
    message = letter(matter(tier=tier))
    for text in (flat(plain(message)), flat("".join(Page(html(message)).words))):
        assert in_order(
            text,
            "Your message was delivered",
            "22 November 2026 at 09:14 UTC",
            "because",
            "Moscow Institute of Physics and Technology",
            "a.petrov@stud.mipt.ru",
            "US Treasury (OFAC), Specially Designated Nationals List, since 2 August 2022",
            "(US-OFAC-SDN, RUSSIA-EO14024)",
            "If it is personal",
            "from a personal address or phone, to a personal address",
            "If it is anything else",
            "Please stop here and ask Research Compliance",
            "Dr Jane Doe",
            "research-compliance@example.edu",
            "+1 555 0100",
            "https://example.edu/disclose",
            "A personal account does not change the rules for work",
            "If this is a mistake",
            "research-compliance@example.edu",
            "What was recorded",
            "Your address",
            "Not the subject, the text, the attachments, nor any other recipient",
            "https://example.edu/outgoing-mail-notice",
            "When the next notice could come",
            "29 November 2026",
            "Reference",
            "01KANGHZ4TZ6X0V5W3Q9G4T2AB",
        )


def test_n07_a_refused_message_is_said_to_be_refused(letter, matter):
    message = letter(matter(action=Action.REFUSE))
    text = flat(plain(message))
    assert message["Subject"].startswith("Your message was not delivered")
    assert in_order(text, "was not delivered to the address below", "because", "If it is personal")
    assert "was delivered" not in text


def test_n07_a_message_refused_in_part_says_which_part(letter, matter):
    refused = matter(entity="x", entity_name="X", recipient="x@x.ru", action=Action.REFUSE)
    text = flat(plain(letter(matter(), refused)))
    assert text.startswith("Your message was delivered in part")
    assert "x@x.ru (not delivered)" in text
    assert "a.petrov@stud.mipt.ru (not delivered)" not in text


def test_n07_a_professor_reads_it_in_45_seconds(letter):
    # To the end of what is to be done, at 240 words a minute; what follows is for reference.
    text = plain(letter())
    assert len(text.partition("What was recorded")[0].split()) <= 180


def test_n07_what_is_not_configured_is_not_named(notice, config, packaged_texts):
    bare = replace(
        config,
        compliance=replace(
            config.compliance, officer=None, phone=None, disclosure_url=None, notice_url=None
        ),
    )
    text = flat(render.render(notice(), bare, packaged_texts).get_body(("plain",)).get_content())
    assert "- Research Compliance - research-compliance@example.edu A personal account" in text
    assert "None" not in text
    assert "Who sees this" not in text


def test_n07_an_address_that_only_resembles_is_said_to(letter, matter):
    text = flat(plain(letter(matter(standing=Standing.REVIEW))))
    assert "The address only resembles this institution's" in text
    # As the ledger gives it back: a plain string.
    assert flat(plain(letter(matter(standing="review")))) == text
    assert "resembles" not in flat(plain(letter(matter(standing="listed"))))


@pytest.mark.parametrize("tier", [*Tier])
@pytest.mark.parametrize("action", [Action.WARN, Action.REFUSE])
def test_n08_it_warns_and_judges_nobody(tier, action, letter, matter):
    message = letter(matter(tier=tier, action=action))
    said = (message["Subject"] + plain(message) + html(message)).lower()
    assert [word for word in NEVER_SAID if word in said] == []


def test_n08_it_names_no_address_but_the_matched_and_the_office_s(letter, three):
    found = set(re.findall(r"[\w.+-]+@[\w.-]+\w", plain(letter(*three)) + html(letter(*three))))
    assert found == {
        "a.petrov@stud.mipt.ru",
        "wang@hit.edu.cn",
        "office@aidf.example",
        "research-compliance@example.edu",
    }


def test_n08_a_thousand_recipients_make_no_list_of_addresses(letter, matter):
    many = [matter(recipient=f"r{n}@mipt.ru") for n in range(1000)]
    text = plain(letter(*many))
    assert text.count("@mipt.ru") == 20
    assert "and 980 more addresses there" in text
